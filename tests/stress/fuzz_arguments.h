/*
 * How a worker of syscall_fuzz draws the arguments of a call: names, strings, and what a pointer or
 * a word may be good for.
 */
#pragma once
#include "fuzz_structures.h"

static unsigned int draw_pointer(struct worker *worker)
{
	if (one_in(worker, 10))
		return draw_address(worker);
	if (one_in(worker, 10))
		return 0;
	char *place = draw_place(worker, 256);

	if (!one_in(worker, 4))
		fill(worker, place, 16u << below(worker, 5));
	return (unsigned int)(uintptr_t)place;
}

static const char *const folders[] = { "/tmp/fuzz", "/var/tmp/fuzz" };

static const char *const names[] = {
	"a",	     "b",    "c",    "d",    "e",      "dir",	 "dir/a", "dir/b",  "dir/sub",
	"dir/sub/c", "link", "fifo", ".",    "..",     "dir/..", "./a/",  "link/a", "dir/sub/../a",
	"",	     "/",    "a/b",  "loop", "script", "elf",	 "big",	  "socket",
};

static const char *const special_names[] = {
	"/dev/null",
	"/dev/zero",
	"/dev/full",
	"/dev/random",
	"/dev/urandom",
	"/dev/tty",
	"/dev/ptmx",
	"/dev/tty1",

	"/dev/kmsg",
	"/dev/console",
	"/proc/self/maps",
	"/proc/self/smaps",
	"/proc/self/status",
	"/proc/self/stat",
	"/proc/self/mem",
	"/proc/self/pagemap",
	"/proc/self/fd",
	"/proc/self/fd/3",
	"/proc/self/fd/5",
	"/proc/self/exe",
	"/proc/self/cwd",
	"/proc/self/root",
	"/proc/self/task",
	"/proc/self/environ",
	"/proc/self/cmdline",
	"/proc/self/mountinfo",
	"/proc/self/mounts",
	"/proc/self/oom_score_adj",
	"/proc/self/limits",
	"/proc/1/maps",
	"/proc/1/fd",
	"/proc",
	"/proc/meminfo",
	"/proc/kpagecount",
	"/proc/kpageflags",
	"/proc/uptime",
	"/proc/self/comm",
	"/proc/self/io",
	"/proc/self/wchan",
	"/proc/self/syscall",
	"/proc/self/auxv",
	"/proc/kmsg",
	"/proc/slabinfo",
	"/proc/stat",
	"/proc/sys/kernel",
	"/proc/sysvipc/shm",
	"/proc/sysvipc/sem",
	"/proc/sysvipc/msg",
	"/proc/net/unix",
	"/proc/locks",
	"/proc/self/fdinfo",
	"/dev",

	"/bin/busybox",
	"/bin/true",
	"/sbin",
	"/etc/passwd",

};

static const char *draw_name(struct worker *worker)
{
	if (one_in(worker, 4))
		return special_names[below(worker, ARRAY_SIZE(special_names))];
	return names[below(worker, ARRAY_SIZE(names))];
}

/* Is the working directory, which "." and ".." start from, still inside of the worker's own? */
static bool is_at_home(void)
{
	char path[PATH_MAX];

	if (raw(SYS_getcwd, (unsigned int)(uintptr_t)path, sizeof(path), 0, 0) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		size_t length = strlen(folders[i]);

		if (strncmp(path, folders[i], length) == 0 && path[length] == '/' &&
		    path[length + 1] != '\0')
			return strchr(path + length + 1, '/') != NULL;
	}
	return false;
}

static unsigned int draw_path(struct worker *worker, const struct call *call)
{
	char *place = draw_place(worker, PATH_MAX + 16);
	const char *name = draw_name(worker);

	/* What root does to names outside its own folder would outlast the round. */
	if (worker->is_root && name[0] == '/' && strncmp(call->name, "open", 4) != 0 &&
	    strstr(call->name, "stat") == NULL && strncmp(call->name, "readlink", 8) != 0 &&
	    strncmp(call->name, "exec", 4) != 0)
		name = "dir/a";
	/* Mounts elsewhere would too. */
	if (worker->is_root && strstr(call->name, "mount") && !is_at_home())
		name = "nowhere";
	if (one_in(worker, 16))
		return draw_address(worker);
	if (one_in(worker, 50)) {
		unsigned int length =
			one_in(worker, 2) ? 250 + below(worker, 10) : 4080 + below(worker, 20);

		for (unsigned int i = 0; i < length; i++)
			place[i] = i % 11 == 10 && length > 300 ? '/' : 'x';
		place[length] = '\0';
	} else {
		strcpy(place, name);
	}
	return (unsigned int)(uintptr_t)place;
}

static const char *const strings[] = {
	"",	"tmpfs",    "proc",	"devfs", "ext2", "devpts",	 "none",   "size=64k",
	"mode=700", "a",    "dir",	"../a",	 "nr_inodes=10", "user.x", "trusted.x",
	"system.posix_acl_access",
};

static unsigned int draw_string(struct worker *worker, const struct call *call)
{
	char *place = draw_place(worker, 64);

	/* A queue outlives the round, and only these names are removed then. */
	if (strcmp(call->name, "mq_open") == 0)
		return (unsigned int)(uintptr_t)strings[below(worker, ARRAY_SIZE(strings))];
	if (one_in(worker, 8))
		return draw_address(worker);
	strcpy(place, strings[below(worker, ARRAY_SIZE(strings))]);
	return (unsigned int)(uintptr_t)place;
}

static unsigned int draw_vector(struct worker *worker, const struct call *call)
{
	unsigned int *place = (unsigned int *)((uintptr_t)draw_place(worker, 64) & ~3u);
	unsigned int count = below(worker, 6);

	if (one_in(worker, 8))
		return draw_address(worker);
	for (unsigned int i = 0; i < count; i++)
		place[i] = one_in(worker, 10) ? draw_address(worker) : draw_string(worker, call);
	place[count] = 0;
	return (unsigned int)(uintptr_t)place;
}

static bool draw_favourite(struct worker *worker, const struct call *call, const char *argument,
			   unsigned int *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(favourites); i++) {
		const char *pattern = favourites[i].call;
		bool fits = pattern[0] == '*' ? ends_with(call->name, pattern + 1)
					      : strcmp(pattern, call->name) == 0;
		unsigned int count = ARRAY_SIZE(favourites[i].values);

		if (!fits || strcmp(favourites[i].argument, argument) != 0)
			continue;
		while (count > 1 && favourites[i].values[count - 1] == 0)
			count--;
		*value = favourites[i].values[below(worker, count)];
		if (favourites[i].is_set) {
			for (unsigned int more = below(worker, 3); more > 0; more--)
				*value |= favourites[i].values[below(worker, count)];
			if (one_in(worker, 6))
				*value = 0;
		}
		return true;
	}
	return false;
}

/* Of ioctl(), fcntl(), ptrace() and such, whose command says what it is. */
static unsigned int draw_word(struct worker *worker)
{
	switch (below(worker, 8)) {
	case 0:
		return draw_number(worker);
	case 1:
		return draw_fd(worker);
	case 2:
		return draw_pid(worker);
	case 3:
		return below(worker, 66);
	case 4:
		return draw_address(worker);
	default:
		return draw_pointer(worker);
	}
}

static unsigned int draw_argument(struct worker *worker, const struct call *call, int index)
{
	unsigned int value;

	if (!one_in(worker, 12) && draw_favourite(worker, call, call->names[index], &value))
		return value;
	switch (call->kinds[index]) {
	case KIND_NUMBER:
		return draw_number(worker);
	case KIND_FLAGS:
		return draw_flags(worker);
	case KIND_FD:
		return draw_fd(worker);
	case KIND_PID:
		return draw_pid(worker);
	case KIND_ADDRESS:
		return draw_address(worker);
	case KIND_SIZE:
		return draw_size(worker);
	case KIND_OFFSET:
		return one_in(worker, 3) ? draw_number(worker) : draw_size(worker);
	case KIND_ID:
		return one_in(worker, 3)   ? (unsigned int)-1
		       : one_in(worker, 2) ? USER_ID
					   : draw_number(worker);
	case KIND_PATH:
		return draw_path(worker, call);
	case KIND_STRING:
		return draw_string(worker, call);
	case KIND_VECTOR:
		return draw_vector(worker, call);
	case KIND_MODE:
		return one_in(worker, 3) ? draw(worker) & 07777 : 0755 | (below(worker, 16) << 12);
	case KIND_OPEN_FLAGS:
		return draw_open_flags(worker);
	case KIND_SIGNAL:
		return below(worker, 66);
	case KIND_POINTER:
		if (draw_structure(worker, call, call->names[index], &value))
			return value;
		return draw_pointer(worker);
	case KIND_OBJECT:
		return one_in(worker, 8) ? draw_number(worker)
					 : pool_draw(worker, &worker->objects, 0);
	case KIND_WORD:
		return draw_word(worker);
	case KIND_SET_SIZE:
		return one_in(worker, 16) ? draw_size(worker) : 8;
	case KIND_PRIORITY:
		return below(worker, 40) - 20;
	}
	return 0;
}

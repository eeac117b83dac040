/* test: memory=128
 *
 * Overcommit: what may be mapped and never touched, in each of the three modes; what counts as
 * promised, and who is refused when the promises are used up.
 */
#include "check.h"
#include <sys/shm.h>
#include <sys/sysinfo.h>

#define MODE "/proc/sys/vm/overcommit_memory"
#define RATIO "/proc/sys/vm/overcommit_ratio"
#define KBYTES "/proc/sys/vm/overcommit_kbytes"
#define MIB (1024 * 1024)

static bool try_set(const char *setting, const char *text)
{
	int fd = MUST(open(setting, O_WRONLY | O_CLOEXEC));
	ssize_t written = write(fd, text, strlen(text));
	int error = errno;

	CHECK(close(fd) == 0);
	errno = error;
	CHECK(written == (ssize_t)strlen(text) || (written == -1 && errno == EINVAL));
	return written > 0;
}

static void set(const char *setting, const char *text)
{
	CHECK(try_set(setting, text));
}

static long get(const char *setting)
{
	char text[32] = "";
	int fd = MUST(open(setting, O_RDONLY | O_CLOEXEC));

	CHECK(read(fd, text, sizeof(text) - 1) > 0);
	CHECK(close(fd) == 0);
	return atol(text);
}

static long meminfo_kib(const char *name)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	long kib = -1;

	CHECK(file != NULL);
	while (kib < 0 && fgets(line, sizeof(line), file)) {
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
			kib = atol(line + strlen(name) + 1);
	}
	fclose(file);
	CHECK(kib >= 0);
	return kib;
}

static void *map(size_t size, int protection, int flags)
{
	if (!(flags & MAP_SHARED))
		flags |= MAP_PRIVATE;
	return mmap(NULL, size, protection, MAP_ANONYMOUS | flags, -1, 0);
}

static bool can_map(size_t size, int protection, int flags)
{
	void *at = map(size, protection, flags);

	if (at == MAP_FAILED) {
		CHECK_EQ(errno, ENOMEM);
		return false;
	}
	CHECK(munmap(at, size) == 0);
	return true;
}

static bool can_share(size_t size, int flags)
{
	int id = shmget(IPC_PRIVATE, size, 0600 | flags);

	if (id < 0) {
		CHECK_EQ(errno, ENOMEM);
		return false;
	}
	CHECK(shmctl(id, IPC_RMID, NULL) == 0);
	return true;
}

static void settings_are_checked(void)
{
	CHECK_EQ(get(MODE), 0);
	CHECK_EQ(get(RATIO), 50);
	CHECK_EQ(get(KBYTES), 0);
	CHECK(!try_set(MODE, "3"));
	CHECK(!try_set(MODE, "-1"));
	CHECK(!try_set(MODE, "x"));
	CHECK_EQ(get(MODE), 0);
	set(KBYTES, "50000\n");
	CHECK_EQ(get(RATIO), 0);
	CHECK_EQ(meminfo_kib("CommitLimit"), 50000);
	set(RATIO, "50\n");
	CHECK_EQ(get(KBYTES), 0);
}

static void guessing(size_t all)
{
	void *at;

	CHECK(can_map(all / 2, PROT_READ | PROT_WRITE, 0));
	CHECK(!can_map(all + MIB, PROT_READ | PROT_WRITE, 0));
	CHECK(can_map(all + MIB, PROT_READ | PROT_WRITE, MAP_NORESERVE));
	/* What cannot be written is no promise, until it can. */
	at = map(all + MIB, PROT_READ, 0);
	CHECK(at != MAP_FAILED);
	CHECK_ERRNO(mprotect(at, all + MIB, PROT_READ | PROT_WRITE), ENOMEM);
	CHECK(mprotect(at, all / 2, PROT_READ | PROT_WRITE) == 0);
	CHECK(munmap(at, all + MIB) == 0);
	/* Each alone is fine; the sum does not matter. */
	at = map(all / 4 * 3, PROT_READ | PROT_WRITE, 0);
	CHECK(at != MAP_FAILED);
	CHECK(can_map(all / 4 * 3, PROT_READ | PROT_WRITE, 0));
	CHECK(munmap(at, all / 4 * 3) == 0);
	/* Shared memory is promised too. */
	CHECK(can_map(all / 2, PROT_READ | PROT_WRITE, MAP_SHARED));
	CHECK(!can_map(all + MIB, PROT_READ, MAP_SHARED));
	CHECK(can_map(all + MIB, PROT_READ, MAP_SHARED | MAP_NORESERVE));
	CHECK(can_share(all / 2, 0));
	CHECK(!can_share(all + MIB, 0));
	CHECK(can_share(all + MIB, SHM_NORESERVE));
}

static void always(size_t all)
{
	set(MODE, "1\n");
	CHECK(can_map(2 * all, PROT_READ | PROT_WRITE, 0));
	CHECK(can_share(2 * all, 0));
}

static void never(void)
{
	size_t limit, free_room, half;
	long before, with;
	char *at;
	pid_t pid;

	set(MODE, "2\n");
	limit = (size_t)meminfo_kib("CommitLimit") * 1024;
	before = meminfo_kib("Committed_AS");
	CHECK((size_t)before * 1024 < limit / 2);
	free_room = limit - (size_t)before * 1024;
	half = free_room / 10 * 6 / PAGE * PAGE;

	CHECK(!can_map(limit, PROT_READ | PROT_WRITE, 0));
	CHECK(!can_map(limit, PROT_READ | PROT_WRITE, MAP_NORESERVE));
	CHECK(can_map(limit, PROT_READ, 0));
	at = map(half, PROT_READ | PROT_WRITE, 0);
	CHECK(at != MAP_FAILED);
	with = meminfo_kib("Committed_AS");
	CHECK(labs(with - before - (long)(half / 1024)) < 4096);
	/* The sum counts: nothing of the kind fits twice, mapped or inherited. */
	CHECK(!can_map(half, PROT_READ | PROT_WRITE, 0));
	CHECK_ERRNO(fork(), ENOMEM);
	CHECK(mremap(at, half, 2 * half, MREMAP_MAYMOVE) == MAP_FAILED);
	CHECK_EQ(errno, ENOMEM);
	CHECK(munmap(at, half) == 0);
	pid = FORK();
	if (pid == 0)
		_exit(0);
	CHECK_EQ(wait_exit_status(pid), 0);
	CHECK(labs(meminfo_kib("Committed_AS") - before) < 4096);
}

int main(void)
{
	struct sysinfo info;
	size_t all;

	CHECK(sysinfo(&info) == 0);
	all = (size_t)info.totalram * info.mem_unit;
	CHECK_EQ(meminfo_kib("CommitLimit"), meminfo_kib("MemTotal") / 2 / 4 * 4);
	settings_are_checked();
	guessing(all);
	pid_t pid = FORK();

	/* The settings are the system's: whatever fails, they are put back. */
	if (pid == 0) {
		always(all);
		never();
		_exit(0);
	}
	int status = wait_status(pid);

	set(MODE, "0\n");
	CHECK_EQ(status, 0);
	return 0;
}

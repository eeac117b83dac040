/* test: timeout=180
 * Who may do what to whose process: signals, tracing, memory, scheduling, limits and every file of
 * /proc/PID, for callers and targets of each kind. The answers are those that Linux gave. Of a
 * hundred as many are asked for as TEST_SCALE says.
 *
 *	protect_other_users			compare with protect_other_users.expected.h
 *	protect_other_users --record		print that file
 */
#include "check.h"
#include "protect_other_users.expected.h"
#include <dirent.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>

enum { OWNER = 3001, STRANGER = 3002, GROUP = 3003, OTHER_GROUP = 3004 };

/* ---- the targets ---- */

static void be_plain(void)
{
	CHECK(setresgid(GROUP, GROUP, GROUP) == 0 && setresuid(OWNER, OWNER, OWNER) == 0);
	CHECK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
}

static void be_undumpable(void)
{
	be_plain();
	CHECK(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
}

/* As a set-user-id program of root's that the owner has started. */
static void be_privileged(void)
{
	CHECK(setresgid(GROUP, GROUP, GROUP) == 0 && setresuid(OWNER, 0, 0) == 0);
}

/* One that has put its owner's rights aside for a stranger's. */
static void be_strangers(void)
{
	CHECK(setresgid(GROUP, GROUP, GROUP) == 0 && setresuid(OWNER, STRANGER, OWNER) == 0);
	CHECK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
}

static void be_saved(void)
{
	CHECK(setresgid(GROUP, GROUP, GROUP) == 0 && setresuid(STRANGER, STRANGER, OWNER) == 0);
	CHECK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
}

static void be_of_other_group(void)
{
	CHECK(setresgid(OTHER_GROUP, OTHER_GROUP, OTHER_GROUP) == 0);
	CHECK(setresuid(OWNER, OWNER, OWNER) == 0);
	CHECK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
}

static void be_roots(void)
{
}

static const struct {
	const char *name;
	void (*become)(void);
} targets[] = {
	{ "plain", be_plain }, { "undumpable", be_undumpable }, { "privileged", be_privileged },
	{ "strangers", be_strangers }, { "saved", be_saved },
	{ "other group", be_of_other_group }, { "root's", be_roots },
};

/* ---- the callers ---- */

static void call_as_root(void)
{
}

static void call_as_owner(void)
{
	CHECK(setgroups(0, NULL) == 0);
	CHECK(setresgid(GROUP, GROUP, GROUP) == 0 && setresuid(OWNER, OWNER, OWNER) == 0);
}

static void call_as_stranger(void)
{
	CHECK(setgroups(0, NULL) == 0);
	CHECK(setresgid(GROUP, GROUP, GROUP) == 0);
	CHECK(setresuid(STRANGER, STRANGER, STRANGER) == 0);
}

/* Effectively the owner, really not: for signals that is enough, for tracing it is not. */
static void call_as_effective_owner(void)
{
	CHECK(setgroups(0, NULL) == 0);
	CHECK(setresgid(GROUP, GROUP, GROUP) == 0);
	CHECK(setresuid(STRANGER, OWNER, OWNER) == 0);
}

static void (*const callers[])(void) = {
	call_as_root, call_as_owner, call_as_stranger, call_as_effective_owner,
};

/* ---- what they do; -1 and errno on failure ---- */

static pid_t target;
static char *target_byte;

static long do_signal(const char *unused) { (void)unused; return kill(target, 0); }
static long do_continue(const char *unused) { (void)unused; return kill(target, SIGCONT); }
static long do_thread_signal(const char *unused)
{
	(void)unused;
	return syscall(SYS_tgkill, target, target, SIGURG);
}
static long do_queue(const char *unused)
{
	union sigval value = { 0 };

	(void)unused;
	return sigqueue(target, SIGURG, value);
}
static long do_attach(const char *unused)
{
	(void)unused;
	if (ptrace(PTRACE_ATTACH, target, 0, 0) != 0)
		return -1;
	waitpid(target, NULL, __WALL);
	return ptrace(PTRACE_DETACH, target, 0, 0);
}
static long do_seize(const char *unused)
{
	(void)unused;
	return ptrace(PTRACE_SEIZE, target, 0, 0);
}
static long do_read_memory(const char *unused)
{
	char byte;
	struct iovec own = { &byte, 1 }, other = { target_byte, 1 };

	(void)unused;
	return process_vm_readv(target, &own, 1, &other, 1, 0);
}
static long do_write_memory(const char *unused)
{
	char byte = 0;
	struct iovec own = { &byte, 1 }, other = { target_byte, 1 };

	(void)unused;
	return process_vm_writev(target, &own, 1, &other, 1, 0);
}
static long do_nice(const char *unused)
{
	(void)unused;
	return setpriority(PRIO_PROCESS, target, 5);
}
static long do_get_nice(const char *unused)
{
	(void)unused;
	errno = 0;
	return getpriority(PRIO_PROCESS, target) == -1 && errno ? -1 : 0;
}
static long do_policy(const char *unused)
{
	struct sched_param parameters = { 0 };

	(void)unused;
	return sched_setscheduler(target, SCHED_BATCH, &parameters);
}
static long do_get_policy(const char *unused) { (void)unused; return sched_getscheduler(target); }
static long do_affinity(const char *unused)
{
	cpu_set_t set;

	(void)unused;
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	return sched_setaffinity(target, sizeof(set), &set);
}
static long do_io_priority(const char *unused)
{
	(void)unused;
	return syscall(SYS_ioprio_set, 1, target, 2 << 13 | 4);
}
static long do_get_limit(const char *unused)
{
	struct rlimit64 limit;

	(void)unused;
	return syscall(SYS_prlimit64, target, RLIMIT_CORE, NULL, &limit);
}
static long do_set_limit(const char *unused)
{
	struct rlimit64 limit = { 0, 0 };

	(void)unused;
	return syscall(SYS_prlimit64, target, RLIMIT_CORE, &limit, NULL);
}
static long do_group_of(const char *unused) { (void)unused; return getpgid(target); }
static long do_session_of(const char *unused) { (void)unused; return getsid(target); }
static long do_change_group(const char *unused) { (void)unused; return setpgid(target, target); }
static long do_robust_list(const char *unused)
{
	void *head;
	size_t size;

	(void)unused;
	return syscall(SYS_get_robust_list, target, &head, &size);
}

static void proc_path(char path[64], const char *name)
{
	snprintf(path, 64, "/proc/%d/%s", target, name);
}
/* Opening and reading: which of the two refuses does not matter to who wants to know. */
static long do_read(const char *name)
{
	char path[64], byte[64];
	long result;
	int fd;

	proc_path(path, name);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	if (fd < 0)
		return -1;
	if (strcmp(name, "mem") == 0)
		return 0;
	result = read(fd, byte, sizeof(byte));
	close(fd);
	return result;
}
static long do_write_open(const char *name)
{
	char path[64];

	proc_path(path, name);
	return open(path, O_WRONLY);
}
static long do_read_link(const char *name)
{
	char path[64], text[128];

	proc_path(path, name);
	return readlink(path, text, sizeof(text));
}
static long do_follow(const char *name)
{
	char path[64];
	struct stat status;

	proc_path(path, name);
	return stat(path, &status);
}
static long do_list(const char *name)
{
	char path[64];
	DIR *directory;
	long result;

	proc_path(path, name);
	directory = opendir(path);
	if (!directory)
		return -1;
	result = readdir(directory) && readdir(directory) ? 0 : -1;
	closedir(directory);
	return result;
}

#define ROW(call, name) { #call " " name, call, name }
static const struct {
	const char *what;
	long (*call)(const char *);
	const char *name;
} rows[] = {
	ROW(do_signal, ""), ROW(do_continue, ""), ROW(do_thread_signal, ""), ROW(do_queue, ""),
	ROW(do_attach, ""), ROW(do_seize, ""), ROW(do_read_memory, ""), ROW(do_write_memory, ""),
	ROW(do_get_nice, ""), ROW(do_nice, ""), ROW(do_get_policy, ""), ROW(do_policy, ""),
	ROW(do_affinity, ""), ROW(do_io_priority, ""), ROW(do_get_limit, ""),
	ROW(do_set_limit, ""), ROW(do_group_of, ""), ROW(do_session_of, ""),
	ROW(do_change_group, ""), ROW(do_robust_list, ""),
	ROW(do_read, "stat"), ROW(do_read, "status"), ROW(do_read, "statm"),
	ROW(do_read, "cmdline"), ROW(do_read, "comm"), ROW(do_read, "limits"),
	ROW(do_read, "wchan"), ROW(do_read, "oom_score"), ROW(do_read, "oom_score_adj"),
	ROW(do_read, "maps"), ROW(do_read, "smaps"), ROW(do_read, "mem"), ROW(do_read, "environ"),
	ROW(do_read, "auxv"), ROW(do_read, "pagemap"), ROW(do_read, "mounts"),
	ROW(do_read, "mountinfo"), ROW(do_read, "fdinfo/0"),
	ROW(do_write_open, "mem"), ROW(do_write_open, "comm"), ROW(do_write_open, "oom_score_adj"),
	ROW(do_read_link, "exe"), ROW(do_read_link, "cwd"), ROW(do_read_link, "root"),
	ROW(do_read_link, "fd/0"), ROW(do_follow, "exe"), ROW(do_follow, "cwd"),
	ROW(do_follow, "root"), ROW(do_follow, "fd/0"), ROW(do_follow, "maps"),
	ROW(do_list, "fd"), ROW(do_list, "fdinfo"), ROW(do_list, "task"), ROW(do_list, "cwd"),
};

static void start_target(size_t kind, struct gate *ready)
{
	target = FORK();
	if (target == 0) {
		/* In its parent's session, which it may leave; blind to what is sent to it. */
		signal(SIGURG, SIG_IGN);
		CHECK(setgroups(0, NULL) == 0);
		targets[kind].become();
		gate_open(ready);
		for (;;)
			pause();
	}
	gate_pass(ready);
}

static int outcome_of(size_t row, size_t caller)
{
	pid_t pid = FORK();

	if (pid == 0) {
		callers[caller]();
		errno = 0;
		_exit(rows[row].call(rows[row].name) < 0 ? errno : 0);
	}
	return wait_exit_status(pid);
}

/* A process lists its own descriptors also when the directory belongs to root. */
static void list_own(void)
{
	pid_t pid = FORK();

	if (pid == 0) {
		DIR *directory;

		call_as_owner();
		CHECK(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
		directory = opendir("/proc/self/fd");
		CHECK(directory && readdir(directory));
		CHECK(access("/proc/self/fd/0", F_OK) == 0);
		directory = opendir("/proc/thread-self/fd");
		CHECK(directory && readdir(directory));
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
}

int main(int count, char **arguments)
{
	bool record = count > 1 && strcmp(arguments[1], "--record") == 0;
	struct gate ready = gate_create();
	size_t next = 0, step = (size_t)(100 / scaled(100));
	int wrong = 0;

	CHECK(chmod(".", 0755) == 0);
	target_byte = map_pages(1);
	*target_byte = 1;
	if (record)
		printf("/* What Linux answers in protect_other_users.c; made by its --record. */\n"
		       "#pragma once\n\nstatic const unsigned char other_users_expected[] = {\n");
	for (size_t kind = 0; kind < ARRAY_SIZE(targets); kind++) {
		for (size_t row = 0; row < ARRAY_SIZE(rows); row++) {
			if (record)
				printf("\t/* %s: %s */", targets[kind].name, rows[row].what);
			for (size_t caller = 0; caller < ARRAY_SIZE(callers); caller++, next++) {
				if (step > 1 && next % step != 0 && !record)
					continue;
				start_target(kind, &ready);
				int outcome = outcome_of(row, caller);

				kill_and_reap(target);
				if (record)
					printf(" %d,", outcome);
				else if (next >= ARRAY_SIZE(other_users_expected) ||
					 outcome != other_users_expected[next]) {
					say("%s, %s, caller %zu: errno %d\n", targets[kind].name,
					    rows[row].what, caller, outcome);
					wrong++;
				}
			}
			if (record)
				printf("\n");
		}
	}
	list_own();
	if (record)
		printf("};\n");
	else
		CHECK_EQ(next, ARRAY_SIZE(other_users_expected));
	fflush(stdout);
	return wrong ? 1 : 0;
}

/*
 * What every guest test stands on: checks, children, raw system calls, waiting for a state.
 *
 * A test is one static i386 program. It runs as root in a directory of its own and says what it
 * found by its exit status: 0 passed, 77 skipped (with the reason printed), anything else failed.
 * A failed check prints where it stands and ends the process at once; in a child, the status
 * CHECK_FAILED travels to the parent through wait_exit_status().
 *
 * The first comment of a test may carry directives for the runner, all in one comment:
 *	test: linux=no timeout=60 memory=32 cpus=1,4
 * linux=no: Quartet alone runs it; linux=here: Linux does with --linux-here. memory is in MiB. The
 * default for timeout is 60 seconds.
 *
 * Two variables adapt a run: TEST_SCALE is the percentage of the full number of repetitions
 * (100 unless set), TEST_DISK_DIR a directory on a real disk (else the current one serves).
 *
 * Nothing here sleeps to give another process time: wait_until_blocked() asks /proc instead.
 */
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define CHECK_FAILED 99
#define CHECK_SKIPPED 77
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define GATE_PATIENCE_MS 15000
#define OTHER_UID 1234		/* an ordinary user, known to nobody */
#define OTHER_GID 1235

/* ---- checks ------------------------------------------------------------------------------ */

/* Straight to descriptor 2 in one write: several processes may fail at once. */
__attribute__((format(printf, 1, 2)))
static inline void say(const char *format, ...)
{
	char text[512];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (length > (int)sizeof(text) - 1)
		length = sizeof(text) - 1;
	if (write(2, text, length) < 0)
		_exit(CHECK_FAILED);
}

#define FAIL(...) do { \
	int fail_errno = errno; \
	say("%s:%d: ", __FILE__, __LINE__); \
	say(__VA_ARGS__); \
	say(" (errno %d, %s; pid %d)\n", fail_errno, strerror(fail_errno), getpid()); \
	_exit(CHECK_FAILED); \
} while (0)

#define CHECK(expression) do { \
	if (!(expression)) \
		FAIL("not true: %s", #expression); \
} while (0)

#define CHECK_EQ(actual, expected) do { \
	long long check_actual = (long long)(actual); \
	long long check_expected = (long long)(expected); \
	if (check_actual != check_expected) \
		FAIL("%s is %lld (%#llx), should be %s = %lld (%#llx)", #actual, check_actual, \
		     check_actual, #expected, check_expected, check_expected); \
} while (0)

/* A call that must fail with -1 and this errno. */
#define CHECK_ERRNO(call, error) do { \
	errno = 0; \
	long long check_result = (long long)(call); \
	if (check_result != -1 || errno != (error)) \
		FAIL("%s gave %lld, should fail with %s", #call, check_result, #error); \
} while (0)

/* A call that must not fail; gives its value. */
#define MUST(call) ({ \
	__typeof__(call) must_result = (call); \
	if (must_result == (__typeof__(call))-1) \
		FAIL("%s failed", #call); \
	must_result; \
})

#define SKIP(...) do { \
	printf("skipped: " __VA_ARGS__); \
	printf("\n"); \
	fflush(stdout); \
	_exit(CHECK_SKIPPED); \
} while (0)

/* ---- how much, and where ------------------------------------------------------------------ */

/* `count`, or as many as TEST_SCALE per cent of it, but at least one. */
static inline int scaled(int count)
{
	const char *scale = getenv("TEST_SCALE");
	long long result = scale ? (long long)count * atoi(scale) / 100 : count;

	return result > 0 ? (int)result : 1;
}

/* Go to a directory on a real disk, if the runner has one. */
static inline void enter_disk_directory(void)
{
	const char *directory = getenv("TEST_DISK_DIR");

	if (directory && directory[0])
		CHECK(chdir(directory) == 0);
}

/* ---- raw system calls --------------------------------------------------------------------- */

/* Through int 0x80, all six arguments, nothing of the C library between: -errno on failure. */
long raw_syscall(long number, ...);
__asm__(".text\n"
	".globl raw_syscall\n"
	".type raw_syscall, @function\n"
	"raw_syscall:\n"
	"	push %ebp\n"
	"	push %edi\n"
	"	push %esi\n"
	"	push %ebx\n"
	"	mov 20(%esp), %eax\n"
	"	mov 24(%esp), %ebx\n"
	"	mov 28(%esp), %ecx\n"
	"	mov 32(%esp), %edx\n"
	"	mov 36(%esp), %esi\n"
	"	mov 40(%esp), %edi\n"
	"	mov 44(%esp), %ebp\n"
	"	int $0x80\n"
	"	pop %ebx\n"
	"	pop %esi\n"
	"	pop %edi\n"
	"	pop %ebp\n"
	"	ret\n"
	".size raw_syscall, . - raw_syscall\n");

/* ---- children ----------------------------------------------------------------------------- */

#define FORK() MUST(fork())

static inline int wait_status(pid_t pid)
{
	int status;
	pid_t waited;

	do
		waited = waitpid(pid, &status, 0);
	while (waited < 0 && errno == EINTR);
	if (waited != pid)
		FAIL("waitpid(%d) gave %d", pid, waited);
	return status;
}

/* The exit status of a child that must end by itself. */
static inline int wait_exit_status(pid_t pid)
{
	int status = wait_status(pid);

	if (!WIFEXITED(status))
		FAIL("process %d: signal %d instead of an exit", pid, WTERMSIG(status));
	return WEXITSTATUS(status);
}

static inline void expect_signal_death(pid_t pid, int signal)
{
	int status = wait_status(pid);

	if (!WIFSIGNALED(status) || WTERMSIG(status) != signal)
		FAIL("process %d: status %#x, should die of signal %d", pid, status, signal);
}

/* Run `body` in a child, which must come back with exit status 0. */
static inline void in_child(void (*body)(void))
{
	pid_t pid = FORK();

	if (pid == 0) {
		body();
		_exit(0);
	}
	if (wait_exit_status(pid) != 0)
		FAIL("a child failed");
}

/* Run `body` in a child, which must die of `signal`. */
static inline void dies_of(int signal, void (*body)(void))
{
	pid_t pid = FORK();

	if (pid == 0) {
		body();
		_exit(CHECK_FAILED);
	}
	expect_signal_death(pid, signal);
}

/* Become an ordinary user for good: no groups, no privilege, no way back. */
static inline void become_user(uid_t uid, gid_t gid)
{
	CHECK(setgroups(0, NULL) == 0);
	CHECK(setresgid(gid, gid, gid) == 0);
	CHECK(setresuid(uid, uid, uid) == 0);
}

/* Run `body` in a child that belongs to `uid` (and OTHER_GID); it must exit with 0. */
static inline void run_as(uid_t uid, void (*body)(void))
{
	pid_t pid = FORK();

	if (pid == 0) {
		become_user(uid, OTHER_GID);
		body();
		_exit(0);
	}
	if (wait_exit_status(pid) != 0)
		FAIL("a child of user %d failed", (int)uid);
}

static inline void kill_and_reap(pid_t pid)
{
	CHECK(kill(pid, SIGKILL) == 0);
	expect_signal_death(pid, SIGKILL);
}

/* ---- telling each other ------------------------------------------------------------------- */

/* A one-way gate between processes: a pipe. Open it before fork(). */
struct gate {
	int fds[2];
};

static inline struct gate gate_create(void)
{
	struct gate gate;

	CHECK(pipe2(gate.fds, O_CLOEXEC) == 0);
	return gate;
}

static inline void gate_open(struct gate *gate)
{
	CHECK(write(gate->fds[1], "g", 1) == 1);
}

/*
 * Wait until someone has opened the gate; each opening lets one through. Whoever should have
 * opened it may have failed, so the patience has an end.
 */
static inline void gate_pass(struct gate *gate)
{
	struct pollfd poll_fd = { .fd = gate->fds[0], .events = POLLIN };
	char byte;
	ssize_t got;

	while (poll(&poll_fd, 1, GATE_PATIENCE_MS) < 0 && errno == EINTR)
		;
	if (!(poll_fd.revents & POLLIN))
		FAIL("nobody opened the gate");
	do
		got = read(gate->fds[0], &byte, 1);
	while (got < 0 && errno == EINTR);
	CHECK_EQ(got, 1);
}

/* Memory that parent and children share. */
static inline void *shared_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(memory != MAP_FAILED);
	return memory;
}

/* ---- time and states ---------------------------------------------------------------------- */

static inline long long now_ns(void)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static inline void sleep_ms(int ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

/* The state letter of a thread in /proc/PID/task/TID/stat; '?' if there is no such thread. */
static inline char thread_state(pid_t pid, pid_t tid)
{
	char path[64];
	char text[512];
	ssize_t got;
	char *after_name;
	int fd;

	if (tid == pid)
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	else
		snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return '?';
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got <= 0)
		return '?';
	text[got] = '\0';
	after_name = strrchr(text, ')');
	return after_name && after_name[1] == ' ' ? after_name[2] : '?';
}

static inline char process_state(pid_t pid)
{
	return thread_state(pid, pid);
}

/* Wait until a thread is in the state with this letter; fail after ten seconds (scaled by none). */
static inline void wait_thread_state(pid_t pid, pid_t tid, char wanted)
{
	long long give_up = now_ns() + 10000000000LL;
	char state;

	while ((state = thread_state(pid, tid)) != wanted) {
		if (now_ns() > give_up)
			FAIL("thread %d of %d is in state %c, not %c", tid, pid, state, wanted);
		sched_yield();
	}
}

static inline void wait_process_state(pid_t pid, char wanted)
{
	wait_thread_state(pid, pid, wanted);
}

/*
 * Wait until a process sleeps in a system call. It may have gone to sleep for another, shorter
 * reason; so it must be found asleep several times in a row.
 */
static inline void wait_until_blocked(pid_t pid)
{
	for (int found = 0; found < 5; found++) {
		if (process_state(pid) != 'S') {
			wait_process_state(pid, 'S');
			found = 0;
		}
		sched_yield();
	}
}

/* ---- signals ------------------------------------------------------------------------------ */

static inline void handle_signal(int signal, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	CHECK(sigaction(signal, &action, NULL) == 0);
}

static inline void handle_signal_info(int signal, void (*handler)(int, siginfo_t *, void *),
				      int flags)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO };

	CHECK(sigaction(signal, &action, NULL) == 0);
}

static inline void block_signal(int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
}

static inline void unblock_signal(int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
}

static inline bool signal_is_pending(int signal)
{
	sigset_t set;

	CHECK(sigpending(&set) == 0);
	return sigismember(&set, signal) == 1;
}

/* ---- files -------------------------------------------------------------------------------- */

/* A new file with `size` bytes, byte number n being pattern_byte(n). */
static inline char pattern_byte(size_t offset)
{
	return (char)(offset * 7 + offset / PAGE * 13 + 1);
}

static inline void make_pattern_file(const char *path, size_t size)
{
	int fd = MUST(open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644));
	char buffer[PAGE];

	for (size_t done = 0; done < size;) {
		size_t part = size - done < sizeof(buffer) ? size - done : sizeof(buffer);

		for (size_t i = 0; i < part; i++)
			buffer[i] = pattern_byte(done + i);
		CHECK_EQ(write(fd, buffer, part), part);
		done += part;
	}
	CHECK(close(fd) == 0);
}

static inline void make_file(const char *path, const char *text)
{
	int fd = MUST(open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644));

	CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
	CHECK(close(fd) == 0);
}

/* The whole of a small file as text, in a buffer of the caller. */
static inline size_t read_text(const char *path, char *text, size_t room)
{
	int fd = MUST(open(path, O_RDONLY | O_CLOEXEC));
	size_t size = 0;
	ssize_t got;

	while (size < room - 1 && (got = read(fd, text + size, room - 1 - size)) > 0)
		size += got;
	text[size] = '\0';
	CHECK(close(fd) == 0);
	return size;
}

static inline bool file_has_text(const char *path, const char *expected)
{
	char text[4096];

	read_text(path, text, sizeof(text));
	return strcmp(text, expected) == 0;
}

/* Descriptors that the runner left open would disturb tests that count them. */
static inline void close_inherited(void)
{
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
}

/* ---- frames ------------------------------------------------------------------------------- */

#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_FRAME_MASK ((1ULL << 55) - 1)

/* The page frame behind an address of a process, 0 if none is mapped there. */
static inline uint64_t frame_of_process(pid_t pid, const volatile void *address)
{
	char path[64];
	uint64_t entry = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	fd = MUST(open(path, O_RDONLY | O_CLOEXEC));
	CHECK_EQ(pread64(fd, &entry, sizeof(entry), (uint64_t)(uintptr_t)address / PAGE * 8), 8);
	close(fd);
	return entry & PAGEMAP_PRESENT ? entry & PAGEMAP_FRAME_MASK : 0;
}

static inline uint64_t frame_of(const volatile void *address)
{
	return frame_of_process(getpid(), address);
}

/* How many page tables map a frame. */
static inline uint64_t frame_map_count(uint64_t frame)
{
	uint64_t count = 0;
	int fd = open("/proc/kpagecount", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		SKIP("no /proc/kpagecount");
	CHECK_EQ(pread64(fd, &count, sizeof(count), frame * 8), 8);
	close(fd);
	return count;
}

/* Anonymous memory in small pages: Linux may otherwise back it with huge ones. */
static inline char *map_pages(size_t pages)
{
	char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(memory != MAP_FAILED);
	madvise(memory, pages * PAGE, MADV_NOHUGEPAGE);
	return memory;
}

/* One page with another, unmapped one behind it; the address of the end of the first. */
static inline char *map_page_before_hole(void)
{
	char *memory = map_pages(2);

	CHECK(munmap(memory + PAGE, PAGE) == 0);
	return memory + PAGE;
}

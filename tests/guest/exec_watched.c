/* test: timeout=60
 * exec while others look into the process's descriptors, and by one of several threads: its record
 * locks stay, and what is marked is closed, whoever looks.
 */
#include "check.h"
#include <fcntl.h>
#include <pthread.h>

enum { EXECS = 100, WATCHERS = 2, LOCKED_FD = 20, MARKED_FD = 21 };

static struct shared {
	volatile int stop;
	volatile pid_t watched;
} *shared;

static void watch(void)
{
	char path[64], text[4096];

	while (!shared->stop) {
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/status", shared->watched);
		fd = open(path, O_RDONLY);
		if (fd < 0)
			continue;
		(void)!read(fd, text, sizeof(text));
		close(fd);
	}
}

static void set_lock(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10 };

	CHECK(fcntl(fd, F_SETLK, &lock) == 0);
}

/* Whether the process itself still holds it: another one is asked to look. */
static void expect_lock(int fd)
{
	pid_t pid = FORK();

	if (pid == 0) {
		struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10 };

		CHECK(fcntl(fd, F_GETLK, &lock) == 0);
		CHECK_EQ(lock.l_type, F_WRLCK);
		CHECK_EQ(lock.l_pid, getppid());
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
}

static void *wait_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

static void run_again(int rounds)
{
	char text[16];
	int fd = MUST(open("/dev/null", O_RDONLY));
	pthread_t thread;

	if (rounds % 10 == 0)
		CHECK(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
	MUST(dup3(fd, MARKED_FD, O_CLOEXEC));
	close(fd);
	snprintf(text, sizeof(text), "%d", rounds);
	execl("/proc/self/exe", "exec_watched", text, (char *)NULL);
	FAIL("execl");
}

static void start(void)
{
	pid_t watchers[WATCHERS], pid;
	int fd;

	shared = shared_memory(PAGE);
	enter_disk_directory();
	shared->watched = getpid();
	for (int i = 0; i < WATCHERS; i++) {
		watchers[i] = FORK();
		if (watchers[i] == 0) {
			watch();
			_exit(0);
		}
	}
	pid = FORK();
	if (pid == 0) {
		shared->watched = getpid();
		fd = MUST(open("locked", O_CREAT | O_RDWR, 0600));
		MUST(dup2(fd, LOCKED_FD));
		/* Closing any descriptor of the file gives up the lock: it comes last. */
		close(fd);
		set_lock(LOCKED_FD);
		MUST(fcntl(LOCKED_FD, F_SETFD, 0));
		run_again(EXECS);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
	shared->stop = 1;
	for (int i = 0; i < WATCHERS; i++)
		CHECK_EQ(wait_exit_status(watchers[i]), 0);
	CHECK(unlink("locked") == 0);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 0;

	if (argc < 2) {
		start();
		return 0;
	}
	CHECK_ERRNO(fcntl(MARKED_FD, F_GETFD), EBADF);
	if (rounds % 20 == 0)
		expect_lock(LOCKED_FD);
	if (rounds > 0)
		run_again(rounds - 1);
	return 0;
}

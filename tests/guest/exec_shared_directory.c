/*
 * A program with the set-user-id bit never shares its working directory with the user's processes:
 * either it finds that it does and gains nothing, or nobody comes to share it while it starts. A
 * thread of the user's tries, with clone(CLONE_FS) at random times during the exec.
 */
#include "check.h"
#include <pthread.h>
#include <sys/sendfile.h>

struct found {
	volatile int privileged, refused, cloned, betrayed;
};

static struct found *found;
static unsigned int pause_loops;

/* As root: go where the user must not be able to send us, nor to follow. */
static int be_program(void)
{
	if (geteuid() != 0)
		return 1;
	CHECK(chdir("secret") == 0);
	sleep_ms(3);
	return 0;
}

/* Shares the directory, if clone() let it, and watches it until the program has ended. */
static void watch(pid_t parent)
{
	char before[PATH_MAX], now[PATH_MAX];

	if (raw_syscall(SYS_getcwd, before, sizeof(before)) < 0)
		_exit(0);
	while (getppid() == parent) {
		if (raw_syscall(SYS_getcwd, now, sizeof(now)) > 0 && strcmp(before, now) != 0)
			found->betrayed = 1;
		sched_yield();
	}
	_exit(0);
}

static void *clone_late(void *argument)
{
	pid_t parent = getpid();
	long pid;

	(void)argument;
	for (volatile unsigned int i = 0; i < pause_loops; i++)
		;
	do
		pid = raw_syscall(SYS_clone, CLONE_FS | SIGCHLD, NULL, NULL, NULL, NULL);
	while (pid == -EAGAIN);
	if (pid == 0)
		watch(parent);
	if (pid > 0)
		found->cloned++;
	return NULL;
}

static void be_user(void)
{
	pthread_t thread;

	become_user(OTHER_UID, OTHER_GID);
	CHECK(pthread_create(&thread, NULL, clone_late, NULL) == 0);
	execl("program", "program", "--program", (char *)NULL);
	FAIL("execl");
}

static void copy_program(void)
{
	int from = MUST(open("/proc/self/exe", O_RDONLY));
	int to = MUST(open("program", O_CREAT | O_WRONLY | O_TRUNC, 0755));
	struct stat status;

	CHECK(fstat(from, &status) == 0);
	CHECK_EQ(sendfile(to, from, NULL, status.st_size), status.st_size);
	CHECK(close(from) == 0 && close(to) == 0);
	CHECK(chmod("program", 04755) == 0);
}

int main(int argc, char **argv)
{
	int rounds = scaled(300);

	if (argc > 1 && strcmp(argv[1], "--program") == 0)
		return be_program();
	CHECK(chmod(".", 0755) == 0);
	CHECK(mkdir("secret", 0700) == 0);
	copy_program();
	found = shared_memory(PAGE);
	for (int round = 0; round < rounds; round++) {
		pid_t pid;

		pause_loops = (unsigned int)round * 97 % 30000 * 10;
		pid = FORK();
		if (pid == 0)
			be_user();
		if (wait_exit_status(pid) == 0)
			found->privileged++;
		else
			found->refused++;
		CHECK(!found->betrayed);
	}
	printf("%d privileged, %d not, %d clones\n", found->privileged, found->refused,
	       found->cloned);
	CHECK(found->privileged > 0);
	return 0;
}

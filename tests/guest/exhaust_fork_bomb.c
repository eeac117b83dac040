/* test: timeout=120
 * A fork bomb under RLIMIT_NPROC: EAGAIN at the limit for that user, others are not hindered, and
 * when the bomb is gone the user can fork again. Threads count too; root is not limited.
 */
#include <pthread.h>
#include "user_processes.h"

#define LIMIT 60

static void *sleep_for_ever(void *argument)
{
	pause();
	return argument;
}

static void bomb(void)
{
	struct rlimit limit = { LIMIT, LIMIT };
	int made = 0;
	pid_t pid;

	CHECK(setrlimit(RLIMIT_NPROC, &limit) == 0);
	while ((pid = fork()) > 0)
		made++;
	if (pid == 0) {
		for (;;)
			pause();
	}
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(made, LIMIT - 1);
	pthread_t thread;

	CHECK_EQ(pthread_create(&thread, NULL, sleep_for_ever, NULL), EAGAIN);
	CHECK_ERRNO(fork(), EAGAIN);
	CHECK_EQ(raw_syscall(SYS_vfork) == 0 ? raw_syscall(SYS_exit, 1) : -EAGAIN, -EAGAIN);

	/* The children die; each that is waited for makes room. */
	CHECK(signal(SIGTERM, SIG_IGN) != SIG_ERR);
	CHECK(kill(-1, SIGTERM) == 0);
	for (int i = 0; i < made; i++)
		CHECK(wait(NULL) > 0);
	pid = fork();
	if (pid == 0)
		_exit(0);
	CHECK(pid > 0);
	CHECK_EQ(wait_exit_status(pid), 0);
}

/* All of them fork all the time, until everything is killed. */
static void explosion(void)
{
	struct rlimit limit = { LIMIT, LIMIT };

	CHECK(setrlimit(RLIMIT_NPROC, &limit) == 0);
	for (;;)
		(void)!fork();
}

static void kill_all(void)
{
	signal(SIGTERM, SIG_IGN);
	kill(-1, SIGKILL);
}

int main(void)
{
	pid_t pid, helper;

	run_as(OTHER_UID, bomb);

	pid = FORK();
	if (pid == 0) {
		become_user(OTHER_UID, OTHER_GID);
		explosion();
	}
	/* Root works on meanwhile. */
	for (int i = 0; i < 10; i++) {
		helper = FORK();
		if (helper == 0)
			_exit(0);
		CHECK_EQ(wait_exit_status(helper), 0);
	}
	CHECK(count_processes_of(OTHER_UID) <= LIMIT);
	/* kill(-1) as that user takes all at once, itself last. */
	int status;

	do {
		helper = FORK();
		if (helper == 0) {
			/* Room for the killer: it becomes the user without the limit. */
			become_user(OTHER_UID, OTHER_GID);
			kill_all();
			_exit(0);
		}
		wait_status(helper);
	} while (count_processes_of(OTHER_UID) > 1 || waitpid(pid, &status, WNOHANG) == 0);
	CHECK(WIFSIGNALED(status));
	return 0;
}

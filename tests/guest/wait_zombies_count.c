/* test:
 * A process that has ended counts against its user's limit until it is waited for; a thread that
 * has ended does not.
 */
#include "check.h"
#include <pthread.h>

#define LIMIT 20

static void *do_nothing(void *argument)
{
	return argument;
}

static void as_user(void)
{
	struct rlimit limit = { LIMIT, LIMIT };
	int count = 0;
	pid_t pid;

	CHECK(setrlimit(RLIMIT_NPROC, &limit) == 0);
	become_user(OTHER_UID, OTHER_GID);
	while (count <= LIMIT) {
		pid = fork();
		if (pid == 0)
			_exit(0);
		if (pid < 0)
			break;
		siginfo_t info;
		CHECK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT) == 0);
		count++;
	}
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(count, LIMIT - 1);
	CHECK(wait(NULL) > 0);
	pid = fork();
	if (pid == 0)
		_exit(0);
	CHECK(pid > 0);
	while (wait(NULL) > 0)
		;
	for (int i = 0; i < 2 * LIMIT; i++) {
		pthread_t thread;

		CHECK(pthread_create(&thread, NULL, do_nothing, NULL) == 0);
		pthread_join(thread, NULL);
	}
	_exit(0);
}

int main(void)
{
	pid_t pid = FORK();

	if (pid == 0)
		as_user();
	CHECK_EQ(wait_exit_status(pid), 0);
	return 0;
}

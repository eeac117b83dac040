/* SIGKILL and SIGSTOP cannot be caught, ignored or blocked. */
#include "check.h"

static void handler(int signal)
{
	(void)signal;
	_exit(1);
}

int main(void)
{
	static const int signals[] = { SIGKILL, SIGSTOP };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		struct sigaction action = { .sa_handler = handler };

		CHECK_ERRNO(sigaction(signals[i], &action, NULL), EINVAL);
		action.sa_handler = SIG_IGN;
		CHECK_ERRNO(sigaction(signals[i], &action, NULL), EINVAL);
		CHECK(sigaction(signals[i], NULL, &action) == 0);
		CHECK(action.sa_handler == SIG_DFL);
		block_signal(signals[i]);
	}
	pid_t pid = FORK();
	int status;

	if (pid == 0) {
		for (;;)
			pause();
	}
	CHECK(kill(pid, SIGSTOP) == 0);
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	kill_and_reap(pid);
	return 0;
}

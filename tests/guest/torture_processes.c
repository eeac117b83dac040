/* test: timeout=120
 * exec against signals against exit: processes of several threads, of which some execute, some
 * exit, some fork, while others send them signals, stop them, go on with them and kill them, and
 * everybody's parent waits. Each ends, exactly once, in a way that somebody wanted.
 */
#include "torture.h"

enum { THREADS = 3 };

static void nothing(int signal)
{
	(void)signal;
}

/* What one of the threads does in the end; the others may be faster. */
static void *end_somehow(void *argument)
{
	struct torturer *self = argument;

	if (torture_random(self, 3) == 0)
		sched_yield();
	switch (torture_random(self, 5)) {
	case 0:
		execl("/proc/self/exe", "torture", "--exit", "3", (char *)NULL);
		break;
	case 1:
		_exit(4);
	case 2:
		raw_syscall(SYS_kill, getpid(), SIGUSR1);
		break;
	case 3: {
		pid_t pid = fork();

		if (pid == 0)
			_exit(5);
		if (pid > 0)
			waitpid(pid, NULL, 0);
		break;
	}
	default:
		break;
	}
	return NULL;
}

static void live(struct torturer *self)
{
	struct torturer selves[THREADS];
	pthread_t threads[THREADS];
	int started = 0;

	handle_signal(SIGUSR1, nothing, torture_random(self, 2) ? SA_RESTART : 0);
	for (int i = 0; i < THREADS; i++) {
		selves[i] = *self;
		selves[i].random += i * 7919 + 1;
		if (pthread_create(&threads[started], NULL, end_somehow, &selves[i]) == 0)
			started++;
	}
	while (started > 0)
		pthread_join(threads[--started], NULL);
	_exit(6);
}

static bool is_wanted(int status)
{
	if (WIFSIGNALED(status))
		/* Before the handler is there, or after an exec. */
		return WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGUSR1;
	return WIFEXITED(status) && WEXITSTATUS(status) >= 3 && WEXITSTATUS(status) <= 6;
}

/* One process from birth to death, with what befalls it meanwhile. */
static void live_and_die(struct torturer *self)
{
	static const int befalls[] = { SIGUSR1, SIGUSR1, SIGSTOP, SIGCONT, SIGCONT, SIGUSR1 };
	int blows = torture_random(self, 6);
	pid_t pid = FORK();
	int status;
	bool stopped = false;

	if (pid == 0) {
		self->random ^= getpid() * 2654435761u;
		if (!self->random)
			self->random = 1;
		live(self);
	}
	while (blows-- > 0) {
		int signal = befalls[torture_random(self, ARRAY_SIZE(befalls))];

		CHECK(kill(pid, signal) == 0);
		stopped = signal == SIGSTOP ? true : signal == SIGCONT ? false : stopped;
		if (torture_random(self, 2))
			sched_yield();
	}
	if (torture_random(self, 4) == 0)
		CHECK(kill(pid, SIGKILL) == 0);
	else if (stopped)
		CHECK(kill(pid, SIGCONT) == 0);
	status = wait_status(pid);
	if (!is_wanted(status))
		FAIL("process %d ended with status %#x", pid, status);
	CHECK_ERRNO(waitpid(pid, &status, 0), ECHILD);
	CHECK_ERRNO(kill(pid, 0), ESRCH);
}

static void one_life(struct torturer *self)
{
	/*
	 * In a session of its own: else init adopts the orphans into its own, and each that ends
	 * hangs up the group that has somebody stopped.
	 */
	if (self->steps == 0)
		CHECK(setsid() > 0);
	live_and_die(self);
}

int main(int count, char **arguments)
{
	pid_t pids[4];

	if (count > 2 && strcmp(arguments[1], "--exit") == 0)
		return atoi(arguments[2]);
	torture_begin();
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = torture_process(one_life, i);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		CHECK_EQ(wait_exit_status(pids[i]), 0);
	return 0;
}

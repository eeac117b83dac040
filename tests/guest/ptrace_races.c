/* test: timeout=120
 * Tracers and tracees that end, stop, exec and attach in each other's way, all at once: whatever
 * comes first, everybody ends, and nothing stays behind.
 */
#include "ptrace.h"
#include <pthread.h>

static struct shared {
	volatile pid_t target;
	volatile int go;
} *shared;

static unsigned int seed;

static unsigned int random_number(unsigned int limit)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % limit;
}

static void nothing(int signal)
{
	(void)signal;
}

static void *thread_body(void *argument)
{
	for (int i = 0; i < 50; i++)
		syscall(SYS_gettid);
	return argument;
}

/* A target that does a little of everything, for ever. */
static void busy_target(void)
{
	handle_signal(SIGUSR1, nothing, 0);
	for (;;) {
		pthread_t thread;
		pid_t pid;

		if (pthread_create(&thread, NULL, thread_body, NULL) == 0)
			pthread_join(thread, NULL);
		pid = fork();
		if (pid == 0)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
		kill(getpid(), SIGUSR1);
	}
}

/* One of several who attach to the same target, do something to it, and let go or just end. */
static void tracer(int number)
{
	pid_t target = shared->target;
	int status;

	seed = number * 7919 + target;
	for (int round = 0; round < 6; round++) {
		int request = random_number(2) ? PTRACE_ATTACH : PTRACE_SEIZE;

		if (ptrace(request, target, 0,
			   request == PTRACE_SEIZE ? 0x7f & ~(1 << 7) : 0) != 0) {
			sched_yield();
			continue;
		}
		if (request == PTRACE_SEIZE)
			ptrace(PTRACE_INTERRUPT, target, 0, 0);
		for (int stop = 0; stop < 12; stop++) {
			static const int ways[] = { PTRACE_CONT, PTRACE_SYSCALL,
						    PTRACE_SINGLESTEP };
			struct user_regs_struct registers;
			pid_t who = waitpid(-1, &status, __WALL);

			if (who <= 0)
				break;
			if (!WIFSTOPPED(status))
				continue;
			ptrace(PTRACE_GETREGS, who, 0, &registers);
			ptrace(PTRACE_SETREGS, who, 0, &registers);
			ptrace(ways[random_number(3)], who, 0,
			       status >> 16 || WSTOPSIG(status) == SIGTRAP ||
					       WSTOPSIG(status) == SIGSTOP
				       ? 0
				       : WSTOPSIG(status));
		}
		if (random_number(3) == 0)
			_exit(0);	/* lets go of everything */
		if (random_number(4) == 0)
			kill(target, SIGKILL);
		ptrace(PTRACE_INTERRUPT, target, 0, 0);
		/* Detach if it happens to be stopped, else by ending. */
		if (ptrace(PTRACE_DETACH, target, 0, 0) != 0)
			_exit(0);
	}
	_exit(0);
}

static void round_of_tracers(void)
{
	pid_t tracers[3], target = FORK();

	if (target == 0) {
		while (!shared->go)
			sched_yield();
		busy_target();
	}
	shared->target = target;
	for (int i = 0; i < 3; i++) {
		tracers[i] = FORK();
		if (tracers[i] == 0) {
			while (!shared->go)
				sched_yield();
			tracer(i);
		}
	}
	shared->go = 1;
	for (int i = 0; i < 1 + (int)random_number(20); i++)
		sched_yield();
	if (random_number(2))
		kill(tracers[random_number(3)], SIGKILL);
	sleep_ms(random_number(40));
	kill(target, SIGKILL);
	/* A tracer may wait for tracees that were forked meanwhile: its own end frees them. */
	for (int i = 0; i < 3; i++)
		kill(tracers[i], SIGKILL);
	for (int i = 0; i < 3; i++)
		wait_status(tracers[i]);
	/* Of SIGKILL, or of the step that its tracer left it in. */
	CHECK(WIFSIGNALED(wait_status(target)));
	shared->go = 0;
}

/* Killed in each kind of stop, by the tracer and by others. */
static void stops_everywhere(void)
{
	pid_t pid;

	raise(SIGUSR2);
	pid = fork();
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	pid = vfork();
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	execl("/proc/self/exe", "x", "--exit", NULL);
}

static void killed_in_stop(int nth)
{
	pid_t pid = start_tracee(stops_everywhere);
	int status = 0;

	set_options(pid, 0x7f & ~PTRACE_O_TRACEEXIT);
	for (int i = 0; i < nth; i++) {
		pid_t who;

		resume(i % 3 == 2 ? PTRACE_SINGLESTEP : PTRACE_SYSCALL, pid, 0);
		/* What it has forked must run, or it would wait for that for ever. */
		while ((who = waitpid(-1, &status, __WALL)) != pid && who > 0) {
			if (WIFSTOPPED(status))
				ptrace(PTRACE_CONT, who, 0, 0);
		}
		if (who != pid || !WIFSTOPPED(status))
			break;
	}
	kill(pid, SIGKILL);
	if (nth % 2)
		ptrace(PTRACE_CONT, pid, 0, 0);
	/* It and whatever it has forked, which may have been to stop for us or for good. */
	for (;;) {
		pid_t who = waitpid(-1, &status, __WALL | WUNTRACED);

		if (who < 0)
			break;
		if (WIFSTOPPED(status) && ptrace(PTRACE_CONT, who, 0, 0) != 0)
			kill(who, SIGKILL);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--exit") == 0)
		_exit(0);
	shared = shared_memory(PAGE);
	seed = 1;
	CHECK(syscall(SYS_prctl, 36, 1, 0, 0, 0) == 0);	/* orphans are ours */
	for (int i = 0; i < scaled(60); i++)
		round_of_tracers();
	for (int i = 0; i < scaled(120); i++)
		killed_in_stop(i);
	/* Children of targets that were to stop for a tracer, which has gone, are stopped now. */
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL | WUNTRACED);

		if (pid < 0)
			break;
		if (WIFSTOPPED(status))
			kill(pid, SIGKILL);
	}
	return 0;
}

/*
 * A process that is sure to end takes no signals any more, though it has not run since: they are
 * dropped, and count against nobody's limit of pending ones. So it is too when it has stopped for
 * its tracer on its way out.
 */
#include "ptrace.h"
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum { LIMIT = 8, SENT = 3 * LIMIT };

static const struct rlimit few = { LIMIT, LIMIT };

static void end(void)
{
	_exit(3);
}

static void queue_many(pid_t pid)
{
	siginfo_t info = { .si_signo = SIGRTMIN, .si_code = SI_QUEUE };

	for (int i = 0; i < SENT; i++)
		CHECK(syscall(SYS_rt_sigqueueinfo, pid, SIGRTMIN, &info) == 0);
}

static void test_stopped_on_its_way_out(void)
{
	pid_t dying = start_tracee(end);

	set_options(dying, PTRACE_O_TRACEEXIT);
	CHECK(prlimit(dying, RLIMIT_SIGPENDING, &few, NULL) == 0);
	resume(PTRACE_CONT, dying, 0);
	expect_event(dying, PTRACE_EVENT_EXIT);
	queue_many(dying);
	resume(PTRACE_CONT, dying, 0);
	expect_exit(dying, 3);
}

/* It shares our CPU, which we do not leave to it. */
static void test_not_run_since(void)
{
	const struct sched_param first = { .sched_priority = 1 }, none = { 0 };
	pid_t dying = FORK();
	cpu_set_t cpu;
	int status;

	if (dying == 0) {
		for (;;)
			pause();
	}
	CPU_ZERO(&cpu);
	CPU_SET(0, &cpu);
	CHECK(prlimit(dying, RLIMIT_SIGPENDING, &few, NULL) == 0);
	CHECK(sched_setaffinity(dying, sizeof(cpu), &cpu) == 0);
	CHECK(sched_setaffinity(0, sizeof(cpu), &cpu) == 0);
	CHECK(sched_setscheduler(0, SCHED_FIFO, &first) == 0);
	CHECK(kill(dying, SIGTERM) == 0);
	queue_many(dying);
	CHECK(sched_setscheduler(0, SCHED_OTHER, &none) == 0);
	CHECK(waitpid(dying, &status, 0) == dying);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

int main(void)
{
	test_not_run_since();
	test_stopped_on_its_way_out();
	return 0;
}

/*
 * clone under a tracer: CLONE_UNTRACED keeps the child out of its hands, whatever it has asked for;
 * CLONE_PTRACE puts the child into them, without an event. Without a tracer neither does anything.
 */
#include "ptrace.h"

static volatile int *child_pid;

static pid_t clone_child(unsigned long flags)
{
	pid_t pid = raw_syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(5);
	CHECK(pid > 0);
	*child_pid = pid;
	CHECK_EQ(wait_exit_status(pid), 5);
	return pid;
}

static void clones_untraced(void)
{
	clone_child(CLONE_UNTRACED);
}

static void clones_traced(void)
{
	clone_child(CLONE_PTRACE);
}

static void clones_both(void)
{
	clone_child(CLONE_PTRACE | CLONE_UNTRACED);
}

#define ALL_CHILDREN (PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE)

/* The tracer sees the maker alone. */
static void test_untraced(void)
{
	pid_t pid = start_tracee(clones_untraced);

	set_options(pid, ALL_CHILDREN);
	resume(PTRACE_CONT, pid, 0);
	expect_stop(pid, SIGCHLD);
	resume(PTRACE_CONT, pid, 0);
	expect_exit(pid, 0);
	CHECK(*child_pid > 0);
	CHECK_ERRNO(waitpid(*child_pid, NULL, __WALL), ECHILD);
}

/* The child is the tracer's from its first instruction. */
static void test_traced(void (*body)(void), long options, int event)
{
	pid_t pid = start_tracee(body), child;

	*child_pid = 0;
	set_options(pid, options);
	resume(PTRACE_CONT, pid, 0);
	if (event) {
		expect_event(pid, event);
		child = message_of(pid);
		resume(PTRACE_CONT, pid, 0);
	} else {
		while ((child = *(volatile int *)child_pid) == 0)
			sched_yield();
	}
	expect_stop(child, SIGSTOP);
	resume(PTRACE_CONT, child, 0);
	expect_exit(child, 5);
	expect_stop(pid, SIGCHLD);
	resume(PTRACE_CONT, pid, 0);
	expect_exit(pid, 0);
}

static void test_no_tracer(void)
{
	clone_child(CLONE_PTRACE);
	clone_child(CLONE_UNTRACED);
}

int main(void)
{
	child_pid = shared_memory(PAGE);
	test_untraced();
	test_traced(clones_traced, 0, 0);
	test_traced(clones_traced, ALL_CHILDREN, PTRACE_EVENT_FORK);
	test_traced(clones_both, ALL_CHILDREN, 0);
	in_child(test_no_tracer);
	return 0;
}

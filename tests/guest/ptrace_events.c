/*
 * Event stops: fork, vfork and its end, clone, exec and exit, with their messages; children that
 * are traced from their first instruction; who is killed with the tracer.
 */
#include "ptrace.h"
#include <pthread.h>

static void *nothing(void *argument)
{
	return argument;
}

static void forks(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(5);
	CHECK_EQ(wait_exit_status(pid), 5);
	pid = vfork();
	if (pid == 0)
		_exit(6);
	CHECK_EQ(wait_exit_status(pid), 6);
}

static void clones(void)
{
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, nothing, NULL) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
}

static void execs(void)
{
	execl("/proc/self/exe", "x", "--exit", NULL);
	_exit(CHECK_FAILED);
}

/* The new child `child`: stopped by SIGSTOP, then let run until it ends with `code`. */
static void see_child(pid_t child, int code)
{
	expect_stop(child, SIGSTOP);
	CHECK_EQ(info_of(child).si_code, SI_USER);
	resume(PTRACE_CONT, child, 0);
	expect_event(child, PTRACE_EVENT_EXIT);
	CHECK_EQ(message_of(child), code << 8);
	resume(PTRACE_CONT, child, 0);
	expect_exit(child, code);
}

static void test_forks(void)
{
	pid_t child, pid = start_tracee(forks);

	set_options(pid, PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEVFORKDONE |
				 PTRACE_O_TRACEEXIT);
	resume(PTRACE_CONT, pid, 0);
	expect_event(pid, PTRACE_EVENT_FORK);
	CHECK_EQ(info_of(pid).si_code, SIGTRAP | PTRACE_EVENT_FORK << 8);
	child = message_of(pid);
	resume(PTRACE_CONT, pid, 0);
	see_child(child, 5);
	expect_stop(pid, SIGCHLD);
	resume(PTRACE_CONT, pid, SIGCHLD);
	expect_event(pid, PTRACE_EVENT_VFORK);
	child = message_of(pid);
	resume(PTRACE_CONT, pid, 0);
	see_child(child, 6);
	expect_event(pid, PTRACE_EVENT_VFORK_DONE);
	CHECK_EQ(message_of(pid), child);
	resume(PTRACE_CONT, pid, 0);
	expect_stop(pid, SIGCHLD);
	resume(PTRACE_CONT, pid, 0);
	expect_event(pid, PTRACE_EVENT_EXIT);
	CHECK_EQ(message_of(pid), 0);
	resume(PTRACE_CONT, pid, 0);
	expect_exit(pid, 0);
}

static void test_clone(void)
{
	pid_t thread, pid = start_tracee(clones);

	set_options(pid, PTRACE_O_TRACECLONE);
	resume(PTRACE_CONT, pid, 0);
	expect_event(pid, PTRACE_EVENT_CLONE);
	thread = message_of(pid);
	resume(PTRACE_CONT, pid, 0);
	expect_stop(thread, SIGSTOP);
	resume(PTRACE_CONT, thread, 0);
	/* A traced thread's end is reported like a process's. */
	expect_exit(thread, 0);
	expect_exit(pid, 0);
}

static void test_exec(void)
{
	pid_t pid = start_tracee(execs);

	set_options(pid, PTRACE_O_TRACEEXEC);
	resume(PTRACE_CONT, pid, 0);
	expect_event(pid, PTRACE_EVENT_EXEC);
	CHECK_EQ(message_of(pid), pid);
	CHECK_EQ(registers_of(pid).orig_eax, SYS_execve);
	resume(PTRACE_CONT, pid, 0);
	expect_exit(pid, 3);

	/* Without the option, a SIGTRAP. */
	pid = start_tracee(execs);
	resume(PTRACE_CONT, pid, 0);
	expect_stop(pid, SIGTRAP);
	CHECK_EQ(info_of(pid).si_code, SI_USER);
	resume(PTRACE_CONT, pid, 0);
	expect_exit(pid, 3);
}

/* SIGKILL does not keep the tracer from seeing the event of exit. */
static void pauses(void)
{
	pause();
}

static void test_killed(void)
{
	pid_t pid = start_tracee(pauses);

	set_options(pid, PTRACE_O_TRACEEXIT);
	resume(PTRACE_CONT, pid, 0);
	wait_until_blocked(pid);
	CHECK(kill(pid, SIGKILL) == 0);
	expect_event(pid, PTRACE_EVENT_EXIT);
	CHECK_EQ(message_of(pid), SIGKILL);
	resume(PTRACE_CONT, pid, 0);
	expect_death(pid, SIGKILL);
}

/* A tracer that ends lets its tracees go, or takes them with it. */
static void test_tracer_ends(bool kills)
{
	struct gate attached = gate_create(), done = gate_create();
	pid_t tracer, pid = start_child(pauses);

	tracer = FORK();
	if (tracer == 0) {
		CHECK(ptrace(PTRACE_SEIZE, pid, NULL,
			     (void *)(long)(kills ? PTRACE_O_EXITKILL : 0)) == 0);
		gate_open(&attached);
		gate_pass(&done);
		_exit(0);
	}
	gate_pass(&attached);
	gate_open(&done);
	CHECK_EQ(wait_exit_status(tracer), 0);
	if (!kills) {
		wait_until_blocked(pid);
		CHECK(kill(pid, SIGKILL) == 0);
	}
	expect_death(pid, SIGKILL);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--exit") == 0)
		_exit(3);
	test_forks();
	test_clone();
	test_exec();
	test_killed();
	test_tracer_ends(false);
	test_tracer_ends(true);
	return 0;
}

/*
 * A stop that waits only for a thread which is on its way out is complete when that has left: the
 * parent is told then, by a signal and through wait. The thread is held on its way out by a tracer,
 * which is another process.
 */
#include "ptrace.h"
#include <pthread.h>

static struct shared {
	volatile pid_t thread;
} *shared;

static void *leaver(void *unused)
{
	shared->thread = (pid_t)syscall(SYS_gettid);
	while (shared->thread)
		sched_yield();
	return unused;
}

static void two_threads(void)
{
	pthread_t thread;

	CHECK_EQ(pthread_create(&thread, NULL, leaver, NULL), 0);
	for (;;)
		pause();
}

/* Holds the thread at its end until the gate opens. */
static void hold_at_exit(struct gate *held, struct gate *let_go)
{
	pid_t thread = shared->thread;
	int status;

	CHECK(ptrace(PTRACE_SEIZE, thread, NULL, (void *)PTRACE_O_TRACEEXIT) == 0);
	shared->thread = 0;
	expect_event(thread, PTRACE_EVENT_EXIT);
	gate_open(held);
	gate_pass(let_go);
	resume(PTRACE_CONT, thread, 0);
	CHECK_EQ(waitpid(thread, &status, __WALL), thread);
	_exit(0);
}

int main(void)
{
	struct gate held = gate_create(), let_go = gate_create();
	const struct timespec patience = { 10, 0 };
	pid_t child, tracer;
	siginfo_t info;
	sigset_t set;
	int status;

	shared = shared_memory(PAGE);
	block_signal(SIGCHLD);
	child = start_child(two_threads);
	while (!shared->thread)
		sched_yield();
	tracer = FORK();
	if (tracer == 0)
		hold_at_exit(&held, &let_go);
	gate_pass(&held);
	CHECK(kill(child, SIGSTOP) == 0);
	wait_thread_state(child, child, 'T');
	CHECK_EQ(waitpid(child, &status, WUNTRACED | WNOHANG), 0);
	CHECK(!signal_is_pending(SIGCHLD));
	gate_open(&let_go);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	CHECK_EQ(sigtimedwait(&set, &info, &patience), SIGCHLD);
	CHECK_EQ(info.si_code, CLD_STOPPED);
	CHECK_EQ(info.si_pid, child);
	CHECK_EQ(info.si_status, SIGSTOP);
	CHECK_EQ(waitpid(child, &status, WUNTRACED), child);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	CHECK_EQ(wait_exit_status(tracer), 0);
	kill_and_reap(child);
	return 0;
}

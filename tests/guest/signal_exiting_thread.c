/*
 * A signal to the process does not wait for a thread that is about to end, while another one could
 * take it: neither when the first has stopped for its tracer on its way out, nor when the signal
 * came between the thread's last look and its end.
 */
#include "ptrace.h"
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>

enum { ROUNDS = 20, NODES = 1024 };

struct shared {
	atomic_int ready, ending, handled;
};

static struct shared *shared;

static void handler(int signal)
{
	(void)signal;
	shared->handled++;
}

static void *take_signals(void *unused)
{
	(void)unused;
	unblock_signal(SIGUSR1);
	shared->ready = 1;
	for (;;)
		pause();
	return NULL;
}

static void start_taker(void)
{
	pthread_t thread;

	CHECK(pthread_create(&thread, NULL, take_signals, NULL) == 0);
	while (!shared->ready)
		sched_yield();
}

static void wait_handled(int count)
{
	long long give_up = now_ns() + 10000000000LL;

	while (shared->handled < count) {
		if (now_ns() > give_up)
			FAIL("%d of %d signals were handled", shared->handled, count);
		sched_yield();
	}
}

static void leader_ends_traced(void)
{
	handle_signal(SIGUSR1, handler, 0);
	start_taker();
	syscall(SYS_exit, 0);
}

static void test_stopped_on_the_way_out(void)
{
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	pid = start_tracee(leader_ends_traced);
	set_options(pid, PTRACE_O_TRACEEXIT);
	resume(PTRACE_CONT, pid, 0);
	expect_event(pid, PTRACE_EVENT_EXIT);
	CHECK(kill(pid, SIGUSR1) == 0);
	wait_handled(1);
	CHECK(kill(pid, SIGKILL) == 0);
	(void)ptrace(PTRACE_CONT, pid, NULL, NULL);
	expect_death(pid, SIGKILL);
}

/* A list of robust futexes that takes a while to walk: each node lies in a page not yet mapped. */
static char *make_long_list(void)
{
	int fd = MUST(open("nodes", O_CREAT | O_TRUNC | O_RDWR, 0600));
	char *nodes;

	CHECK(ftruncate(fd, NODES * PAGE) == 0);
	nodes = mmap(NULL, NODES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(nodes != MAP_FAILED);
	for (int i = 0; i < NODES; i++)
		*(char **)(nodes + i * PAGE) = nodes + (i + 1) % NODES * PAGE;
	madvise(nodes, NODES * PAGE, MADV_RANDOM);
	return nodes;
}

static char *nodes;

static void *end_slowly(void *unused)
{
	struct robust_list_head head = { { (struct robust_list *)nodes }, 64, NULL };

	(void)unused;
	unblock_signal(SIGUSR1);
	CHECK(syscall(SYS_set_robust_list, &head, sizeof(head)) == 0);
	shared->ending++;
	syscall(SYS_exit, 0);
	return NULL;
}

/* The ending thread is older than the one that could take the signal: it is asked first. */
static void test_between_look_and_end(void)
{
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	nodes = make_long_list();
	handle_signal(SIGUSR1, handler, 0);
	for (int round = 1; round <= scaled(ROUNDS); round++) {
		shared->ready = shared->ending = shared->handled = 0;
		pid = FORK();
		if (pid == 0) {
			pthread_t thread;

			block_signal(SIGUSR1);
			CHECK(madvise(nodes, NODES * PAGE, MADV_DONTNEED) == 0);
			CHECK(pthread_create(&thread, NULL, end_slowly, NULL) == 0);
			start_taker();
			for (;;)
				pause();
		}
		while (!shared->ending)
			sched_yield();
		CHECK(kill(pid, SIGUSR1) == 0);
		wait_handled(1);
		kill_and_reap(pid);
	}
}

int main(void)
{
	shared = shared_memory(sizeof(*shared));
	test_stopped_on_the_way_out();
	test_between_look_and_end();
	return 0;
}

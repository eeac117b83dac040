/* test: timeout=60
 * A thread closes a descriptor in which another is blocked: that one goes on reading safely, and
 * gets what comes; the number is free at once.
 */
#include "check.h"
#include <pthread.h>

static int fds[2];
static volatile pid_t reader_tid;
static volatile ssize_t result;
static char byte;

static void *reader(void *argument)
{
	(void)argument;
	reader_tid = syscall(SYS_gettid);
	result = read(fds[0], &byte, 1);
	return NULL;
}

int main(void)
{
	for (int round = 0; round < 20; round++) {
		pthread_t thread;
		int copy;

		CHECK(pipe(fds) == 0);
		reader_tid = 0;
		byte = 0;
		CHECK(pthread_create(&thread, NULL, reader, NULL) == 0);
		while (!reader_tid)
			sched_yield();
		wait_thread_state(getpid(), reader_tid, 'S');
		CHECK(close(fds[0]) == 0);
		copy = MUST(open("/dev/zero", O_RDONLY));
		CHECK_EQ(copy, fds[0]);
		CHECK_EQ(write(fds[1], "x", 1), 1);
		CHECK(pthread_join(thread, NULL) == 0);
		CHECK_EQ(result, 1);
		CHECK_EQ(byte, 'x');
		/* The read was the last user of that end. */
		handle_signal(SIGPIPE, SIG_IGN, 0);
		CHECK_ERRNO(write(fds[1], "y", 1), EPIPE);
		CHECK(close(copy) == 0);
		CHECK(close(fds[1]) == 0);
	}
	return 0;
}

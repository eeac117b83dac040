/*
 * F_NOTIFY while another thread closes the descriptor: whichever comes first, nobody hears of the
 * directory afterwards, although the description is still open.
 */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>

enum { ROUNDS = 200 };

static volatile sig_atomic_t count;
static atomic_int round_begun, round_ended;
static int fd;

static void on_signal(int signal)
{
	(void)signal;
	count++;
}

static void *close_each_round(void *unused)
{
	sigset_t mask;

	(void)unused;
	sigemptyset(&mask);
	sigaddset(&mask, SIGIO);
	CHECK(pthread_sigmask(SIG_BLOCK, &mask, NULL) == 0);
	for (int round = 1; round <= scaled(ROUNDS); round++) {
		while (atomic_load(&round_begun) < round)
			sched_yield();
		for (volatile int i = 0; i < round % 64 * 16; i++)
			continue;
		CHECK(close(fd) == 0);
		atomic_store(&round_ended, round);
	}
	return NULL;
}

int main(void)
{
	pthread_t thread;

	CHECK(mkdir("d", 0755) == 0);
	handle_signal(SIGIO, on_signal, SA_RESTART);
	CHECK(pthread_create(&thread, NULL, close_each_round, NULL) == 0);
	for (int round = 1; round <= scaled(ROUNDS); round++) {
		int other = MUST(open("d", O_RDONLY | O_DIRECTORY));

		fd = MUST(dup(other));
		atomic_store(&round_begun, round);
		CHECK(fcntl(fd, F_NOTIFY, DN_CREATE | DN_MULTISHOT) == 0 || errno == EBADF);
		while (atomic_load(&round_ended) < round)
			sched_yield();
		count = 0;
		close(MUST(open("d/file", O_WRONLY | O_CREAT, 0644)));
		CHECK_EQ(count, 0);
		CHECK(unlink("d/file") == 0);
		CHECK(close(other) == 0);
	}
	CHECK(pthread_join(thread, NULL) == 0);
	return 0;
}

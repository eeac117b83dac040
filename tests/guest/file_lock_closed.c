/*
 * A record lock set while another thread closes the descriptor: whoever comes first, none stays
 * that nobody can give up.
 */
#include "check.h"
#include <fcntl.h>
#include <pthread.h>

enum { ROUNDS = 500 };

static volatile int fd = -1;
static volatile bool stop;

static void *close_it(void *unused)
{
	(void)unused;
	while (!stop) {
		int number = fd;

		if (number >= 0) {
			close(number);
			fd = -1;
		}
	}
	return NULL;
}

/* A lock of the open file description would be in the way of the process's own, too. */
static void expect_free(int other)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };

	CHECK(fcntl(other, F_OFD_GETLK, &lock) == 0);
	CHECK_EQ(lock.l_type, F_UNLCK);
}

int main(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	pthread_t thread;
	int other;

	other = MUST(open("file", O_CREAT | O_RDWR, 0600));
	CHECK(pthread_create(&thread, NULL, close_it, NULL) == 0);
	for (int i = 0; i < ROUNDS; i++) {
		int number = MUST(open("file", O_RDWR));
		int kept = MUST(dup(number));	/* or the lock would go with the description */

		fd = number;
		if (fcntl(number, F_SETLK, &lock) != 0)
			CHECK_EQ(errno, EBADF);
		while (fd >= 0)
			sched_yield();
		expect_free(other);
		close(kept);
	}
	stop = true;
	CHECK(pthread_join(thread, NULL) == 0);
	unlink("file");
	return 0;
}

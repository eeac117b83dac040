/*
 * A record lock set while another thread closes the descriptor, or puts another file behind it:
 * whoever comes first, none stays that nobody can give up.
 */
#include "check.h"
#include <fcntl.h>
#include <pthread.h>

enum { ROUNDS = 500 };

static volatile int fd = -1;
static volatile bool stop;
static int another;	/* file */

static void *close_it(void *unused)
{
	(void)unused;
	for (unsigned int round = 0; !stop;) {
		int number = fd;

		if (number < 0) {
			sched_yield();
			continue;
		}
		if (round++ % 2)
			CHECK_EQ(dup2(another, number), number);
		else
			CHECK(close(number) == 0);
		fd = -1;
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

static int waited_for;
static volatile pid_t waiter;

static void *wait_for_it(void *unused)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };

	(void)unused;
	waiter = (pid_t)syscall(SYS_gettid);
	CHECK_ERRNO(fcntl(waited_for, F_SETLKW, &lock), EBADF);
	return NULL;
}

/* It went, or is another one, while a thread waited for a lock: that is not had either. */
static void test_gone_meanwhile(int other, bool replaced)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 10 };
	pthread_t thread;
	int kept;

	waited_for = MUST(open("file", O_RDWR));
	kept = MUST(dup(waited_for));
	CHECK(fcntl(other, F_OFD_SETLK, &lock) == 0);
	CHECK(pthread_create(&thread, NULL, wait_for_it, NULL) == 0);
	while (!waiter)
		sched_yield();
	wait_thread_state(getpid(), waiter, 'S');
	if (replaced)
		CHECK_EQ(dup2(another, waited_for), waited_for);
	else
		CHECK(close(waited_for) == 0);
	lock.l_type = F_UNLCK;
	CHECK(fcntl(other, F_OFD_SETLK, &lock) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	waiter = 0;
	expect_free(other);
	CHECK(close(kept) == 0);
	if (replaced)
		CHECK(close(waited_for) == 0);
}

int main(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	pthread_t thread;
	int other;

	other = MUST(open("file", O_CREAT | O_RDWR, 0600));
	another = MUST(open("another", O_CREAT | O_RDWR, 0600));
	test_gone_meanwhile(other, false);
	test_gone_meanwhile(other, true);
	CHECK(pthread_create(&thread, NULL, close_it, NULL) == 0);
	for (int i = 0; i < scaled(ROUNDS); i++) {
		int number = MUST(open("file", O_RDWR));
		int kept = MUST(dup(number));	/* or the lock would go with the description */

		fd = number;
		if (fcntl(number, F_SETLK, &lock) != 0)
			CHECK_EQ(errno, EBADF);
		while (fd >= 0)
			sched_yield();
		expect_free(other);
		close(kept);
		if (i % 2)
			CHECK(close(number) == 0);
	}
	stop = true;
	CHECK(pthread_join(thread, NULL) == 0);
	unlink("file");
	unlink("another");
	return 0;
}

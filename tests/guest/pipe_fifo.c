/*
 * FIFOs: opening for reading waits for a writer and the other way round; O_NONBLOCK does not;
 * ENXIO; data passes; the name may go while it is used.
 */
#include "check.h"

int main(void)
{
	char buffer[16];
	struct stat status;
	int reading, writing, both;

	CHECK(mkfifo("fifo", 0600) == 0);
	CHECK(stat("fifo", &status) == 0);
	CHECK(S_ISFIFO(status.st_mode));
	CHECK_EQ(status.st_mode & 0777, 0600);
	CHECK_ERRNO(mkfifo("fifo", 0600), EEXIST);
	CHECK_ERRNO(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
	CHECK_ERRNO(open("fifo", O_ACCMODE), EINVAL);
	reading = MUST(open("fifo", O_RDONLY | O_NONBLOCK));
	CHECK_EQ(read(reading, buffer, 1), 0);		/* no writer: end of file */
	writing = MUST(open("fifo", O_WRONLY | O_NONBLOCK));
	CHECK_ERRNO(read(reading, buffer, 1), EAGAIN);
	CHECK_EQ(write(writing, "abc", 3), 3);
	CHECK_EQ(read(reading, buffer, sizeof(buffer)), 3);
	CHECK(close(writing) == 0);
	CHECK_EQ(read(reading, buffer, 1), 0);
	CHECK(close(reading) == 0);

	/* Each waits for the other. */
	pid_t child = FORK();

	if (child == 0) {
		wait_until_blocked(getppid());
		writing = MUST(open("fifo", O_WRONLY));
		CHECK_EQ(write(writing, "hello", 5), 5);
		_exit(0);
	}
	reading = MUST(open("fifo", O_RDONLY));
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(read(reading, buffer, sizeof(buffer)), 5);
	CHECK_EQ(read(reading, buffer, sizeof(buffer)), 0);
	CHECK(close(reading) == 0);

	/* The other's coming is enough, whatever he does then. */
	child = FORK();
	if (child == 0) {
		wait_until_blocked(getppid());
		writing = MUST(open("fifo", O_WRONLY));
		for (;;)
			pause();
	}
	alarm(10);
	reading = MUST(open("fifo", O_RDONLY));
	alarm(0);
	kill_and_reap(child);
	CHECK(close(reading) == 0);

	child = FORK();
	if (child == 0) {
		wait_until_blocked(getppid());
		reading = MUST(open("fifo", O_RDONLY));
		CHECK_EQ(read(reading, buffer, 5), 5);
		_exit(0);
	}
	writing = MUST(open("fifo", O_WRONLY));
	CHECK_EQ(write(writing, "hello", 5), 5);
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK(close(writing) == 0);

	/* Opened both ways it never waits; the name may go meanwhile. */
	both = MUST(open("fifo", O_RDWR));
	CHECK(unlink("fifo") == 0);
	CHECK_EQ(write(both, "xy", 2), 2);
	CHECK_EQ(read(both, buffer, 2), 2);
	return 0;
}

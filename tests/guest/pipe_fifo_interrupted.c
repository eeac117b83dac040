/*
 * Who opens one end of a FIFO and is interrupted at the moment when the other comes: either both
 * have met, and the opening succeeds, or the other still waits. Never is one in and gone while the
 * one who was interrupted, and asks anew, waits for ever.
 */
#include "check.h"
#include <time.h>

enum { ROUNDS = 60, PATIENCE_S = 10 };

static void nothing(int signal)
{
	(void)signal;
}

/* A signal ended the waiting, which is taken up again, but not for ever. */
static void check_patience(time_t begin)
{
	CHECK_EQ(errno, EINTR);
	if (time(NULL) - begin > PATIENCE_S)
		FAIL("one side has been there, and the other was not told");
}

static int open_stubbornly(int flags)
{
	time_t begin = time(NULL);
	int fd;

	while ((fd = open("fifo", flags)) < 0)
		check_patience(begin);
	return fd;
}

static void wait_stubbornly(pid_t child)
{
	time_t begin = time(NULL);
	int status;

	while (waitpid(child, &status, 0) != child)
		check_patience(begin);
	CHECK_EQ(status, 0);
}

/* Comes at any moment, does its part, and goes. */
static pid_t start_visitor(unsigned int round, int flags)
{
	pid_t child = FORK();
	char byte = 'x';
	int fd;

	if (child != 0)
		return child;
	for (volatile unsigned int i = 0; i < round * 7919 % 30000; i++)
		;
	fd = MUST(open("fifo", flags));
	if (flags == O_WRONLY)
		CHECK_EQ(write(fd, &byte, 1), 1);
	else
		CHECK_EQ(read(fd, &byte, 1), 1);
	_exit(0);
}

int main(void)
{
	struct sigaction action = { .sa_handler = nothing };
	pid_t self = getpid(), sender;
	char byte;

	signal(SIGPIPE, SIG_IGN);
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	CHECK(mkfifo("fifo", 0600) == 0);
	sender = FORK();
	if (sender == 0)
		while (kill(self, SIGUSR1) == 0)
			sched_yield();
	for (unsigned int round = 0; round < ROUNDS; round++) {
		bool reads = round % 2;
		pid_t visitor = start_visitor(round, reads ? O_WRONLY : O_RDONLY);
		int fd = open_stubbornly(reads ? O_RDONLY : O_WRONLY);

		if (reads) {
			ssize_t got;

			while ((got = read(fd, &byte, 1)) < 0)
				CHECK_EQ(errno, EINTR);
			CHECK_EQ(got, 1);
		}
		else {
			CHECK_EQ(write(fd, "y", 1), 1);
		}
		CHECK(close(fd) == 0);
		wait_stubbornly(visitor);
	}
	CHECK(kill(sender, SIGKILL) == 0);
	while (waitpid(sender, NULL, 0) != sender)
		CHECK_EQ(errno, EINTR);
	return 0;
}

/*
 * The master of a pseudo-terminal closes while programs have the slave open: who reads at that
 * moment gets EIO, who reads later nothing, who writes EIO; poll tells all.
 */
#include "check.h"
#include "terminal.h"
#include <pthread.h>
#include <sys/ioctl.h>
#include <termios.h>

enum { ROUNDS = 60 };

static int master, slave;

static void open_pair(void)
{
	int unlocked = 0, number;
	char path[32];

	master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(master >= 0);
	CHECK(ioctl(master, TIOCSPTLCK, &unlocked) == 0);
	CHECK(ioctl(master, TIOCGPTN, &number) == 0);
	snprintf(path, sizeof(path), "/dev/pts/%d", number);
	slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(slave >= 0);
}

/* What a dead slave says from now on. */
static void check_dead(void)
{
	struct pollfd polled = { .fd = slave, .events = POLLIN | POLLOUT | POLLRDNORM };
	struct termios settings;
	char byte;

	CHECK(read(slave, &byte, 1) == 0);
	CHECK_ERRNO(write(slave, "x", 1), EIO);
	CHECK(poll(&polled, 1, -1) == 1);
	CHECK_EQ(polled.revents, POLLIN | POLLOUT | POLLRDNORM | POLLHUP | POLLERR);
	CHECK_ERRNO(tcgetattr(slave, &settings), EIO);
}

/* A child that does one thing to the slave, and says how it ended. */
static pid_t start(int (*act)(void))
{
	pid_t child = fork();

	if (child == 0) {
		close(master);
		_exit(act());
	}
	return child;
}

static int read_slave(void)
{
	char byte;
	ssize_t got = read(slave, &byte, 1);

	return got < 0 ? errno : (int)got + 200;
}

static int write_slave(void)
{
	static char text[1 << 16];
	ssize_t got;

	do {
		got = write(slave, text, sizeof(text));
	} while (got > 0);
	return got < 0 ? errno : 200;
}

static int poll_slave(void)
{
	struct pollfd polled = { .fd = slave, .events = POLLIN };
	int status;

	if (poll(&polled, 1, -1) != 1)
		return 1;
	if (!(polled.revents & POLLHUP))
		return 2;
	/* The hang-up itself may be still to come: then this read is told that the master left. */
	status = read_slave();
	return status == EIO ? 200 : status;
}

static void check_waiting(int (*act)(void), int status)
{
	pid_t child;

	open_pair();
	child = start(act);
	wait_until_blocked(child);
	close(master);
	CHECK_EQ(wait_exit_status(child), status);
	check_dead();
	close(slave);
}

/* Not waited for: whichever way it meets the end, the answer is one of two. */
static void check_race(int (*act)(void), int status, int other)
{
	int found;
	pid_t child;

	open_pair();
	child = start(act);
	sched_yield();
	close(master);
	found = wait_exit_status(child);
	CHECK(found == status || found == other);
	check_dead();
	close(slave);
}

/* What was typed and not read is lost; what was written by the master before is not news. */
static void check_unread(void)
{
	open_pair();
	CHECK(write(master, "typed\n", 6) == 6);
	close(master);
	check_dead();
	close(slave);
}

int main(void)
{
	check_unread();
	for (int round = 0; round < scaled(ROUNDS); round++) {
		check_waiting(read_slave, EIO);
		check_waiting(write_slave, EIO);
		check_waiting(poll_slave, 200);
		check_race(read_slave, EIO, 200);
		check_race(write_slave, EIO, EIO);
		check_race(poll_slave, 200, 200);
	}
	return 0;
}

/*
 * Who types at a terminal faster than it is read waits for room, and is told when there is some:
 * however little each read takes, and whether he waits in write() or in poll().
 */
#include "terminal.h"

enum { LONG_LINE = 5000, PATIENCE_S = 10 };

static void open_pair(int *master, int *slave, bool raw)
{
	struct termios settings;

	*master = MUST(posix_openpt(O_RDWR | O_NOCTTY));
	CHECK(grantpt(*master) == 0 && unlockpt(*master) == 0);
	*slave = MUST(open(ptsname(*master), O_RDWR | O_NOCTTY));
	CHECK(tcgetattr(*slave, &settings) == 0);
	settings.c_lflag &= ~ECHO;
	if (raw)
		cfmakeraw(&settings);
	CHECK(tcsetattr(*slave, TCSANOW, &settings) == 0);
}

/* Takes one byte at a time until it was `last`. */
static void read_until(int slave, char last)
{
	char byte = 0;

	alarm(PATIENCE_S);
	while (byte != last)
		CHECK_EQ(read(slave, &byte, 1), 1);
	alarm(0);
}

/* A line fills the input; what comes behind it waits for a reader that takes single bytes. */
static void waits_to_write(void)
{
	static char line[LONG_LINE];
	int master, slave;
	pid_t child;

	memset(line, 'a', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	open_pair(&master, &slave, false);
	child = FORK();
	if (child == 0) {
		CHECK_EQ(write(master, line, sizeof(line)), sizeof(line));
		CHECK_EQ(write(master, "second\n", 7), 7);
		CHECK_EQ(write(master, "z\n", 2), 2);
		_exit(0);
	}
	read_until(slave, 'z');
	CHECK_EQ(wait_exit_status(child), 0);
	close(master);
	close(slave);
}

/* The last byte that fits is taken as the others are: nobody was refused, and yet one waits. */
static void waits_in_poll(void)
{
	int master, slave;
	pid_t child;

	open_pair(&master, &slave, true);
	child = FORK();
	if (child == 0) {
		struct pollfd poll_fd = { .fd = master, .events = POLLOUT };

		for (int i = 0; i <= LONG_LINE; i++) {
			CHECK_EQ(poll(&poll_fd, 1, -1), 1);
			CHECK_EQ(write(master, i < LONG_LINE ? "a" : "z", 1), 1);
		}
		_exit(0);
	}
	/* Until it is full, where it is ever; then it has to be told. */
	for (int i = 0; i < 100 && process_state(child) != 'S' && process_state(child) != 'Z'; i++)
		sleep_ms(10);
	read_until(slave, 'z');
	CHECK_EQ(wait_exit_status(child), 0);
	close(master);
	close(slave);
}

int main(void)
{
	waits_to_write();
	waits_in_poll();
	return 0;
}

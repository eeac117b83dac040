/*
 * Readers of a terminal that is hung up read the end. What is typed afterwards is for whoever has
 * opened it anew, even if those readers have not come to run yet.
 */
#include "terminal.h"

enum { ROUNDS = 2, READERS = 4 };

static int open_slave(int master)
{
	return MUST(open(ptsname(master), O_RDWR | O_NOCTTY));
}

static void round_once(void)
{
	int master = MUST(posix_openpt(O_RDWR | O_NOCTTY));
	pid_t readers[READERS];
	char text[8];
	int slave;

	CHECK(grantpt(master) == 0 && unlockpt(master) == 0);
	slave = open_slave(master);
	for (int i = 0; i < READERS; i++) {
		readers[i] = FORK();
		if (readers[i] == 0) {
			CHECK_EQ(read(slave, text, sizeof(text)), 0);
			_exit(0);
		}
	}
	for (int i = 0; i < READERS; i++)
		wait_until_blocked(readers[i]);
	CHECK(ioctl(slave, TIOCVHANGUP) == 0);
	CHECK_EQ(read(slave, text, sizeof(text)), 0);
	CHECK(close(slave) == 0);
	slave = open_slave(master);
	CHECK_EQ(write(master, "new\n", 4), 4);
	alarm(10);
	CHECK_EQ(read(slave, text, sizeof(text)), 4);
	alarm(0);
	for (int i = 0; i < READERS; i++)
		CHECK_EQ(wait_exit_status(readers[i]), 0);
	close(slave);
	close(master);
}

int main(void)
{
	for (int i = 0; i < ROUNDS; i++)
		round_once();
	return 0;
}

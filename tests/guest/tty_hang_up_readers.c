/*
 * Readers of a terminal that is hung up read the end. What is typed afterwards is for whoever has
 * opened it anew, even if those readers have not come to run yet. Nor do its writers write then.
 */
#include "terminal.h"

enum { ROUNDS = 2, READERS = 4, WRITING_ROUNDS = 8 };

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

/* How many w's there are to read now. */
static int take_all(int master)
{
	char text[4096];
	ssize_t got;
	int found = 0;

	while ((got = read(master, text, sizeof(text))) > 0) {
		for (ssize_t i = 0; i < got; i++)
			found += text[i] == 'w';
	}
	CHECK_EQ(errno, EAGAIN);
	return found;
}

static void write_till_dead(int slave)
{
	static char text[1 << 16];
	ssize_t got;

	memset(text, 'w', sizeof(text));
	while ((got = write(slave, text, sizeof(text))) > 0)
		;
	CHECK(got == -1 && errno == EIO);
	_exit(0);
}

static void round_of_writing(void)
{
	int master = MUST(posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK));
	pid_t writer;
	int slave;

	CHECK(grantpt(master) == 0 && unlockpt(master) == 0);
	slave = open_slave(master);
	writer = FORK();
	if (writer == 0)
		write_till_dead(slave);
	wait_until_blocked(writer);
	CHECK(ioctl(slave, TIOCVHANGUP) == 0);
	CHECK(close(slave) == 0);
	slave = open_slave(master);
	(void)take_all(master);
	CHECK_EQ(wait_exit_status(writer), 0);
	CHECK_EQ(take_all(master), 0);
	CHECK_EQ(write(slave, "new\n", 4), 4);
	close(slave);
	close(master);
}

int main(void)
{
	for (int i = 0; i < ROUNDS; i++)
		round_once();
	for (int i = 0; i < WRITING_ROUNDS; i++)
		round_of_writing();
	return 0;
}

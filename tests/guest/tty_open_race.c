/*
 * A slave is opened at the moment when its master closes: the open fails, or the terminal is hung
 * up. Nobody has a terminal open at which nobody will ever type, or one to lead a session with.
 */
#include "terminal.h"

enum { ROUNDS = 40, OPENERS = 2 };

struct game {
	volatile int round;		/* under way */
	volatile int closed;		/* the master of this round is */
	volatile int done[OPENERS];
	volatile int opened[OPENERS];	/* rounds in which the slave could be opened at all */
	char path[64];
};

/* As often as it goes. Each time it is this session's terminal, until it is given up again. */
static int open_till_it_fails(const char *path)
{
	int fd, last = -1;

	while ((fd = open(path, O_RDWR)) >= 0) {
		(void)ioctl(fd, TIOCNOTTY);
		if (last >= 0)
			close(last);
		last = fd;
	}
	return last;
}

static void play(struct game *game, int number)
{
	CHECK(setsid() == getpid());
	signal(SIGHUP, SIG_IGN);
	for (int round = 1; round <= ROUNDS; round++) {
		struct pollfd poll_fd = { .events = POLLIN };

		while (game->round != round)
			sched_yield();
		poll_fd.fd = open_till_it_fails(game->path);
		while (game->closed != round)
			sched_yield();
		if (poll_fd.fd >= 0) {
			CHECK_EQ(poll(&poll_fd, 1, 0), 1);
			CHECK(poll_fd.revents & POLLHUP);
			game->opened[number]++;
			close(poll_fd.fd);
		}
		CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
		game->done[number] = round;
	}
}

static bool are_done(const struct game *game, int round)
{
	for (int i = 0; i < OPENERS; i++) {
		if (game->done[i] != round)
			return false;
	}
	return true;
}

int main(void)
{
	struct game *game = shared_memory(PAGE);
	pid_t children[OPENERS];
	int opened = 0;

	alarm(30);
	for (int i = 0; i < OPENERS; i++) {
		children[i] = FORK();
		if (children[i] == 0) {
			play(game, i);
			_exit(0);
		}
	}
	for (int round = 1; round <= ROUNDS; round++) {
		int master = MUST(posix_openpt(O_RDWR | O_NOCTTY));

		CHECK(grantpt(master) == 0 && unlockpt(master) == 0);
		snprintf(game->path, sizeof(game->path), "%s", ptsname(master));
		game->round = round;
		for (volatile int i = 0; i < round * 104729 % 20000; i++)
			;
		sched_yield();
		CHECK(close(master) == 0);
		game->closed = round;
		while (!are_done(game, round))
			sched_yield();
	}
	for (int i = 0; i < OPENERS; i++) {
		CHECK_EQ(wait_exit_status(children[i]), 0);
		opened += game->opened[i];
	}
	CHECK(opened > 0);	/* one of them may always have come too late */
	return 0;
}

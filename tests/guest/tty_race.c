/* test: timeout=120
 * Terminals whose ends go away at any moment: sessions on pseudo-terminals type, read, write,
 * change settings and owners, while masters are closed, leaders die and terminals are hung up.
 * Nobody is left waiting, and nothing is left behind.
 */
#include "check.h"
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <termios.h>

enum { EMULATORS = 3, MEMBERS = 3, ROUNDS = 60 };

/* Of one emulator, shared with it: everybody in its session says here who he is. */
static volatile pid_t *session;

static uint32_t draw(uint32_t *state, uint32_t limit)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state % limit;
}

static void change_settings(int fd, uint32_t *state)
{
	static const int when[] = { TCSANOW, TCSAFLUSH, TCSADRAIN };
	struct termios settings;

	if (tcgetattr(fd, &settings) != 0)
		return;
	settings.c_lflag ^= draw(state, 2) ? ICANON : draw(state, 2) ? ECHO : NOFLSH;
	settings.c_iflag ^= draw(state, 2) ? IXOFF : IXANY;
	settings.c_oflag ^= draw(state, 2) ? OPOST : ONLCR;
	settings.c_cc[VMIN] = (cc_t)draw(state, 4);
	settings.c_cc[VTIME] = (cc_t)draw(state, 2);
	(void)tcsetattr(fd, when[draw(state, 3)], &settings);
}

/* What a program in a session does with its terminal; it ends by a signal, or never. */
static void use_terminal(int fd, uint32_t seed)
{
	static char bytes[3000];
	uint32_t state = seed | 1;
	struct winsize window = { 0 };
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN | POLLOUT };
	int value;

	memset(bytes, 'x', sizeof(bytes));
	for (;;) {
		switch (draw(&state, 16)) {
		case 0:
		case 1:
			(void)!write(fd, bytes, draw(&state, sizeof(bytes)));
			break;
		case 2:
			(void)!read(fd, bytes, draw(&state, sizeof(bytes)));
			break;
		case 3:
			change_settings(fd, &state);
			break;
		case 4:
			(void)tcsetpgrp(fd, draw(&state, 2) ? getpgrp() : getsid(0));
			break;
		case 5:
			window.ws_row = (unsigned short)draw(&state, 99);
			(void)ioctl(fd, TIOCSWINSZ, &window);
			break;
		case 6:
			(void)ioctl(fd, TIOCSTI, "a\n\3\4" + draw(&state, 4));
			break;
		case 7:
			(void)tcflush(fd, TCIOFLUSH);
			break;
		case 8:
			(void)tcflow(fd, draw(&state, 2) ? TCOOFF : TCOON);
			break;
		case 9:
			(void)poll(&poll_fd, 1, (int)draw(&state, 3));
			break;
		case 10:
			(void)ioctl(fd, TIOCNOTTY);
			break;
		case 11:
			(void)ioctl(fd, TIOCSCTTY, (int)draw(&state, 2));
			break;
		case 12:
			value = open("/dev/tty", O_RDWR | O_NONBLOCK);
			if (value >= 0) {
				(void)!write(value, "y", 1);
				close(value);
			}
			break;
		case 13:
			(void)fcntl(fd, F_SETFL,
				    (draw(&state, 2) ? O_NONBLOCK : 0) |
					    (draw(&state, 2) ? O_ASYNC : 0));
			break;
		case 14:
			(void)ioctl(fd, FIONREAD, &value);
			(void)ioctl(fd, TIOCOUTQ, &value);
			break;
		case 15:
			if (draw(&state, 4) == 0)
				(void)ioctl(fd, TIOCVHANGUP);
			break;
		}
	}
}

/* A session with some members, one of each a group of its own. */
static void lead(const char *name, uint32_t seed)
{
	int fd;

	session[0] = getpid();
	setsid();
	signal(SIGINT, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	if (seed % 2)
		signal(SIGTTOU, SIG_IGN);
	fd = open(name, O_RDWR);
	if (fd < 0)
		_exit(0); /* the master is gone */
	for (int i = 0; i < MEMBERS; i++) {
		if (fork() == 0) {
			session[i + 1] = getpid();
			if (i > 0)
				setpgid(0, 0);
			use_terminal(fd, seed * 31 + (uint32_t)i * 7919);
		}
	}
	use_terminal(fd, seed);
}

struct master {
	int fd;
	uint32_t seed;
	volatile bool is_over;
};

static void *type(void *argument)
{
	static const char keys[] = "hello\n\3\32\4\21\23\25\27\26\177\r word\t";
	struct master *master = argument;
	uint32_t state = master->seed | 1;
	char bytes[700];

	while (!master->is_over) {
		size_t size = 1 + draw(&state, sizeof(bytes));

		for (size_t i = 0; i < size; i++)
			bytes[i] = keys[draw(&state, sizeof(keys) - 1)];
		(void)!write(master->fd, bytes, size);
		sched_yield();
	}
	return NULL;
}

static void *watch(void *argument)
{
	struct master *master = argument;
	char bytes[5000];

	while (!master->is_over) {
		if (read(master->fd, bytes, sizeof(bytes)) < 0)
			sched_yield();
	}
	return NULL;
}

/* Whom the hang-up did not reach, or who is stopped, is killed. */
static void end_all(void)
{
	for (;;) {
		pid_t ended = waitpid(-1, NULL, WNOHANG);

		if (ended < 0 && errno == ECHILD)
			break;
		if (ended > 0)
			continue;
		for (int i = 0; i < MEMBERS + 1; i++) {
			if (session[i] > 0)
				kill(session[i], SIGKILL);
		}
		usleep(500);
	}
	memset((void *)session, 0, sizeof(*session) * (MEMBERS + 1));
}

static void one_round(uint32_t seed)
{
	struct master master = { .seed = seed };
	pthread_t threads[2];
	char name[64];
	pid_t leader;

	master.fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	CHECK(master.fd >= 0);
	CHECK(unlockpt(master.fd) == 0);
	CHECK(ptsname_r(master.fd, name, sizeof(name)) == 0);
	leader = FORK();
	if (leader == 0)
		lead(name, seed);
	CHECK(pthread_create(&threads[0], NULL, type, &master) == 0);
	CHECK(pthread_create(&threads[1], NULL, watch, &master) == 0);
	usleep(1000 + seed % 30000);
	switch (seed % 3) {
	case 0:
		kill(leader, SIGKILL);
		usleep(seed % 3000);
		break;
	case 1: {
		int fd = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);

		if (fd >= 0) {
			(void)ioctl(fd, TIOCVHANGUP);
			close(fd);
		}
		break;
	}
	}
	master.is_over = true;
	if (seed % 5 == 0)
		close(master.fd); /* while the threads use it */
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	if (seed % 5 != 0)
		close(master.fd);
}

static void emulate(uint32_t seed)
{
	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	session = shared_memory(PAGE);
	for (int i = 0; i < scaled(ROUNDS); i++) {
		one_round(seed);
		(void)draw(&seed, 2);
		end_all();
	}
	_exit(0);
}

int main(void)
{
	pid_t emulators[EMULATORS];

	for (int i = 0; i < EMULATORS; i++) {
		emulators[i] = FORK();
		if (emulators[i] == 0)
			emulate(12345 + (uint32_t)i * 77773);
	}
	for (int i = 0; i < EMULATORS; i++)
		CHECK_EQ(wait_exit_status(emulators[i]), 0);
	return 0;
}

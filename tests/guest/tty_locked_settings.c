/*
 * TIOCSLCKTRMIOS locks settings of a terminal, bit by bit and character by character: then they
 * stay as they are, and setting them is no error. Only a process with CAP_SYS_ADMIN may change the
 * locks.
 */
#include "terminal.h"

static void body(struct terminal *terminal)
{
	struct termios before, wanted, found;
	struct termios locks, none = { 0 };

	CHECK(ioctl(terminal->fd, TIOCGLCKTRMIOS, &locks) == 0);
	CHECK_EQ(locks.c_lflag, 0);
	CHECK_EQ(locks.c_cc[VERASE], 0);
	CHECK_ERRNO(ioctl(terminal->fd, TIOCGLCKTRMIOS, 8), EFAULT);
	CHECK_ERRNO(ioctl(terminal->fd, TIOCSLCKTRMIOS, 8), EFAULT);

	CHECK(tcgetattr(terminal->fd, &before) == 0);
	memset(&locks, 0, sizeof(locks));
	locks.c_lflag = ECHO;
	locks.c_iflag = ICRNL;
	locks.c_cc[VERASE] = 1;
	CHECK(ioctl(terminal->fd, TIOCSLCKTRMIOS, &locks) == 0);

	wanted = before;
	wanted.c_lflag ^= ECHO | ECHOE;
	wanted.c_iflag ^= ICRNL | ISTRIP;
	wanted.c_cc[VERASE] = (cc_t)(before.c_cc[VERASE] + 1);
	wanted.c_cc[VKILL] = (cc_t)(before.c_cc[VKILL] + 1);
	CHECK(tcsetattr(terminal->fd, TCSANOW, &wanted) == 0);
	CHECK(tcgetattr(terminal->fd, &found) == 0);
	CHECK_EQ(found.c_lflag, before.c_lflag ^ ECHOE);
	CHECK_EQ(found.c_iflag, before.c_iflag ^ ISTRIP);
	CHECK_EQ(found.c_cc[VERASE], before.c_cc[VERASE]);
	CHECK_EQ(found.c_cc[VKILL], wanted.c_cc[VKILL]);

	pid_t child = FORK();

	if (child == 0) {
		CHECK(setuid(1000) == 0);
		CHECK_ERRNO(ioctl(terminal->fd, TIOCSLCKTRMIOS, &none), EPERM);
		CHECK(ioctl(terminal->fd, TIOCGLCKTRMIOS, &found) == 0);
		CHECK_EQ(found.c_lflag, ECHO);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);

	CHECK(ioctl(terminal->fd, TIOCSLCKTRMIOS, &none) == 0);
	CHECK(tcsetattr(terminal->fd, TCSANOW, &wanted) == 0);
	CHECK(tcgetattr(terminal->fd, &found) == 0);
	CHECK_EQ(found.c_lflag, wanted.c_lflag);
	CHECK(tcsetattr(terminal->fd, TCSANOW, &before) == 0);
}

int main(void)
{
	return terminal_run(body);
}

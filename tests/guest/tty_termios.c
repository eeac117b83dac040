/*
 * Terminal settings come back as they were set; the window's size and SIGWINCH; ENOTTY elsewhere.
 */
#include "terminal.h"

static volatile int calls;

static void handler(int signal)
{
	(void)signal;
	calls = calls + 1;
}

static void body(struct terminal *terminal)
{
	struct termios settings, found;
	struct winsize size = { .ws_row = 31, .ws_col = 97 }, now;

	CHECK(tcgetattr(terminal->fd, &settings) == 0);
	CHECK(settings.c_lflag & ICANON);
	settings.c_lflag &= ~(ICANON | ECHO);
	settings.c_iflag |= IGNBRK | ISTRIP;
	settings.c_oflag &= ~OPOST;
	settings.c_cc[VMIN] = 7;
	settings.c_cc[VERASE] = 8;
	CHECK(tcsetattr(terminal->fd, TCSADRAIN, &settings) == 0);
	CHECK(tcgetattr(terminal->fd, &found) == 0);
	CHECK_EQ(found.c_lflag, settings.c_lflag);
	CHECK_EQ(found.c_iflag, settings.c_iflag);
	CHECK_EQ(found.c_oflag, settings.c_oflag);
	CHECK_EQ(found.c_cc[VMIN], 7);
	CHECK_EQ(found.c_cc[VERASE], 8);
	CHECK(tcsetattr(terminal->fd, TCSAFLUSH, &settings) == 0);

	CHECK(ioctl(terminal->fd, TIOCGWINSZ, &now) == 0);
	if (terminal->master >= 0) {
		handle_signal(SIGWINCH, handler, 0);
		CHECK(ioctl(terminal->fd, TIOCSWINSZ, &size) == 0);
		CHECK(ioctl(terminal->fd, TIOCGWINSZ, &now) == 0);
		CHECK_EQ(now.ws_row, 31);
		CHECK_EQ(now.ws_col, 97);
		CHECK_EQ(calls, 1);
		CHECK(ioctl(terminal->fd, TIOCSWINSZ, &size) == 0);	/* no change, no signal */
		CHECK_EQ(calls, 1);
	} else {
		CHECK(now.ws_row >= 20 && now.ws_col >= 80);
	}
	CHECK(isatty(terminal->fd));
	CHECK_EQ(lseek(terminal->fd, 0, SEEK_SET), -1);
	CHECK_EQ(errno, ESPIPE);
	CHECK_ERRNO(ioctl(terminal->fd, 0x54ff, &now), ENOTTY);

	int file = MUST(open("file", O_CREAT | O_RDWR, 0644));
	int fds[2];

	CHECK(pipe(fds) == 0);
	CHECK_ERRNO(tcgetattr(file, &found), ENOTTY);
	CHECK_ERRNO(tcgetattr(fds[0], &found), ENOTTY);
	CHECK_ERRNO(ioctl(file, TIOCGWINSZ, &now), ENOTTY);
	CHECK(!isatty(file));
}

int main(void)
{
	return terminal_run(body);
}

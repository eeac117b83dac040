/*
 * poll() on a terminal: readable when a line is complete, or a byte in raw mode; always writable.
 */
#include "terminal.h"

static short events(struct terminal *terminal)
{
	struct pollfd poll_fd = { terminal->fd, POLLIN | POLLOUT, 0 };

	CHECK(poll(&poll_fd, 1, 0) >= 0);
	return poll_fd.revents;
}

static void body(struct terminal *terminal)
{
	struct termios settings;

	CHECK_EQ(events(terminal), POLLOUT);
	terminal_type(terminal, "no line yet");
	CHECK_EQ(events(terminal), POLLOUT);
	terminal_type(terminal, "\n");
	struct pollfd poll_fd = { terminal->fd, POLLIN, 0 };

	CHECK_EQ(poll(&poll_fd, 1, -1), 1);
	CHECK_EQ(events(terminal), POLLIN | POLLOUT);
	terminal_expect(terminal, "no line yet\n");
	CHECK_EQ(events(terminal), POLLOUT);
	CHECK(tcgetattr(terminal->fd, &settings) == 0);
	settings.c_lflag &= ~ICANON;
	settings.c_cc[VMIN] = 1;
	CHECK(tcsetattr(terminal->fd, TCSANOW, &settings) == 0);
	terminal_type(terminal, "b");
	CHECK_EQ(poll(&poll_fd, 1, -1), 1);
	terminal_expect(terminal, "b");

	/* A sleeper is woken by a key. */
	pid_t child = FORK();

	if (child == 0) {
		handle_signal(SIGTTOU, SIG_IGN, 0);
		wait_until_blocked(getppid());
		terminal_type(terminal, "k");
		_exit(0);
	}
	CHECK_EQ(poll(&poll_fd, 1, -1), 1);
	CHECK_EQ(poll_fd.revents, POLLIN);
	CHECK_EQ(wait_exit_status(child), 0);
}

int main(void)
{
	return terminal_run(body);
}

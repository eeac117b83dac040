/* Raw input: every byte as it comes; VMIN and VTIME in their four combinations. */
#include "terminal.h"

static void set_raw(struct terminal *terminal, int minimum, int tenths)
{
	struct termios settings;

	CHECK(tcgetattr(terminal->fd, &settings) == 0);
	cfmakeraw(&settings);
	settings.c_cc[VMIN] = minimum;
	settings.c_cc[VTIME] = tenths;
	CHECK(tcsetattr(terminal->fd, TCSANOW, &settings) == 0);
}

static void body(struct terminal *terminal)
{
	char text[16];
	long long start;

	set_raw(terminal, 1, 0);
	terminal_type(terminal, "x");
	terminal_expect(terminal, "x");
	terminal_type(terminal, "\003\032\034\004\025\177\r\n");
	terminal_expect(terminal, "\003\032\034\004\025\177\r\n");

	/* MIN 0, TIME 0: never waits. */
	set_raw(terminal, 0, 0);
	CHECK_EQ(read(terminal->fd, text, sizeof(text)), 0);
	terminal_type(terminal, "ab");
	terminal_expect(terminal, "ab");

	/* MIN 0, TIME: waits that long for the first byte. */
	set_raw(terminal, 0, 1);
	start = now_ns();
	CHECK_EQ(read(terminal->fd, text, sizeof(text)), 0);
	CHECK(now_ns() - start >= 90000000);
	terminal_type(terminal, "c");
	terminal_expect(terminal, "c");

	/* MIN 3: waits for three. */
	set_raw(terminal, 3, 0);
	pid_t child = FORK();

	if (child == 0) {
		handle_signal(SIGTTOU, SIG_IGN, 0);
		for (int i = 0; i < 3; i++) {
			wait_until_blocked(getppid());
			terminal_type(terminal, "d");
		}
		_exit(0);
	}
	terminal_expect(terminal, "ddd");
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(fcntl(terminal->fd, F_SETFL, O_NONBLOCK), 0);
	CHECK_ERRNO(read(terminal->fd, text, sizeof(text)), EAGAIN);
	CHECK_EQ(fcntl(terminal->fd, F_SETFL, 0), 0);

	/* MIN 5, TIME: after the first byte a pause ends it. */
	set_raw(terminal, 5, 1);
	terminal_type(terminal, "ef");
	terminal_expect(terminal, "ef");

	/* A line typed in canonical mode is still there when the mode changes. */
	terminal_make_sane(terminal->fd);
	terminal_type(terminal, "line\n");
	set_raw(terminal, 1, 0);
	terminal_expect(terminal, "line\n");
}

int main(void)
{
	return terminal_run(body);
}

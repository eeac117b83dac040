/* Output processing and echo, read back from a pseudo-terminal's master. */
#include "terminal.h"

static void expect_output(struct terminal *terminal, const char *expected)
{
	char text[256];
	size_t size = 0;

	while (size < strlen(expected)) {
		struct pollfd poll_fd = { terminal->master, POLLIN, 0 };

		if (poll(&poll_fd, 1, 5000) != 1)
			break;
		ssize_t got = read(terminal->master, text + size, sizeof(text) - size);

		CHECK(got > 0);
		size += got;
	}
	if (size != strlen(expected) || memcmp(text, expected, size) != 0)
		FAIL("output \"%.*s\", not \"%s\"", (int)size, text, expected);
}

static void body(struct terminal *terminal)
{
	struct termios settings;

	if (terminal->master < 0)
		SKIP("no pseudo-terminals");
	CHECK_EQ(write(terminal->fd, "a\nb\n", 4), 4);
	expect_output(terminal, "a\r\nb\r\n");
	terminal_type(terminal, "hi\n");
	expect_output(terminal, "hi\r\n");
	terminal_expect(terminal, "hi\n");
	terminal_type(terminal, "ab\177c\001\n");
	expect_output(terminal, "ab\b \bc^A\r\n");
	terminal_expect(terminal, "ac\001\n");
	terminal_type(terminal, "xyz\025\n");
	expect_output(terminal, "xyz\b \b\b \b\b \b\r\n");
	terminal_expect(terminal, "\n");

	CHECK(tcgetattr(terminal->fd, &settings) == 0);
	settings.c_lflag &= ~ECHO;
	settings.c_oflag &= ~OPOST;
	CHECK(tcsetattr(terminal->fd, TCSANOW, &settings) == 0);
	terminal_type(terminal, "silent\n");
	terminal_expect(terminal, "silent\n");
	CHECK_EQ(write(terminal->fd, "x\ny", 3), 3);
	expect_output(terminal, "x\ny");

	/* ^S holds output back, ^Q lets it go. The line behind ^S shows that it has been seen. */
	terminal_type(terminal, "\023seen\n");
	terminal_expect(terminal, "seen\n");
	pid_t child = FORK();

	if (child == 0) {
		CHECK_EQ(write(terminal->fd, "held", 4), 4);
		_exit(0);
	}
	wait_until_blocked(child);
	struct pollfd poll_fd = { terminal->master, POLLIN, 0 };

	CHECK_EQ(poll(&poll_fd, 1, 0), 0);
	terminal_type(terminal, "\021");
	expect_output(terminal, "held");
	CHECK_EQ(wait_exit_status(child), 0);
}

int main(void)
{
	return terminal_run(body);
}

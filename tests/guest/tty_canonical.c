/*
 * Canonical input: whole lines, erase, word erase, kill, literal next, end of file, CR as newline.
 */
#include "terminal.h"

static void body(struct terminal *terminal)
{
	char byte;

	terminal_type(terminal, "hello\n");
	terminal_expect(terminal, "hello\n");
	terminal_type(terminal, "one\ntwo\n");
	terminal_expect(terminal, "one\n");
	terminal_expect(terminal, "two\n");
	terminal_type(terminal, "return\r");
	terminal_expect(terminal, "return\n");

	terminal_type(terminal, "helx\177lo\n");
	terminal_expect(terminal, "hello\n");
	terminal_type(terminal, "x\177\177\177y\n");
	terminal_expect(terminal, "y\n");
	terminal_type(terminal, "all of this\025that\n");
	terminal_expect(terminal, "that\n");
	terminal_type(terminal, "first second  \027third\n");
	terminal_expect(terminal, "first third\n");
	terminal_type(terminal, "a\026\003b\n");
	terminal_expect(terminal, "a\003b\n");

	/* End of file: nothing at the start of a line, a line without newline in the middle. */
	terminal_type(terminal, "\004");
	terminal_expect(terminal, "");
	terminal_type(terminal, "part\004");
	terminal_expect(terminal, "part");
	terminal_type(terminal, "after\n");
	terminal_expect(terminal, "after\n");

	/* A line is given in pieces if asked so. */
	terminal_type(terminal, "abc\n");
	CHECK_EQ(read(terminal->fd, &byte, 1), 1);
	CHECK_EQ(byte, 'a');
	terminal_expect(terminal, "bc\n");

	/* Nothing to read before the line is finished. */
	int available;

	CHECK_EQ(fcntl(terminal->fd, F_SETFL, O_NONBLOCK), 0);
	CHECK_ERRNO(read(terminal->fd, &byte, 1), EAGAIN);
	terminal_type(terminal, "unfinished");
	CHECK_ERRNO(read(terminal->fd, &byte, 1), EAGAIN);
	CHECK(ioctl(terminal->fd, FIONREAD, &available) == 0);
	CHECK_EQ(available, 0);
	terminal_type(terminal, "\n");
	terminal_wait_input(terminal);
	CHECK(ioctl(terminal->fd, FIONREAD, &available) == 0);
	CHECK_EQ(available, 11);
	terminal_expect(terminal, "unfinished\n");

	/* Flushing forgets what was typed. */
	terminal_type(terminal, "forgotten\n");
	terminal_wait_input(terminal);
	CHECK(tcflush(terminal->fd, TCIFLUSH) == 0);
	CHECK_ERRNO(read(terminal->fd, &byte, 1), EAGAIN);
}

int main(void)
{
	return terminal_run(body);
}

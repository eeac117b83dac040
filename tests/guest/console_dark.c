/*
 * A screen that was made dark stays so, whatever a program writes or sets, until it is told
 * otherwise. What is seen then driven/console asks: with an argument, "dark" or "light", this makes
 * the screen so.
 */
#include "check.h"
#include <sys/ioctl.h>

enum { LIGHT = 4, DARK = 14, IS_DARK = 15 };

static int fd;

static int ask(char request)
{
	return MUST(ioctl(fd, TIOCLINUX, &request));
}

static void print(const char *text)
{
	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

int main(int argc, char **argv)
{
	int number;

	fd = open("/dev/tty0", O_RDWR | O_NOCTTY);
	if (fd < 0)
		SKIP("no consoles here");
	if (argc > 1) {
		ask(strcmp(argv[1], "dark") == 0 ? DARK : LIGHT);
		return 0;
	}
	ask(LIGHT);
	ask(DARK);
	number = ask(IS_DARK);
	CHECK(number > 0);
	print("text");
	CHECK_EQ(ask(IS_DARK), number);
	print("\033]P0ff0000");
	CHECK_EQ(ask(IS_DARK), number);
	print("\033]R");
	CHECK_EQ(ask(IS_DARK), number);
	print("\033c");
	CHECK_EQ(ask(IS_DARK), number);
	ask(LIGHT);
	CHECK_EQ(ask(IS_DARK), 0);
	CHECK(close(fd) == 0);
	return 0;
}

/*
 * TIOCEXCL: a terminal that is in use exclusively is opened by the administrator alone; TIOCNXCL
 * ends it. Who has it open already goes on.
 */
#include "terminal.h"

static char name[64];

static bool is_exclusive(int fd)
{
	int value = -1;

	CHECK(ioctl(fd, TIOCGEXCL, &value) == 0);
	CHECK(value == 0 || value == 1);
	return value;
}

static void opens(void)
{
	CHECK(close(MUST(open(name, O_RDWR | O_NOCTTY))) == 0);
}

static void is_refused(void)
{
	CHECK_ERRNO(open(name, O_RDWR | O_NOCTTY), EBUSY);
	CHECK_ERRNO(open(name, O_RDONLY | O_NOCTTY | O_NONBLOCK), EBUSY);
}

static void user_may_ask(void)
{
	int fd = MUST(open(name, O_RDWR | O_NOCTTY));

	CHECK(ioctl(fd, TIOCEXCL) == 0);
	CHECK(is_exclusive(fd));
	is_refused();
	/* By its other name too: /dev/tty is no way around, being no terminal of ours. */
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK(ioctl(fd, TIOCNXCL) == 0);
	opens();
	CHECK(close(fd) == 0);
}

static void body(struct terminal *terminal)
{
	CHECK(ttyname_r(terminal->fd, name, sizeof(name)) == 0);
	CHECK(chmod(name, 0666) == 0);
	CHECK(!is_exclusive(terminal->fd));
	run_as(OTHER_UID, opens);
	CHECK(ioctl(terminal->fd, TIOCEXCL) == 0);
	CHECK(is_exclusive(terminal->fd));
	CHECK(ioctl(terminal->fd, TIOCEXCL) == 0);
	run_as(OTHER_UID, is_refused);
	opens();
	in_child(opens);
	terminal_type(terminal, "typed\n");
	terminal_wait_input(terminal);
	terminal_expect(terminal, "typed\n");
	CHECK(ioctl(terminal->fd, TIOCNXCL) == 0);
	CHECK(!is_exclusive(terminal->fd));
	run_as(OTHER_UID, opens);
	run_as(OTHER_UID, user_may_ask);
	CHECK(!is_exclusive(terminal->fd));
	CHECK_ERRNO(ioctl(terminal->fd, TIOCGEXCL, (int *)16), EFAULT);
}

int main(void)
{
	return terminal_run(body);
}

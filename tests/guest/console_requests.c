/*
 * TIOCLINUX: what a program can ask of the consoles by a byte; for others than the console's own
 * session only with the right to.
 */
#include "check.h"
#include <linux/kd.h>
#include <linux/vt.h>
#include <sys/ioctl.h>

enum {
	UNBLANK = 4, SHIFTS = 6, MOUSE = 7, POWER_SAVING = 10, SET_LOG = 11, FOREGROUND = 12,
	SCROLL = 13, BLANK = 14, IS_BLANK = 15, GET_LOG = 17,
};

static int fd;

/* `value` stands behind the byte. What is answered in memory takes the byte's place, alone. */
static int ask(int request, int value, int *answer)
{
	unsigned char bytes[12] = { request, value, 0xee };
	int result = ioctl(fd, TIOCLINUX, bytes);

	CHECK(bytes[1] == (unsigned char)value && bytes[2] == 0xee);
	if (answer)
		*answer = bytes[0];
	return result;
}

static int scroll(int lines)
{
	int words[2] = { SCROLL, lines };

	return ioctl(fd, TIOCLINUX, words);
}

static void unknown(void)
{
	static const int none[] = { 0, 1, 8, 9, 16, 18, 19, 255 };

	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		CHECK_ERRNO(ask(none[i], 0, NULL), EINVAL);
	CHECK_ERRNO(ioctl(fd, TIOCLINUX, NULL), EFAULT);
	CHECK_ERRNO(ioctl(fd, TIOCLINUX, (void *)0xd0000000), EFAULT);
}

static void answers(void)
{
	struct vt_stat state;
	int value = -1;

	MUST(ioctl(fd, VT_GETSTATE, &state));
	CHECK_EQ(ask(FOREGROUND, 0, NULL), state.v_active - 1);
	CHECK_EQ(ask(SHIFTS, 0, &value), 0);
	CHECK_EQ(value, 0);
	CHECK_EQ(ask(MOUSE, 0, &value), 0);
	CHECK_EQ(value, 0);
	CHECK_EQ(ask(POWER_SAVING, 0, NULL), 0);
	CHECK_EQ(scroll(-3), 0);
	CHECK_EQ(scroll(INT_MIN), 0);
	CHECK_EQ(scroll(INT_MAX), 0);
	CHECK_EQ(scroll(0), 0);
}

/* What setlogcons does. */
static void log_console(void)
{
	int value = -1;

	CHECK_EQ(ask(GET_LOG, 0, &value), 0);
	CHECK_EQ(value, 0);
	CHECK_EQ(ask(SET_LOG, 12, NULL), 0);
	CHECK_EQ(ask(GET_LOG, 0, &value), 0);
	CHECK_EQ(value, 12);
	CHECK_EQ(ask(SET_LOG, -1, NULL), 0);
	CHECK_EQ(ask(GET_LOG, 0, &value), 0);
	CHECK_EQ(value, 12);
	CHECK_EQ(ask(SET_LOG, 100, NULL), 0);	/* none such: the one in front */
	CHECK_EQ(ask(GET_LOG, 0, &value), 0);
	CHECK_EQ(value, 100);
	CHECK_EQ(ask(SET_LOG, 0, NULL), 0);
}

static void blanking(void)
{
	int number = 1 + ask(FOREGROUND, 0, NULL);

	CHECK_EQ(ask(IS_BLANK, 0, NULL), 0);
	CHECK_EQ(ask(UNBLANK, 0, NULL), 0);
	CHECK_EQ(ask(BLANK, 0, NULL), 0);
	CHECK_EQ(ask(IS_BLANK, 0, NULL), number);
	CHECK_EQ(ask(BLANK, 0, NULL), 0);
	CHECK(write(fd, "text\n", 5) == 5);
	CHECK_EQ(ask(IS_BLANK, 0, NULL), number);
	CHECK_EQ(ask(UNBLANK, 0, NULL), 0);
	CHECK_EQ(ask(IS_BLANK, 0, NULL), 0);
}

static void ordinary_user(void)
{
	pid_t pid = MUST(fork());

	if (pid == 0) {
		MUST(setuid(OTHER_UID));
		CHECK_ERRNO(ask(FOREGROUND, 0, NULL), EPERM);
		CHECK_ERRNO(ask(99, 0, NULL), EPERM);
		CHECK_ERRNO(ioctl(fd, TIOCLINUX, NULL), EPERM);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
	/* The console's own session may, but for the log. */
	pid = MUST(fork());
	if (pid == 0) {
		MUST(setsid());
		MUST(ioctl(fd, TIOCSCTTY, 0));
		MUST(setuid(OTHER_UID));
		CHECK_EQ(ask(IS_BLANK, 0, NULL), 0);
		CHECK_ERRNO(ask(SET_LOG, 0, NULL), EPERM);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
}

int main(void)
{
	int first = open("/dev/tty1", O_RDWR | O_NOCTTY), ends[2], other = fd;

	fd = open("/dev/tty12", O_RDWR | O_NOCTTY);
	if (fd < 0)
		SKIP("no consoles here");
	unknown();
	answers();
	log_console();
	blanking();
	ordinary_user();
	CHECK(pipe(ends) == 0);
	CHECK_ERRNO(ioctl(ends[0], TIOCLINUX, &other), ENOTTY);
	MUST(close(fd));
	fd = MUST(open("/dev/ptmx", O_RDWR | O_NOCTTY));
	CHECK_ERRNO(ask(FOREGROUND, 0, NULL), ENOTTY);
	(void)ioctl(first, VT_DISALLOCATE, 12); /* Linux may still be at closing it */
	return 0;
}

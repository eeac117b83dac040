/*
 * What a master can ask and be told of its slave: packet mode (TIOCPKT), the slave opened through
 * the master (TIOCGPTPEER), and the settings that a pair begins with.
 */
#include "terminal.h"
#include <sys/ioctl.h>

static int master, slave;

static void open_pair(void)
{
	master = posix_openpt(O_RDWR | O_NOCTTY);
	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		SKIP("no pseudo-terminals");
	slave = MUST(open(ptsname(master), O_RDWR | O_NOCTTY));
	CHECK(fcntl(master, F_SETFL, O_NONBLOCK) == 0);
}

static void set_packet(int on)
{
	int is_on = -1;

	CHECK(ioctl(master, TIOCPKT, &on) == 0);
	CHECK(ioctl(master, TIOCGPKT, &is_on) == 0);
	CHECK_EQ(is_on, on);
}

static int polled(int patience_ms)
{
	struct pollfd one = { .fd = master, .events = POLLIN | POLLPRI };

	CHECK(poll(&one, 1, patience_ms) >= 0);
	return one.revents;
}

/* The next read is one byte, these bits. */
static void expect_news(int bits)
{
	unsigned char bytes[8];

	/* Linux's keys take effect a moment after they were typed. */
	CHECK_EQ(polled(2000), POLLIN | POLLPRI);
	CHECK_EQ(read(master, bytes, sizeof(bytes)), 1);
	CHECK_EQ(bytes[0], bits);
	CHECK_EQ(polled(0), 0);
	CHECK_ERRNO(read(master, bytes, sizeof(bytes)), EAGAIN);
}

static void change(tcflag_t input, tcflag_t local, int start_key)
{
	struct termios settings;

	CHECK(tcgetattr(slave, &settings) == 0);
	settings.c_iflag ^= input;
	settings.c_lflag ^= local;
	settings.c_cc[VSTART] = start_key;
	CHECK(tcsetattr(slave, TCSANOW, &settings) == 0);
}

static void output(void)
{
	char bytes[8];

	set_packet(1);
	CHECK_EQ(polled(0), 0);
	CHECK(write(slave, "ab", 2) == 2);
	CHECK_EQ(polled(2000), POLLIN);
	CHECK_EQ(read(master, bytes, sizeof(bytes)), 3);
	CHECK(memcmp(bytes, "\0ab", 3) == 0);
	/* Without room for more, the first byte alone. */
	CHECK(write(slave, "c", 1) == 1);
	CHECK_EQ(read(master, bytes, 1), 1);
	CHECK_EQ(bytes[0], TIOCPKT_DATA);
	CHECK_EQ(read(master, bytes, sizeof(bytes)), 2);
	CHECK(memcmp(bytes, "\0c", 2) == 0);
}

static void news(void)
{
	char bytes[8];

	CHECK(tcflow(slave, TCOOFF) == 0);
	expect_news(TIOCPKT_STOP);
	CHECK(tcflow(slave, TCOON) == 0);
	expect_news(TIOCPKT_START);
	/* What undoes each other: the last counts. */
	CHECK(tcflow(slave, TCOOFF) == 0 && tcflow(slave, TCOON) == 0);
	expect_news(TIOCPKT_START);
	CHECK(tcflow(slave, TCOON) == 0);
	CHECK_EQ(polled(0), 0);
	CHECK(tcflush(slave, TCIFLUSH) == 0);
	expect_news(TIOCPKT_FLUSHREAD);
	CHECK(tcflush(slave, TCIOFLUSH) == 0);
	expect_news(TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE);
	/* ^S that is typed stops it as well. */
	CHECK(write(master, "\023", 1) == 1);
	expect_news(TIOCPKT_STOP);
	CHECK(write(master, "\021", 1) == 1);
	expect_news(TIOCPKT_START);
	/* News come before output. */
	CHECK(write(slave, "d", 1) == 1);
	CHECK(tcflush(slave, TCIFLUSH) == 0);
	CHECK_EQ(read(master, bytes, sizeof(bytes)), 1);
	CHECK_EQ(read(master, bytes, sizeof(bytes)), 2);
}

static void settings(void)
{
	change(IXON, 0, 021);
	expect_news(TIOCPKT_NOSTOP);
	change(IXON, 0, 021);
	expect_news(TIOCPKT_DOSTOP);
	change(0, 0, 'q');
	expect_news(TIOCPKT_NOSTOP);
	change(0, 0, 021);
	expect_news(TIOCPKT_DOSTOP);
	change(0, ECHO, 021);
	CHECK_EQ(polled(0), 0);
	change(0, EXTPROC, 021);
	expect_news(TIOCPKT_IOCTL);
	change(0, EXTPROC, 021);
	expect_news(TIOCPKT_IOCTL);
}

/* Out of packet mode nothing is noted, and what was is forgotten. */
static void off_and_on(void)
{
	char bytes[8];

	CHECK(tcflush(slave, TCIFLUSH) == 0);
	set_packet(0);
	CHECK_EQ(polled(0), 0);
	CHECK(tcflow(slave, TCOOFF) == 0 && tcflow(slave, TCOON) == 0);
	CHECK(write(slave, "e", 1) == 1);
	CHECK_EQ(read(master, bytes, sizeof(bytes)), 1);
	CHECK_EQ(bytes[0], 'e');
	set_packet(1);
	CHECK_EQ(polled(0), 0);
	set_packet(0);
	CHECK_ERRNO(ioctl(slave, TIOCPKT, bytes), ENOTTY);
	CHECK_ERRNO(ioctl(slave, TIOCGPKT, bytes), ENOTTY);
	CHECK_ERRNO(ioctl(master, TIOCPKT, NULL), EFAULT);
}

static void peer(void)
{
	struct stat by_name, by_master;
	int locked = 1, other = MUST(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
	int pipe_ends[2];

	CHECK(fstat(slave, &by_name) == 0);
	CHECK(fstat(other, &by_master) == 0);
	CHECK_EQ(by_master.st_rdev, by_name.st_rdev);
	CHECK_EQ(by_master.st_ino, by_name.st_ino);
	CHECK_EQ(fcntl(other, F_GETFD), FD_CLOEXEC);
	CHECK(write(other, "f", 1) == 1);
	CHECK(close(other) == 0);
	CHECK_ERRNO(ioctl(slave, TIOCGPTPEER, O_RDWR), EIO);
	CHECK(ioctl(master, TIOCSPTLCK, &locked) == 0);
	CHECK_ERRNO(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY), EIO);
	CHECK(pipe(pipe_ends) == 0);
	CHECK_ERRNO(ioctl(pipe_ends[0], TIOCGPTPEER, O_RDWR), ENOTTY);
}

static void first_settings(void)
{
	struct termios settings;

	CHECK(tcgetattr(slave, &settings) == 0);
	CHECK_EQ(settings.c_cflag, B38400 | CS8 | CREAD);
	settings.c_cflag = B38400 | CS7 | PARENB | HUPCL;
	CHECK(tcsetattr(slave, TCSANOW, &settings) == 0);
	CHECK(tcgetattr(slave, &settings) == 0);
	CHECK_EQ(settings.c_cflag, B38400 | CS8 | CREAD | HUPCL);
}

int main(void)
{
	open_pair();
	first_settings();
	output();
	news();
	settings();
	off_and_on();
	peer();
	return 0;
}

/*
 * Pseudo-terminals: names, what each side sees when the other goes, much data both ways, and that
 * nobody opens a slave that is locked.
 */
#include "terminal.h"
#include <dirent.h>

static int open_slave(int master)
{
	return MUST(open(ptsname(master), O_RDWR | O_NOCTTY));
}

static void make_raw(int fd)
{
	struct termios settings;

	CHECK(tcgetattr(fd, &settings) == 0);
	cfmakeraw(&settings);
	CHECK(tcsetattr(fd, TCSANOW, &settings) == 0);
}

static bool is_listed(const char *wanted)
{
	DIR *directory = opendir("/dev/pts");
	bool found = false;

	CHECK(directory != NULL);
	for (struct dirent *entry; (entry = readdir(directory));)
		found |= strcmp(entry->d_name, wanted) == 0;
	closedir(directory);
	return found;
}

static void names(int master)
{
	const char *path = ptsname(master);
	char name[64];
	struct stat status;
	int number;

	CHECK(ioctl(master, TIOCGPTN, &number) == 0);
	snprintf(name, sizeof(name), "/dev/pts/%d", number);
	CHECK(strcmp(path, name) == 0);
	CHECK(stat(path, &status) == 0);
	CHECK(S_ISCHR(status.st_mode));
	CHECK_EQ(status.st_uid, getuid());
	CHECK(is_listed(name + strlen("/dev/pts/")));
	CHECK(chmod(path, 0600) == 0);
	CHECK(stat(path, &status) == 0);
	CHECK_EQ(status.st_mode & 0777, 0600);
	CHECK_ERRNO(open("/dev/pts/4000000", O_RDWR), ENOENT);
}

static void locking(void)
{
	int master = MUST(open("/dev/ptmx", O_RDWR | O_NOCTTY));
	int lock = 0;

	CHECK_ERRNO(open(ptsname(master), O_RDWR | O_NOCTTY), EIO);
	CHECK(ioctl(master, TIOCSPTLCK, &lock) == 0);
	close(open_slave(master));
	close(master);
}

/* What was written before the slave was closed is still read; then EIO, until it is opened anew. */
static void slave_leaves(int master)
{
	struct pollfd poll_fd = { master, POLLIN, 0 };
	char text[16];
	int slave = open_slave(master);

	make_raw(slave);
	CHECK_EQ(poll(&poll_fd, 1, 0), 0);
	CHECK_EQ(write(slave, "last", 4), 4);
	close(slave);
	CHECK_EQ(poll(&poll_fd, 1, -1), 1);
	CHECK_EQ(poll_fd.revents, POLLIN | POLLHUP);
	CHECK_EQ(read(master, text, sizeof(text)), 4);
	CHECK_ERRNO(read(master, text, sizeof(text)), EIO);
	slave = open_slave(master);
	CHECK_EQ(poll(&poll_fd, 1, 0), 0);
	CHECK_EQ(fcntl(master, F_SETFL, O_NONBLOCK), 0);
	CHECK_ERRNO(read(master, text, sizeof(text)), EAGAIN);
	CHECK_EQ(fcntl(master, F_SETFL, 0), 0);
	close(slave);
}

static void master_leaves(void)
{
	int master = MUST(posix_openpt(O_RDWR | O_NOCTTY));
	struct pollfd poll_fd = { -1, POLLIN | POLLOUT, 0 };
	char path[64], byte;

	CHECK(grantpt(master) == 0 && unlockpt(master) == 0);
	snprintf(path, sizeof(path), "%s", ptsname(master));
	poll_fd.fd = open_slave(master);
	close(master);
	CHECK_EQ(read(poll_fd.fd, &byte, 1), 0);
	CHECK_ERRNO(write(poll_fd.fd, "x", 1), EIO);
	CHECK_EQ(poll(&poll_fd, 1, 0), 1);
	CHECK(poll_fd.revents & POLLHUP);
	CHECK(open(path, O_RDWR | O_NOCTTY) < 0);
	close(poll_fd.fd);
}

enum { TOTAL = 200000 };

static void send_pattern(int fd)
{
	unsigned char bytes[777];

	for (int sent = 0; sent < TOTAL;) {
		int size = TOTAL - sent < (int)sizeof(bytes) ? TOTAL - sent : (int)sizeof(bytes);

		for (int i = 0; i < size; i++)
			bytes[i] = (sent + i) % 251;
		ssize_t written = write(fd, bytes, size);

		CHECK(written > 0);
		sent += written;
	}
}

static void expect_pattern(int fd)
{
	unsigned char bytes[1000];

	for (int got = 0; got < TOTAL;) {
		ssize_t size = read(fd, bytes, sizeof(bytes));

		CHECK(size > 0);
		for (int i = 0; i < size; i++)
			CHECK_EQ(bytes[i], (got + i) % 251);
		got += size;
	}
}

/* Neither side loses a byte, however full the other is. */
static void much_data(int master)
{
	int slave = open_slave(master);
	pid_t child;

	make_raw(slave);
	child = FORK();
	if (child == 0) {
		send_pattern(slave);
		expect_pattern(slave);
		_exit(0);
	}
	expect_pattern(master);
	send_pattern(master);
	CHECK_EQ(wait_exit_status(child), 0);
	close(slave);
}

int main(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	if (master < 0 || grantpt(master) < 0 || unlockpt(master) < 0)
		SKIP("no pseudo-terminals");
	names(master);
	locking();
	slave_leaves(master);
	master_leaves();
	much_data(master);
	return 0;
}

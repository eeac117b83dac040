/*
 * inotify: how watches are made, changed and ended, the queue and its limits, reading, and all that
 * the calls refuse.
 */
#include "inotify.h"
#include <sys/mount.h>

static char buffer[65536] __attribute__((aligned(8)));

static void refuse(void)
{
	int fd, file, path;

	CHECK_ERRNO(inotify_init1(1), EINVAL);
	CHECK_ERRNO(inotify_init1(IN_NONBLOCK | O_APPEND), EINVAL);
	fd = MUST(inotify_init1(IN_CLOEXEC));
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(fd, F_GETFL), O_RDONLY);
	CHECK(close(fd) == 0);
	fd = MUST(inotify_init1(IN_NONBLOCK));
	CHECK_EQ(fcntl(fd, F_GETFL), O_RDONLY | O_NONBLOCK);
	file = MUST(open("file", O_CREAT | O_RDWR, 0644));
	path = MUST(open("file", O_PATH));
	CHECK_ERRNO(inotify_add_watch(fd, "file", 0), EINVAL);
	CHECK_ERRNO(inotify_add_watch(-1, "file", 0), EINVAL);
	CHECK_ERRNO(inotify_add_watch(-1, "file", 0x1000 | IN_OPEN), EINVAL);
	CHECK_ERRNO(inotify_add_watch(-1, "none", IN_OPEN), EBADF);
	CHECK_ERRNO(inotify_add_watch(-1, "file", IN_MASK_ADD | IN_MASK_CREATE | 1), EBADF);
	CHECK_ERRNO(inotify_add_watch(file, "none", IN_OPEN), EINVAL);
	CHECK_ERRNO(inotify_add_watch(path, "none", IN_OPEN), EBADF);
	CHECK_ERRNO(inotify_add_watch(fd, "none", IN_MASK_ADD | IN_MASK_CREATE | 1), EINVAL);
	CHECK_ERRNO(inotify_add_watch(fd, "none", IN_OPEN), ENOENT);
	CHECK_ERRNO(inotify_add_watch(fd, "", IN_OPEN), ENOENT);
	CHECK_ERRNO(inotify_add_watch(fd, "file", IN_OPEN | IN_ONLYDIR), ENOTDIR);
	CHECK_ERRNO(inotify_add_watch(fd, (char *)1, IN_OPEN), EFAULT);
	CHECK_ERRNO(inotify_rm_watch(-1, 1), EBADF);
	CHECK_ERRNO(inotify_rm_watch(file, 1), EINVAL);
	CHECK_ERRNO(inotify_rm_watch(path, 1), EBADF);
	CHECK_ERRNO(inotify_rm_watch(fd, 1), EINVAL);
	CHECK_ERRNO(inotify_rm_watch(fd, 0), EINVAL);
	CHECK_ERRNO(inotify_rm_watch(fd, -1), EINVAL);
	CHECK_ERRNO(read(fd, buffer, sizeof(buffer)), EAGAIN);
	CHECK_ERRNO(read(fd, buffer, 0), EAGAIN);
	CHECK_ERRNO(write(fd, buffer, 1), EBADF);
	CHECK_ERRNO(pread(fd, buffer, 64, 0), ESPIPE);
	CHECK_ERRNO(ioctl(fd, 0x5401 /* TCGETS */, buffer), ENOTTY);
	/* Whoever may not read a file may not watch it. */
	CHECK(fchmod(file, 0200) == 0);
	CHECK(setresuid(-1, OTHER_UID, -1) == 0);
	CHECK_ERRNO(inotify_add_watch(fd, "file", IN_OPEN), EACCES);
	CHECK(setresuid(-1, 0, -1) == 0);
	CHECK(close(path) == 0);
	CHECK(close(file) == 0);
	CHECK(close(fd) == 0);
}

static void touch(const char *name)
{
	CHECK(chmod(name, 0644) == 0);
}

static void open_and_close(const char *name)
{
	CHECK(close(MUST(open(name, O_RDONLY))) == 0);
}

static void change(void)
{
	int fd = MUST(inotify_init1(IN_NONBLOCK));

	CHECK_EQ(inotify_add_watch(fd, "file", IN_OPEN), 1);
	open_and_close("file");
	EXPECT_EVENTS(fd, "1:OPEN");
	CHECK_EQ(inotify_add_watch(fd, "file", IN_ATTRIB | IN_MASK_ADD), 1);
	open_and_close("file");
	touch("file");
	EXPECT_EVENTS(fd, "1:OPEN 1:ATTRIB");
	CHECK_EQ(inotify_add_watch(fd, "file", IN_CLOSE), 1);
	open_and_close("file");
	EXPECT_EVENTS(fd, "1:CLOSE");
	CHECK_ERRNO(inotify_add_watch(fd, "file", IN_OPEN | IN_MASK_CREATE), EEXIST);
	CHECK(symlink("file", "symlink") == 0);
	CHECK_EQ(inotify_add_watch(fd, "symlink", IN_OPEN), 1);
	CHECK_EQ(inotify_add_watch(fd, "symlink", IN_DELETE_SELF | IN_DONT_FOLLOW), 2);
	CHECK(unlink("symlink") == 0);
	EXPECT_EVENTS(fd, "2:DELETE_SELF 2:IGNORED");
	CHECK(inotify_rm_watch(fd, 1) == 0);
	EXPECT_EVENTS(fd, "1:IGNORED");
	CHECK_ERRNO(inotify_rm_watch(fd, 1), EINVAL);
	open_and_close("file");
	EXPECT_EVENTS(fd, "");
	/* Numbers are not used again. */
	CHECK_EQ(inotify_add_watch(fd, "file", IN_OPEN | IN_MASK_CREATE), 3);
	CHECK(inotify_rm_watch(fd, 3) == 0);
	CHECK_EQ(inotify_add_watch(fd, "file", IN_OPEN | IN_CLOSE | IN_ONESHOT), 4);
	open_and_close("file");
	EXPECT_EVENTS(fd, "3:IGNORED 4:OPEN 4:IGNORED");
	CHECK_ERRNO(inotify_rm_watch(fd, 4), EINVAL);
	/* What is unasked is told, what means nothing is taken. */
	CHECK_EQ(inotify_add_watch(fd, "file", IN_IGNORED), 5);
	open_and_close("file");
	EXPECT_EVENTS(fd, "");
	CHECK(close(fd) == 0);
}

static void unlinked_children(uint32_t mask, const char *expected)
{
	int fd = MUST(inotify_init1(IN_NONBLOCK)), file;

	CHECK(mkdir("directory", 0755) == 0);
	file = MUST(open("directory/f", O_CREAT | O_RDWR, 0644));
	CHECK_EQ(inotify_add_watch(fd, "directory", mask), 1);
	CHECK_EQ(write(file, "1", 1), 1);
	CHECK(unlink("directory/f") == 0);
	CHECK_EQ(write(file, "1", 1), 1);
	CHECK(fchmod(file, 0600) == 0);
	CHECK(close(file) == 0);
	EXPECT_EVENTS(fd, expected);
	CHECK(close(fd) == 0);
	CHECK(rmdir("directory") == 0);
}

static void reading(void)
{
	int fd = MUST(inotify_init1(IN_NONBLOCK)), bytes;
	struct pollfd poll_fd = { fd, POLLIN | POLLOUT, 0 };
	struct inotify_event *event = (struct inotify_event *)buffer;

	CHECK_EQ(inotify_add_watch(fd, ".", IN_ATTRIB), 1);
	CHECK_EQ(inotify_add_watch(fd, "file", IN_ATTRIB), 2);
	CHECK_EQ(poll(&poll_fd, 1, 0), 0);
	CHECK(ioctl(fd, FIONREAD, &bytes) == 0);
	CHECK_EQ(bytes, 0);
	touch("file");
	CHECK_EQ(poll(&poll_fd, 1, 0), 1);
	CHECK_EQ(poll_fd.revents, POLLIN);
	CHECK(ioctl(fd, FIONREAD, &bytes) == 0);
	CHECK_EQ(bytes, 48);
	CHECK_ERRNO(ioctl(fd, FIONREAD, NULL), EFAULT);
	CHECK_ERRNO(read(fd, buffer, 31), EINVAL);
	CHECK_ERRNO(read(fd, buffer, 0), EINVAL);
	memset(buffer, 0xff, sizeof(buffer));
	CHECK_EQ(read(fd, buffer, 47), 32);
	CHECK_EQ(event->wd, 1);
	CHECK_EQ(event->len, 16);
	CHECK(memcmp(event->name, "file\0\0\0\0\0\0\0\0\0\0\0\0", 16) == 0);
	/* What cannot be told is lost. */
	CHECK_ERRNO(syscall(SYS_read, fd, 8, 64), EFAULT);
	CHECK_ERRNO(read(fd, buffer, 64), EAGAIN);
	/* One event like the last one adds nothing; another between them does. */
	for (int i = 0; i < 3; i++)
		CHECK(chmod(".", 0755) == 0);
	EXPECT_EVENTS(fd, "1:ATTRIB:DIR");
	touch("file");
	touch("file");
	EXPECT_EVENTS(fd, "1:ATTRIB:file 2:ATTRIB 1:ATTRIB:file 2:ATTRIB");
	/* A name of 15 bytes fills up one unit, one of 16 needs the next. */
	int made = MUST(open("123456789012345", O_CREAT | O_WRONLY, 0644));

	CHECK(fchmod(made, 0600) == 0);
	CHECK_EQ(read(fd, buffer, 64), 32);
	CHECK(rename("123456789012345", "1234567890123456") == 0);
	CHECK(fchmod(made, 0600) == 0);
	CHECK_EQ(read(fd, buffer, 64), 48);
	CHECK(close(made) == 0);
	CHECK(unlink("1234567890123456") == 0);
	CHECK(close(fd) == 0);
}

static unsigned int limit(const char *name, int set)
{
	char path[100], text[20];
	unsigned int value;

	snprintf(path, sizeof(path), "/proc/sys/fs/inotify/%s", name);
	int fd = MUST(open(path, set >= 0 ? O_WRONLY : O_RDONLY));

	if (set >= 0) {
		snprintf(text, sizeof(text), "%d\n", set);
		CHECK_EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
		value = set;
	} else {
		CHECK(read(fd, text, sizeof(text)) > 0);
		value = strtoul(text, NULL, 10);
	}
	CHECK(close(fd) == 0);
	return value;
}

static void limits(void)
{
	unsigned int events = limit("max_queued_events", -1);
	unsigned int instances = limit("max_user_instances", -1);
	unsigned int watches = limit("max_user_watches", -1);
	int fds[10], count = 0;

	CHECK_EQ(events, 16384);
	CHECK_EQ(instances, 128);
	CHECK(watches >= 8192);

	/* The last place in the queue, and then the overflow, once. */
	limit("max_queued_events", 3);
	fds[0] = MUST(inotify_init1(IN_NONBLOCK));
	limit("max_queued_events", events);
	CHECK_EQ(inotify_add_watch(fds[0], "file", IN_OPEN | IN_CLOSE), 1);
	for (int i = 0; i < 5; i++)
		open_and_close("file");
	EXPECT_EVENTS(fds[0], "1:OPEN 1:CLOSE 1:OPEN -1:OVERFLOW");
	open_and_close("file");
	open_and_close("file");
	CHECK(inotify_rm_watch(fds[0], 1) == 0);
	EXPECT_EVENTS(fds[0], "1:OPEN 1:CLOSE 1:OPEN -1:OVERFLOW");

	/* Limits are each user's own. */
	CHECK(setresuid(OTHER_UID, OTHER_UID, 0) == 0);
	CHECK(setresuid(-1, 0, -1) == 0);
	limit("max_user_instances", 4);
	CHECK(setresuid(-1, OTHER_UID, -1) == 0);
	for (count = 1; count < 5; count++)
		fds[count] = MUST(inotify_init1(IN_NONBLOCK));
	CHECK_ERRNO(inotify_init1(0), EMFILE);
	CHECK(close(fds[--count]) == 0);
	fds[count++] = MUST(inotify_init1(IN_NONBLOCK));
	CHECK(setresuid(-1, 0, -1) == 0);
	limit("max_user_instances", instances);
	limit("max_user_watches", 2);
	CHECK(setresuid(-1, OTHER_UID, -1) == 0);
	CHECK_EQ(inotify_add_watch(fds[1], "/", IN_OPEN), 1);
	CHECK_EQ(inotify_add_watch(fds[2], "/", IN_OPEN), 1);
	CHECK_ERRNO(inotify_add_watch(fds[3], "/", IN_OPEN), ENOSPC);
	CHECK_EQ(inotify_add_watch(fds[2], "/", IN_CLOSE), 1);
	CHECK(close(fds[1]) == 0);
	MUST(inotify_add_watch(fds[3], "/", IN_OPEN));
	CHECK(setresuid(0, 0, 0) == 0);
	limit("max_user_watches", watches);
	CHECK(close(fds[0]) == 0);
	for (int i = 2; i < count; i++)
		CHECK(close(fds[i]) == 0);
}

static void unmounting(void)
{
	int fd = MUST(inotify_init1(IN_NONBLOCK));

	CHECK(mkdir("mnt", 0755) == 0);
	CHECK(mount("none", "mnt", "tmpfs", 0, NULL) == 0);
	write_file("mnt/f", "x");
	CHECK_EQ(inotify_add_watch(fd, "mnt/f", IN_OPEN), 1);
	CHECK(umount("mnt") == 0);
	EXPECT_EVENTS(fd, "1:UNMOUNT 1:IGNORED");
	CHECK(mount("none", "mnt", "tmpfs", 0, NULL) == 0);
	CHECK_EQ(inotify_add_watch(fd, "mnt", IN_OPEN), 2);
	CHECK(umount("mnt") == 0);
	EXPECT_EVENTS(fd, "2:UNMOUNT:DIR 2:IGNORED");
	/* Closed, and the mount still goes. */
	CHECK(mount("none", "mnt", "tmpfs", 0, NULL) == 0);
	CHECK_EQ(inotify_add_watch(fd, "mnt", IN_OPEN), 3);
	CHECK(close(fd) == 0);
	CHECK(umount("mnt") == 0);
	CHECK(rmdir("mnt") == 0);
}

static void waiting(void)
{
	int fd = MUST(inotify_init());
	pid_t child;

	CHECK_EQ(inotify_add_watch(fd, "file", IN_ATTRIB), 1);
	child = FORK();
	if (child == 0) {
		wait_until_blocked(getppid());
		touch("file");
		_exit(0);
	}
	CHECK_EQ(read(fd, buffer, sizeof(buffer)), 16);
	CHECK_EQ(wait_exit_status(child), 0);
	child = FORK();
	if (child == 0) {
		(void)!read(fd, buffer, sizeof(buffer));
		_exit(1);
	}
	wait_until_blocked(child);
	CHECK(kill(child, SIGKILL) == 0);
	expect_signal_death(child, SIGKILL);
	CHECK(close(fd) == 0);
}

int main(void)
{
	refuse();
	change();
	unlinked_children(IN_MODIFY | IN_ATTRIB | IN_CLOSE,
			  "1:MODIFY:f 1:ATTRIB:f 1:CLOSE_WRITE:f");
	unlinked_children(IN_MODIFY | IN_ATTRIB | IN_CLOSE | IN_EXCL_UNLINK,
			  "1:MODIFY:f 1:ATTRIB:f");
	reading();
	limits();
	unmounting();
	waiting();
	return 0;
}

/*
 * /proc/PID/fdinfo: what is told of every open file, and what epoll, eventfd, inotify, signalfd and
 * timerfd add of their own; who may see it.
 */
#include "check.h"
#include <dirent.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

static char text[4096];

static const char *info_of(pid_t pid, int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
	int info = MUST(open(path, O_RDONLY));
	ssize_t got = MUST(read(info, text, sizeof(text) - 1));

	text[got] = 0;
	CHECK(close(info) == 0);
	return text;
}

/* The line that begins with `name`, without it; blanks are skipped. */
static const char *value_of(int fd, const char *name)
{
	const char *found = strstr(info_of(getpid(), fd), name);

	if (!found || (found > text && found[-1] != '\n'))
		FAIL("no %s in: %s", name, text);
	found += strlen(name);
	while (*found == ' ' || *found == '\t')
		found++;
	return found;
}

static void every_file(void)
{
	int fd = MUST(open("file", O_CREAT | O_RDWR | O_APPEND | O_LARGEFILE, 0644));
	struct stat status;

	CHECK_EQ(write(fd, "12345", 5), 5);
	CHECK(fstat(fd, &status) == 0);
	CHECK(strncmp(info_of(getpid(), fd), "pos:\t5\nflags:\t0102002\nmnt_id:\t", 30) == 0);
	CHECK_EQ(strtoull(value_of(fd, "ino:\t"), NULL, 10), status.st_ino);
	CHECK_EQ(lseek(fd, 3, SEEK_SET), 3);
	CHECK_EQ(atoi(value_of(fd, "pos:")), 3);
	CHECK(fcntl(fd, F_SETFD, FD_CLOEXEC) == 0);
	CHECK_EQ(strtoul(value_of(fd, "flags:"), NULL, 8), 02102002);
	CHECK(close(fd) == 0);
	fd = MUST(open("file", O_PATH));
	CHECK_EQ(strtoul(value_of(fd, "flags:"), NULL, 8) & O_PATH, O_PATH);
	CHECK(close(fd) == 0);
}

static void events(void)
{
	int event = MUST(eventfd(10, 0)), epoll = MUST(epoll_create1(0));
	int inotify = MUST(inotify_init()), timer = MUST(timerfd_create(CLOCK_MONOTONIC, 0));
	struct epoll_event watch = { .events = EPOLLIN | EPOLLET, .data.u64 = 0xabcdef };
	unsigned int fd, mask, number;
	struct stat status;
	unsigned long long inode;
	sigset_t set;

	CHECK_EQ(strtoul(value_of(event, "eventfd-count:"), NULL, 16), 10);
	CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, event, &watch) == 0);
	CHECK_EQ(sscanf(value_of(epoll, "tfd:"), "%u events: %x data: %llx", &fd, &mask, &inode),
		 3);
	CHECK_EQ(fd, event);
	CHECK_EQ(mask, EPOLLIN | EPOLLET | EPOLLERR | EPOLLHUP);
	CHECK_EQ(inode, 0xabcdef);
	CHECK(stat("file", &status) == 0);
	CHECK_EQ(inotify_add_watch(inotify, "file", IN_OPEN | IN_ATTRIB), 1);
	CHECK_EQ(sscanf(value_of(inotify, "inotify wd:"), "%x ino:%llx sdev:%*x mask:%x", &number,
			&inode, &mask), 3);
	CHECK_EQ(number, 1);
	CHECK_EQ(inode, status.st_ino);
	CHECK_EQ(mask, IN_OPEN | IN_ATTRIB);
	CHECK_EQ(atoi(value_of(timer, "clockid:")), CLOCK_MONOTONIC);
	CHECK(strncmp(value_of(timer, "it_value:"), "(0, 0)", 6) == 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	fd = MUST(signalfd(-1, &set, 0));
	CHECK_EQ(strtoull(value_of(fd, "sigmask:"), NULL, 16), 1ull << (SIGUSR1 - 1));
	close(fd);
	close(event);
	close(epoll);
	close(inotify);
	close(timer);
}

static void directory(void)
{
	DIR *dir = opendir("/proc/self/fdinfo");
	struct dirent *entry;
	int count = 0;

	CHECK(dir != NULL);
	while ((entry = readdir(dir)))
		count += entry->d_type == DT_REG;
	CHECK(closedir(dir) == 0);
	CHECK_EQ(count, 4);	/* 0, 1, 2 and the directory */
	CHECK_ERRNO(open("/proc/self/fdinfo/77", O_RDONLY), ENOENT);
	CHECK_ERRNO(open("/proc/self/fdinfo/x", O_RDONLY), ENOENT);
}

/* Who may not trace us does not see what we have open. A file that is closed is gone. */
static void others(void)
{
	int fd = MUST(dup(0)), info;
	char path[64], byte;
	pid_t child;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/0", getpid());
	child = FORK();
	if (child == 0) {
		CHECK(setresgid(OTHER_GID, OTHER_GID, OTHER_GID) == 0);
		CHECK(setresuid(OTHER_UID, OTHER_UID, OTHER_UID) == 0);
		CHECK_ERRNO(open(path, O_RDONLY), EACCES);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = MUST(open(path, O_RDONLY));
	CHECK(close(fd) == 0);
	CHECK_ERRNO(read(info, &byte, 1), ENOENT);
	CHECK_ERRNO(open(path, O_RDONLY), ENOENT);
	CHECK(close(info) == 0);
}

int main(void)
{
	for (int fd = 3; fd < 20; fd++)
		close(fd);
	every_file();
	events();
	directory();
	others();
	return 0;
}

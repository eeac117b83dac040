/*
 * fcntl's F_NOTIFY: signals for what happens in a directory; each kind, once or for good, who hears
 * it, and when it ends.
 */
#include "check.h"
#include <sys/time.h>

#define DIRECTORY "watched"

static volatile sig_atomic_t count;
static volatile siginfo_t last;

static void on_signal(int signal, siginfo_t *info, void *context)
{
	(void)context;
	last.si_signo = signal;
	last.si_code = info->si_code;
	last.si_fd = info->si_fd;
	last.si_band = info->si_band;
	count++;
}

/* How many came since the last time; a signal is there when the call that caused it returns. */
static int heard(void)
{
	int number = count;

	count = 0;
	return number;
}

static int watch(unsigned long kinds)
{
	int fd = MUST(open(DIRECTORY, O_RDONLY | O_DIRECTORY));

	CHECK(fcntl(fd, F_NOTIFY, kinds) == 0);
	heard();
	return fd;
}

/* The signal may come while we wait. */
static void wait_uninterrupted(pid_t child, int *status)
{
	while (waitpid(child, status, 0) != child)
		CHECK_EQ(errno, EINTR);
}

static void touch(const char *path)
{
	close(MUST(open(path, O_WRONLY | O_CREAT, 0644)));
}

static void one_kind(void)
{
	char byte;
	int file, fd;

	fd = watch(DN_CREATE | DN_MULTISHOT);
	touch(DIRECTORY "/a");
	CHECK_EQ(heard(), 1);
	touch(DIRECTORY "/a"); /* is there already */
	CHECK_EQ(heard(), 0);
	CHECK(mkdir(DIRECTORY "/sub", 0755) == 0);
	CHECK_EQ(heard(), 1);
	touch(DIRECTORY "/sub/inner"); /* not in the directory itself */
	CHECK(rename(DIRECTORY "/sub/inner", DIRECTORY "/b") == 0);
	CHECK_EQ(heard(), 1);
	CHECK(link(DIRECTORY "/b", DIRECTORY "/c") == 0);
	CHECK_EQ(heard(), 1);
	close(fd);

	fd = watch(DN_MODIFY | DN_MULTISHOT);
	file = MUST(open(DIRECTORY "/a", O_RDWR));
	CHECK_EQ(heard(), 0);
	CHECK_EQ(write(file, "x", 1), 1);
	CHECK_EQ(heard(), 1);
	CHECK(ftruncate(file, 5) == 0);
	CHECK_EQ(heard(), 1);
	close(fd);

	fd = watch(DN_ACCESS | DN_MULTISHOT);
	CHECK_EQ(pread(file, &byte, 1, 0), 1);
	CHECK_EQ(heard(), 1);
	close(fd);

	fd = watch(DN_ATTRIB | DN_MULTISHOT);
	CHECK(fchmod(file, 0600) == 0);
	CHECK_EQ(heard(), 1);
	CHECK(chmod(DIRECTORY, 0700) == 0); /* the directory's own count, too */
	CHECK_EQ(heard(), 1);
	close(fd);
	close(file);

	fd = watch(DN_RENAME | DN_MULTISHOT);
	CHECK(rename(DIRECTORY "/c", DIRECTORY "/d") == 0);
	CHECK_EQ(heard(), 1);
	CHECK(rename(DIRECTORY "/d", DIRECTORY "/sub/d") == 0); /* away: that is DN_DELETE */
	CHECK_EQ(heard(), 0);
	close(fd);

	fd = watch(DN_DELETE | DN_MULTISHOT);
	CHECK(rename(DIRECTORY "/b", DIRECTORY "/sub/b") == 0);
	CHECK_EQ(heard(), 1);
	CHECK(unlink(DIRECTORY "/a") == 0);
	CHECK_EQ(heard(), 1);
	close(fd);
	CHECK(unlink(DIRECTORY "/sub/b") == 0 && unlink(DIRECTORY "/sub/d") == 0);
	CHECK(rmdir(DIRECTORY "/sub") == 0);
	CHECK_EQ(heard(), 0); /* closed */
}

static void how_long(void)
{
	int fd = watch(DN_CREATE | DN_DELETE), other;

	touch(DIRECTORY "/a");
	CHECK_EQ(heard(), 1);
	CHECK(unlink(DIRECTORY "/a") == 0); /* once only */
	CHECK_EQ(heard(), 0);
	CHECK(fcntl(fd, F_NOTIFY, DN_CREATE | DN_MULTISHOT) == 0);
	CHECK(fcntl(fd, F_NOTIFY, DN_DELETE) == 0); /* in addition */
	touch(DIRECTORY "/a");
	CHECK(unlink(DIRECTORY "/a") == 0);
	CHECK_EQ(heard(), 2);
	CHECK(fcntl(fd, F_NOTIFY, DN_MULTISHOT) == 0); /* no kind: the end */
	touch(DIRECTORY "/a");
	CHECK_EQ(heard(), 0);
	CHECK(fcntl(fd, F_NOTIFY, DN_DELETE | DN_MULTISHOT) == 0);
	other = MUST(dup(fd));
	close(other); /* any descriptor of it */
	CHECK(unlink(DIRECTORY "/a") == 0);
	CHECK_EQ(heard(), 0);
	close(fd);
}

static void details(void)
{
	int fd = MUST(open(DIRECTORY, O_RDONLY)), first = MUST(dup(fd));

	CHECK(fcntl(fd, F_SETSIG, SIGRTMIN) == 0);
	CHECK(fcntl(fd, F_NOTIFY, DN_CREATE | DN_MULTISHOT) == 0);
	CHECK_EQ(fcntl(fd, F_GETOWN), getpid());
	touch(DIRECTORY "/a");
	CHECK_EQ(heard(), 1);
	CHECK_EQ(last.si_signo, SIGRTMIN);
	CHECK_EQ(last.si_code, POLL_MSG);
	CHECK_EQ(last.si_fd, fd);
	CHECK_EQ(last.si_band, POLLIN | POLLRDNORM | POLLMSG);
	CHECK(fcntl(first, F_NOTIFY, DN_CREATE | DN_MULTISHOT) == 0);
	CHECK(unlink(DIRECTORY "/a") == 0);
	touch(DIRECTORY "/a");
	CHECK_EQ(heard(), 1);
	CHECK_EQ(last.si_fd, first);
	CHECK(unlink(DIRECTORY "/a") == 0);
	close(first);
	close(fd);
}

/* A child's descriptors are its own: its close ends nothing of ours, its notices are told to it. */
static void processes(void)
{
	int fd = watch(DN_CREATE | DN_MULTISHOT), status;
	pid_t child = MUST(fork());

	if (child == 0) {
		close(fd);
		_exit(0);
	}
	wait_uninterrupted(child, &status);
	child = MUST(fork());
	if (child == 0) {
		touch(DIRECTORY "/a");
		_exit(heard()); /* the owner hears it, not who did it */
	}
	wait_uninterrupted(child, &status);
	CHECK_EQ(status, 0);
	CHECK_EQ(heard(), 1);
	CHECK(unlink(DIRECTORY "/a") == 0);
	close(fd);
}

static void errors(void)
{
	int fd;

	touch("file");
	fd = MUST(open("file", O_RDONLY));
	CHECK_ERRNO(fcntl(fd, F_NOTIFY, DN_CREATE), ENOTDIR);
	CHECK(fcntl(fd, F_NOTIFY, 0) == 0);
	CHECK(fcntl(fd, F_NOTIFY, DN_MULTISHOT) == 0);
	close(fd);
	CHECK_ERRNO(fcntl(fd, F_NOTIFY, DN_CREATE), EBADF);
	fd = MUST(open(".", O_PATH));
	CHECK_ERRNO(fcntl(fd, F_NOTIFY, DN_CREATE), EBADF);
	close(fd);
}

/* The directory goes away under its watch. */
static void removed(void)
{
	int fd;

	CHECK(mkdir("gone", 0755) == 0);
	fd = MUST(open("gone", O_RDONLY));
	CHECK(fcntl(fd, F_NOTIFY, DN_CREATE | DN_DELETE | DN_MULTISHOT) == 0);
	CHECK(rmdir("gone") == 0);
	CHECK(fcntl(fd, F_NOTIFY, DN_CREATE) == 0);
	close(fd);
}

static void many_at_once(void)
{
	enum { CHILDREN = 4 };
	pid_t children[CHILDREN];
	int status;

	for (int i = 0; i < CHILDREN; i++) {
		children[i] = MUST(fork());
		if (children[i] > 0)
			continue;
		for (int k = 0; k < scaled(100); k++) {
			char name[40];
			int fd = watch(DN_CREATE | DN_DELETE | (k % 2 ? DN_MULTISHOT : 0));

			snprintf(name, sizeof(name), DIRECTORY "/%d-%d", i, k);
			touch(name);
			/* One that is told once may have been told of another's. */
			CHECK(heard() > 0 || k % 2 == 0);
			CHECK(unlink(name) == 0);
			if (k % 3)
				close(fd);
		}
		_exit(0);
	}
	for (int i = 0; i < CHILDREN; i++) {
		MUST(waitpid(children[i], &status, 0));
		CHECK_EQ(status, 0);
	}
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

	CHECK(sigaction(SIGIO, &action, NULL) == 0);
	CHECK(sigaction(SIGRTMIN, &action, NULL) == 0);
	CHECK(mkdir(DIRECTORY, 0755) == 0);
	one_kind();
	how_long();
	details();
	processes();
	errors();
	removed();
	many_at_once();
	return 0;
}

/* pidfd_open(2): whom it takes, what its file is, and what is left when the process is gone. */
#include "pidfd.h"
#include <pthread.h>
#include <sys/ioctl.h>

static pid_t thread_id;
static struct gate thread_runs, thread_may_end;

static void *other_thread(void *argument)
{
	thread_id = raw_syscall(SYS_gettid);
	gate_open(&thread_runs);
	gate_pass(&thread_may_end);
	return argument;
}

static void refused(void)
{
	pthread_t thread;
	pid_t group, member;

	CHECK_EQ(pidfd_open_raw(getpid(), 1), -EINVAL);
	CHECK_EQ(pidfd_open_raw(getpid(), O_CLOEXEC), -EINVAL);
	CHECK_EQ(pidfd_open_raw(0, 0), -EINVAL);
	CHECK_EQ(pidfd_open_raw(-1, 0), -EINVAL);
	CHECK_EQ(pidfd_open_raw(0x3fffffff, 0), -ESRCH);
	CHECK_EQ(pidfd_open_raw(0x3fffffff, 1), -EINVAL);

	/* A thread that is not the first is no process. */
	thread_runs = gate_create();
	thread_may_end = gate_create();
	CHECK_EQ(pthread_create(&thread, NULL, other_thread, NULL), 0);
	gate_pass(&thread_runs);
	CHECK_EQ(pidfd_open_raw(thread_id, 0), -EINVAL);
	gate_open(&thread_may_end);
	CHECK_EQ(pthread_join(thread, NULL), 0);

	/* A number that only a group still bears is in use, but nobody's. */
	group = FORK();
	if (group == 0) {
		CHECK(setpgid(0, 0) == 0);
		member = FORK();
		if (member == 0) {
			for (;;)
				pause();
		}
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(group), 0);
	CHECK_EQ(pidfd_open_raw(group, 0), -EINVAL);
	CHECK(kill(-group, SIGKILL) == 0);
}

static void has_line(int fd, const char *line)
{
	char path[64], text[1024];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	read_text(path, text, sizeof(text));
	if (!strstr(text, line))
		FAIL("no '%s' in:\n%s", line, text);
}

static void file_itself(void)
{
	pid_t pid = sleeping_child();
	int fd = open_pidfd(pid);
	int nonblocking = pidfd_open_raw(pid, O_NONBLOCK);
	char path[64], target[64], line[64];
	struct stat status;
	ssize_t length;

	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK_EQ(fcntl(fd, F_GETFL), O_RDWR);
	CHECK(nonblocking >= 0);
	CHECK_EQ(fcntl(nonblocking, F_GETFL), O_RDWR | O_NONBLOCK);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = readlink(path, target, sizeof(target) - 1);
	CHECK(length > 0);
	target[length] = '\0';
	CHECK(strcmp(target, "anon_inode:[pidfd]") == 0);

	CHECK_ERRNO(read(fd, line, 1), EINVAL);
	CHECK_ERRNO(write(fd, line, 1), EINVAL);
	CHECK_ERRNO(pread(fd, line, 1, 0), ESPIPE);
	CHECK_ERRNO(lseek(fd, 0, SEEK_SET), ESPIPE);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == ENODEV);
	CHECK_ERRNO(ioctl(fd, TIOCGWINSZ, line), ENOTTY);
	CHECK_ERRNO(ftruncate(fd, 0), EINVAL);
	CHECK_ERRNO(fsync(fd), EINVAL);
	CHECK(fstat(fd, &status) == 0);
	CHECK_EQ(status.st_mode, 0600);

	snprintf(line, sizeof(line), "\nPid:\t%d\nNSpid:\t%d\n", pid, pid);
	has_line(fd, line);
	/* Dead but not waited for it still has its number, and can be opened anew. */
	CHECK(kill(pid, SIGKILL) == 0);
	wait_process_state(pid, 'Z');
	has_line(fd, line);
	CHECK(close(open_pidfd(pid)) == 0);
	expect_signal_death(pid, SIGKILL);
	has_line(fd, "\nPid:\t-1\nNSpid:\t-1\n");
	CHECK_EQ(pidfd_open_raw(pid, 0), -ESRCH);
	CHECK(close(fd) == 0 && close(nonblocking) == 0);
}

/* No descriptor left: the error, and nothing lost. */
static void no_room(void)
{
	struct rlimit limit = { 10, 10 };
	int last = -1, fd;

	close_inherited();
	CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	while ((fd = pidfd_open_raw(getpid(), 0)) >= 0)
		last = fd;
	CHECK_EQ(fd, -EMFILE);
	CHECK_EQ(last, 9);
}

int main(void)
{
	refused();
	file_itself();
	in_child(no_room);
	return 0;
}

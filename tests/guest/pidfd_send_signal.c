/* pidfd_send_signal(2): its errors in order, siginfo of one's own, whom it reaches. */
#include "pidfd.h"
#include <pthread.h>

static volatile siginfo_t got;

static void note(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	memcpy((void *)&got, info, sizeof(got));
}

static siginfo_t info_of(int signal, int code)
{
	siginfo_t info;

	memset(&info, 0, sizeof(info));
	info.si_signo = signal;
	info.si_code = code;
	info.si_pid = 4321;
	info.si_value.sival_int = 77;
	return info;
}

static void to_oneself(void)
{
	int fd = open_pidfd(getpid());
	siginfo_t info;

	handle_signal_info(SIGUSR1, note, 0);
	CHECK_EQ(pidfd_signal(fd, SIGUSR1, NULL), 0);
	CHECK_EQ(got.si_signo, SIGUSR1);
	CHECK_EQ(got.si_code, SI_USER);
	CHECK_EQ(got.si_pid, getpid());
	/* To itself it may say anything. */
	info = info_of(SIGUSR1, SI_USER);
	CHECK_EQ(pidfd_signal(fd, SIGUSR1, &info), 0);
	CHECK_EQ(got.si_pid, 4321);
	info = info_of(SIGUSR1, SI_QUEUE);
	CHECK_EQ(pidfd_signal(fd, SIGUSR1, &info), 0);
	CHECK_EQ(got.si_code, SI_QUEUE);
	CHECK_EQ(got.si_value.sival_int, 77);

	CHECK_EQ(raw_syscall(NR_PIDFD_SEND_SIGNAL, -1, SIGUSR1, NULL, 1), -EINVAL);
	CHECK_EQ(raw_syscall(NR_PIDFD_SEND_SIGNAL, fd, SIGUSR1, 16, 1), -EINVAL);
	CHECK_EQ(raw_syscall(NR_PIDFD_SEND_SIGNAL, -1, SIGUSR1, 16, 0), -EBADF);
	CHECK_EQ(raw_syscall(NR_PIDFD_SEND_SIGNAL, 0, SIGUSR1, NULL, 0), -EBADF);
	CHECK_EQ(raw_syscall(NR_PIDFD_SEND_SIGNAL, fd, SIGUSR1, 16, 0), -EFAULT);
	CHECK_EQ(pidfd_signal(fd, 65, NULL), -EINVAL);
	CHECK_EQ(pidfd_signal(fd, -1, NULL), -EINVAL);
	CHECK_EQ(pidfd_signal(fd, 0, NULL), 0);
	CHECK_EQ(pidfd_signal(fd, SIGUSR2, &info), -EINVAL);
	close(fd);
}

static void to_a_child(void)
{
	pid_t pid = sleeping_child();
	int fd = open_pidfd(pid);
	siginfo_t info = info_of(SIGTERM, SI_USER);

	CHECK_EQ(pidfd_signal(fd, SIGTERM, &info), -EPERM);
	info.si_code = SI_TKILL;
	CHECK_EQ(pidfd_signal(fd, SIGTERM, &info), -EPERM);
	info.si_code = SI_QUEUE;
	CHECK_EQ(pidfd_signal(fd, SIGTERM, &info), 0);
	wait_process_state(pid, 'Z');
	/* Dead: nothing happens; gone: nobody is there, which comes before a bad signal. */
	CHECK_EQ(pidfd_signal(fd, SIGTERM, NULL), 0);
	CHECK_EQ(pidfd_signal(fd, 65, NULL), -EINVAL);
	expect_signal_death(pid, SIGTERM);
	CHECK_EQ(pidfd_signal(fd, SIGTERM, NULL), -ESRCH);
	CHECK_EQ(pidfd_signal(fd, 0, NULL), -ESRCH);
	CHECK_EQ(pidfd_signal(fd, 65, NULL), -ESRCH);
	CHECK_EQ(pidfd_signal(fd, SIGUSR1, &info), -EINVAL);
	close(fd);
}

static int roots_pidfd;

static void as_user(void)
{
	CHECK_EQ(pidfd_signal(roots_pidfd, SIGTERM, NULL), -EPERM);
	CHECK_EQ(pidfd_signal(roots_pidfd, 0, NULL), -EPERM);
	CHECK_EQ(pidfd_signal(roots_pidfd, 65, NULL), -EINVAL);
}

static void without_right(void)
{
	pid_t pid = sleeping_child();

	roots_pidfd = open_pidfd(pid);
	run_as(OTHER_UID, as_user);
	kill_and_reap(pid);
	close(roots_pidfd);
}

/* The directory /proc/PID serves as well, as it did before there were pidfds. */
static void by_directory(void)
{
	pid_t pid = sleeping_child();
	char path[64];
	int directory, only_path, task;

	snprintf(path, sizeof(path), "/proc/%d", pid);
	directory = MUST(open(path, O_DIRECTORY | O_RDONLY));
	only_path = MUST(open(path, O_PATH));
	snprintf(path, sizeof(path), "/proc/%d/task/%d", pid, pid);
	task = MUST(open(path, O_DIRECTORY | O_RDONLY));
	CHECK_EQ(pidfd_signal(only_path, 0, NULL), -EBADF);
	CHECK_EQ(pidfd_signal(task, 0, NULL), -EBADF);
	CHECK_EQ(waitid_raw(KIND_PIDFD, directory, NULL, WEXITED), -EBADF);
	CHECK_EQ(pidfd_signal(directory, SIGKILL, NULL), 0);
	expect_signal_death(pid, SIGKILL);
	CHECK_EQ(pidfd_signal(directory, SIGKILL, NULL), -ESRCH);
	close(directory);
	close(only_path);
	close(task);
}

/* One thread of the process takes it, whichever has it not blocked. */
static void *wait_for_it(void *set)
{
	int signal;

	CHECK_EQ(sigwait(set, &signal), 0);
	return (void *)(intptr_t)signal;
}

static void to_threads(void)
{
	int fd = open_pidfd(getpid());
	pthread_t thread;
	sigset_t set;
	void *signal;

	block_signal(SIGUSR2);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CHECK_EQ(pthread_create(&thread, NULL, wait_for_it, &set), 0);
	CHECK_EQ(pidfd_signal(fd, SIGUSR2, NULL), 0);
	CHECK_EQ(pthread_join(thread, &signal), 0);
	CHECK_EQ((intptr_t)signal, SIGUSR2);
	close(fd);
}

int main(void)
{
	to_oneself();
	to_a_child();
	without_right();
	by_directory();
	to_threads();
	return 0;
}

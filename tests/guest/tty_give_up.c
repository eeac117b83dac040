/*
 * TIOCNOTTY: a process gives up its controlling terminal. The leader does so for its whole session,
 * and the foreground gets SIGHUP and SIGCONT; another does so for itself alone.
 */
#include "terminal.h"

static int terminal_number(void)
{
	char text[1024];
	int number;

	read_text("/proc/self/stat", text, sizeof(text));
	CHECK(sscanf(strrchr(text, ')'), ") %*c %*d %*d %*d %d", &number) == 1);
	return number;
}

static void has_terminal(void)
{
	CHECK(close(MUST(open("/dev/tty", O_RDWR))) == 0);
	CHECK(terminal_number() != 0);
}

static void has_none(void)
{
	CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
	CHECK_EQ(terminal_number(), 0);
}

static volatile int hang_ups;

static void count(int signal)
{
	(void)signal;
	hang_ups = hang_ups + 1;
}

/* One that does not lead, and its children after it. */
static void member(int fd)
{
	has_terminal();
	CHECK(ioctl(fd, TIOCNOTTY) == 0);
	has_none();
	in_child(has_none);
	CHECK_ERRNO(ioctl(fd, TIOCNOTTY), ENOTTY);
	CHECK_ERRNO(tcgetpgrp(fd), ENOTTY);
	CHECK_ERRNO(tcgetsid(fd), ENOTTY);
	/* It is still a terminal to write to. */
	CHECK_EQ(write(fd, "x", 1), 1);
}

struct foreground {
	struct gate ready, lost;
	int fd;
};

/* Its group is the foreground. */
static void in_foreground(struct foreground *shared)
{
	sigset_t set;
	siginfo_t info;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCONT);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	gate_open(&shared->ready);
	sigdelset(&set, SIGCONT);
	CHECK_EQ(sigwaitinfo(&set, &info), SIGHUP);
	CHECK_EQ(info.si_code, SI_USER);
	CHECK_EQ(info.si_pid, getppid());
	sigdelset(&set, SIGHUP);
	sigaddset(&set, SIGCONT);
	CHECK_EQ(sigwaitinfo(&set, &info), SIGCONT);
	gate_pass(&shared->lost);
	has_none();
	CHECK_ERRNO(ioctl(shared->fd, TIOCNOTTY), ENOTTY);
	_exit(0);
}

static void body(struct terminal *terminal)
{
	struct foreground shared = { gate_create(), gate_create(), terminal->fd };
	pid_t child, stopped;

	handle_signal(SIGHUP, count, 0);
	handle_signal(SIGCONT, count, 0);
	has_terminal();
	child = FORK();
	if (child == 0) {
		member(terminal->fd);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	has_terminal();
	in_child(has_terminal);
	CHECK_EQ(hang_ups, 0);

	child = FORK();
	if (child == 0)
		in_foreground(&shared);
	CHECK(setpgid(child, child) == 0);
	/* One that is stopped is woken, and dies. */
	stopped = FORK();
	if (stopped == 0) {
		handle_signal(SIGHUP, SIG_DFL, 0);
		raise(SIGSTOP);
		for (;;)
			pause();
	}
	CHECK(setpgid(stopped, child) == 0);
	wait_process_state(stopped, 'T');
	handle_signal(SIGTTOU, SIG_IGN, 0);
	CHECK(tcsetpgrp(terminal->fd, child) == 0);
	gate_pass(&shared.ready);
	CHECK(ioctl(terminal->fd, TIOCNOTTY) == 0);
	has_none();
	gate_open(&shared.lost);
	CHECK_EQ(wait_exit_status(child), 0);
	expect_signal_death(stopped, SIGHUP);
	CHECK_EQ(hang_ups, 0);
	CHECK_ERRNO(ioctl(terminal->fd, TIOCNOTTY), ENOTTY);
	CHECK_ERRNO(tcgetsid(terminal->fd), ENOTTY);

	/* It may come back, to the leader and to those made after that. */
	CHECK(ioctl(terminal->fd, TIOCSCTTY, 0) == 0);
	has_terminal();
	in_child(has_terminal);
	CHECK_EQ(tcgetsid(terminal->fd), getpid());
}

int main(void)
{
	return terminal_run(body);
}

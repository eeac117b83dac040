/*
 * Background groups: reading is SIGTTIN, writing with TOSTOP and changing settings SIGTTOU; EIO
 * where the signal cannot stop anyone; tcsetpgrp and what it refuses.
 */
#include "terminal.h"

static struct terminal *shared_terminal;

static int stopped_by(void (*action)(void))
{
	pid_t pid = FORK();
	int status;

	if (pid == 0) {
		CHECK(setpgid(0, 0) == 0);
		action();
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	if (WIFEXITED(status)) {
		CHECK_EQ(WEXITSTATUS(status), 0);
		return 0;
	}
	CHECK(WIFSTOPPED(status));
	kill_and_reap(pid);
	return WSTOPSIG(status);
}

static void read_line(void)
{
	char text[16];

	if (read(shared_terminal->fd, text, sizeof(text)) < 0)
		_exit(1);
}

static void write_something(void)
{
	CHECK_EQ(write(shared_terminal->fd, "x", 1), 1);
}

static void change_settings(void)
{
	terminal_make_sane(shared_terminal->fd);
}

static void take_foreground(void)
{
	CHECK(tcsetpgrp(shared_terminal->fd, getpgrp()) == 0);
}

static void read_ignoring(void)
{
	char byte;

	handle_signal(SIGTTIN, SIG_IGN, 0);
	CHECK_ERRNO(read(shared_terminal->fd, &byte, 1), EIO);
	handle_signal(SIGTTIN, SIG_DFL, 0);
	block_signal(SIGTTIN);
	CHECK_ERRNO(read(shared_terminal->fd, &byte, 1), EIO);
}

static void change_ignoring(void)
{
	handle_signal(SIGTTOU, SIG_IGN, 0);
	terminal_make_sane(shared_terminal->fd);
}

static void body(struct terminal *terminal)
{
	struct termios settings;

	shared_terminal = terminal;
	CHECK_EQ(tcgetpgrp(terminal->fd), getpgrp());
	CHECK_EQ(stopped_by(read_line), SIGTTIN);
	CHECK_EQ(stopped_by(write_something), 0);
	CHECK_EQ(stopped_by(change_settings), SIGTTOU);
	CHECK_EQ(stopped_by(take_foreground), SIGTTOU);
	CHECK_EQ(stopped_by(read_ignoring), 0);
	CHECK_EQ(stopped_by(change_ignoring), 0);
	CHECK(tcgetattr(terminal->fd, &settings) == 0);
	settings.c_lflag |= TOSTOP;
	CHECK(tcsetattr(terminal->fd, TCSANOW, &settings) == 0);
	CHECK_EQ(stopped_by(write_something), SIGTTOU);

	CHECK_ERRNO(tcsetpgrp(terminal->fd, 0x3fffffff), ESRCH);
	CHECK_ERRNO(tcsetpgrp(terminal->fd, 1), EPERM);
	CHECK_ERRNO(tcsetpgrp(terminal->fd, -1), EINVAL);
	int fds[2];

	CHECK(pipe(fds) == 0);
	CHECK_ERRNO(tcsetpgrp(fds[0], getpgrp()), ENOTTY);
	CHECK_ERRNO(tcgetpgrp(fds[0]), ENOTTY);
}

int main(void)
{
	return terminal_run(body);
}

/* ^C, ^\ and ^Z go to the foreground group as SIGINT, SIGQUIT and SIGTSTP; not without ISIG. */
#include "terminal.h"

static pid_t foreground_child(struct terminal *terminal)
{
	struct gate ready = gate_create();
	pid_t pid = FORK();

	if (pid == 0) {
		CHECK(setpgid(0, 0) == 0);
		setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
		gate_open(&ready);
		for (;;)
			pause();
	}
	gate_pass(&ready);
	CHECK(tcsetpgrp(terminal->fd, pid) == 0);
	CHECK_EQ(tcgetpgrp(terminal->fd), pid);
	return pid;
}

static void body(struct terminal *terminal)
{
	struct termios settings;
	pid_t pid;
	int status;

	handle_signal(SIGTTOU, SIG_IGN, 0);
	pid = foreground_child(terminal);
	terminal_type(terminal, "\003");
	expect_signal_death(pid, SIGINT);
	pid = foreground_child(terminal);
	terminal_type(terminal, "\034");
	expect_signal_death(pid, SIGQUIT);
	pid = foreground_child(terminal);
	terminal_type(terminal, "\032");
	CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP);
	CHECK(kill(pid, SIGCONT) == 0);
	CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid);

	/* What was typed of the line is gone with the signal. */
	CHECK(tcsetpgrp(terminal->fd, pid) == 0);
	terminal_type(terminal, "lost\003");
	expect_signal_death(pid, SIGINT);
	CHECK(tcsetpgrp(terminal->fd, getpgrp()) == 0);
	terminal_type(terminal, "kept\n");
	terminal_expect(terminal, "kept\n");

	/* Another key may be chosen; without ISIG it is a byte like others. */
	pid = foreground_child(terminal);
	CHECK(tcgetattr(terminal->fd, &settings) == 0);
	settings.c_cc[VINTR] = 'q';
	CHECK(tcsetattr(terminal->fd, TCSANOW, &settings) == 0);
	terminal_type(terminal, "q");
	expect_signal_death(pid, SIGINT);
	CHECK(tcsetpgrp(terminal->fd, getpgrp()) == 0);
	settings.c_lflag &= ~ISIG;
	CHECK(tcsetattr(terminal->fd, TCSANOW, &settings) == 0);
	terminal_type(terminal, "q\003\n");
	terminal_expect(terminal, "q\003\n");
}

int main(void)
{
	return terminal_run(body);
}

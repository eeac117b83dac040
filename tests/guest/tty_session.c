/*
 * The controlling terminal: /dev/tty, giving it up, and what happens to the others when the
 * session's leader ends: SIGHUP and SIGCONT to the foreground, and EIO on the terminal.
 */
#include "terminal.h"

static void has_no_terminal(void)
{
	CHECK(setsid() == getpid());
	CHECK_ERRNO(open("/dev/tty", O_RDWR), ENXIO);
}

static void body(struct terminal *terminal)
{
	int again = MUST(open("/dev/tty", O_RDWR));
	char status[2048];
	int number;

	CHECK(isatty(again));
	CHECK_EQ(tcgetsid(again), getpid());
	terminal_type(terminal, "through /dev/tty\n");
	CHECK_EQ(read(again, status, sizeof(status)), 17);

	/* /proc/self/stat knows it. */
	read_text("/proc/self/stat", status, sizeof(status));
	CHECK(sscanf(strrchr(status, ')'), ") %*c %*d %*d %*d %d", &number) == 1);
	CHECK(number != 0);
	in_child(has_no_terminal);

	/* A second session cannot take it. */
	pid_t child = FORK();

	if (child == 0) {
		CHECK(setsid() == getpid());
		become_user(OTHER_UID, OTHER_GID);
		CHECK_ERRNO(ioctl(terminal->fd, TIOCSCTTY, 0), EPERM);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
}

static void leader_dies(void)
{
	struct gate ready = gate_create(), hung_up = gate_create();
	pid_t leader = FORK();

	if (leader == 0) {
		struct terminal terminal = terminal_open();
		pid_t member = FORK();

		if (member == 0) {
			sigset_t set;

			sigemptyset(&set);
			sigaddset(&set, SIGHUP);
			CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
			gate_open(&ready);
			CHECK_EQ(sigwaitinfo(&set, NULL), SIGHUP);
			CHECK(open("/dev/tty", O_RDWR) == -1);
			/* A pseudo-terminal is only hung up when its master goes. */
			if (terminal.master < 0) {
				char byte;

				CHECK_EQ(read(terminal.fd, &byte, 1), 0);
				CHECK_ERRNO(write(terminal.fd, "x", 1), EIO);
			}
			gate_open(&hung_up);
			_exit(0);
		}
		gate_pass(&ready);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(leader), 0);
	gate_pass(&hung_up);
}

int main(void)
{
	int status = terminal_run(body);

	if (status == 0)
		leader_dies();
	return status;
}

/*
 * While bytes of a pipe without writers are on their way to a file that blocks, another reader of
 * the pipe does not see its end: he gets them if they come back, and the end if they do not.
 */
#include "check.h"
#include <termios.h>

static int ends[2], master, terminal;

static void nothing(int signal)
{
	(void)signal;
}

/* A terminal that takes nothing for now. */
static void open_stopped_terminal(void)
{
	master = MUST(posix_openpt(O_RDWR | O_NOCTTY));
	MUST(grantpt(master));
	MUST(unlockpt(master));
	terminal = MUST(open(ptsname(master), O_RDWR | O_NOCTTY));
	MUST(tcflow(terminal, TCOOFF));
}

/* One who splices the pipe's five bytes to the terminal, and sleeps there. */
static pid_t start_splicing(int expected)
{
	pid_t pid = FORK();

	if (pid == 0) {
		handle_signal(SIGUSR1, nothing, 0);
		CHECK_EQ(splice(ends[0], NULL, terminal, NULL, 5, 0), expected);
		_exit(0);
	}
	wait_until_blocked(pid);
	return pid;
}

static pid_t start_reading(int expected)
{
	pid_t pid = FORK();

	if (pid == 0) {
		char bytes[16];

		CHECK_EQ(read(ends[0], bytes, sizeof(bytes)), expected);
		_exit(0);
	}
	while (process_state(pid) == 'R')	/* it sleeps, or is wrong and has ended */
		sched_yield();
	return pid;
}

static void begin(void)
{
	MUST(pipe(ends));
	CHECK_EQ(write(ends[1], "hello", 5), 5);
	MUST(close(ends[1]));
	open_stopped_terminal();
}

static void end(pid_t splicer, pid_t reader)
{
	CHECK_EQ(wait_exit_status(reader), 0);
	CHECK_EQ(wait_exit_status(splicer), 0);
	MUST(close(ends[0]));
	MUST(close(terminal));
	MUST(close(master));
}

int main(void)
{
	pid_t splicer, reader;

	begin();
	splicer = start_splicing(-1);
	reader = start_reading(5);
	MUST(kill(splicer, SIGUSR1));
	end(splicer, reader);

	begin();
	splicer = start_splicing(5);
	reader = start_reading(0);
	MUST(tcflow(terminal, TCOON));
	end(splicer, reader);
	return 0;
}

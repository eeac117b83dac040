/*
 * prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT): from then on a thread reads, writes and exits, and
 * any other call is its end, by a SIGKILL.
 */
#include "check.h"
#include <sys/prctl.h>

static int pipe_fds[2];

static void be_strict(void)
{
	CHECK_EQ(prctl(PR_GET_SECCOMP), 0);
	CHECK(prctl(PR_SET_SECCOMP, 1) == 0);
}

/* After a call that must be the end: the one way to leave that would not be that as well. */
static void come_back(void)
{
	raw_syscall(SYS_exit, CHECK_FAILED);
}

static void asks(void)
{
	be_strict();
	raw_syscall(SYS_getpid);
	come_back();
}

static void asks_what_it_is(void)
{
	be_strict();
	raw_syscall(SYS_prctl, PR_GET_SECCOMP);
	come_back();
}

static void leaves_by_group(void)
{
	be_strict();
	raw_syscall(SYS_exit_group, 0);
	come_back();
}

static void makes_no_call(void)
{
	be_strict();
	raw_syscall(3000);
	come_back();
}

static void on_signal(int signal)
{
	(void)signal;
}

/* A handler returns, too. */
static void works(void)
{
	char byte;
	pid_t pid;

	handle_signal(SIGUSR1, on_signal, SA_RESTART);
	pid = FORK();

	if (pid == 0) {
		be_strict();
		raw_syscall(SYS_read, pipe_fds[0], &byte, 1);
		raw_syscall(SYS_write, pipe_fds[1], "done", 4);
		raw_syscall(SYS_exit, byte);
	}
	wait_until_blocked(pid);

	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	read_text(path, text, sizeof(text));
	CHECK(strstr(text, "Seccomp:\t1\n") != NULL);
	CHECK(kill(pid, SIGUSR1) == 0);
	wait_until_blocked(pid);
	CHECK(write(pipe_fds[1], "\7", 1) == 1);
	CHECK_EQ(wait_exit_status(pid), 7);
	CHECK(read(pipe_fds[0], text, 4) == 4 && memcmp(text, "done", 4) == 0);
}

int main(void)
{
	CHECK(pipe(pipe_fds) == 0);
	CHECK_ERRNO(prctl(PR_SET_SECCOMP, 0), EINVAL);
	CHECK_ERRNO(prctl(PR_SET_SECCOMP, 3), EINVAL);
	works();
	dies_of(SIGKILL, asks);
	dies_of(SIGKILL, asks_what_it_is);
	dies_of(SIGKILL, leaves_by_group);
	dies_of(SIGKILL, makes_no_call);
	return 0;
}

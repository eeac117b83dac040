/*
 * What the tests of ptrace share: starting a tracee, and waiting for each kind of stop.
 */
#pragma once
#include "check.h"
#include <sys/ptrace.h>
#include <sys/user.h>

/* Newer than some C libraries. */
#ifndef PTRACE_O_EXITKILL
#define PTRACE_O_EXITKILL (1 << 20)
#endif
#define EVENT_OF(status) ((unsigned int)(status) >> 16)

/* Wait for `pid`, which must stop; the whole status. */
static inline int wait_stop(pid_t pid)
{
	int status = 0;
	pid_t waited;

	do
		waited = waitpid(pid, &status, __WALL);
	while (waited < 0 && errno == EINTR);
	if (waited != pid)
		FAIL("waitpid(%d) gave %d", pid, waited);
	if (!WIFSTOPPED(status))
		FAIL("%d: status %#x is not a stop", pid, status);
	return status;
}

static inline void expect_stop(pid_t pid, int signal)
{
	int status = wait_stop(pid);

	if (status >> 8 != signal)
		FAIL("%d stopped with %#x, should be %#x", pid, status >> 8, signal);
}

static inline void expect_event(pid_t pid, int event)
{
	int status = wait_stop(pid);

	if (status >> 8 != (SIGTRAP | event << 8))
		FAIL("%d stopped with %#x, should be event %d", pid, status >> 8, event);
}

static inline void expect_exit(pid_t pid, int code)
{
	int status = 0;

	CHECK_EQ(waitpid(pid, &status, __WALL), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != code)
		FAIL("%d: status %#x, should be exit %d", pid, status, code);
}

static inline void expect_death(pid_t pid, int signal)
{
	int status = 0;

	CHECK_EQ(waitpid(pid, &status, __WALL), pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != signal)
		FAIL("%d: status %#x, should die of %d", pid, status, signal);
}

/* A child that has called TRACEME and is stopped by its own SIGSTOP, about to run `body`. */
static inline pid_t start_tracee(void (*body)(void))
{
	pid_t pid = FORK();

	if (pid == 0) {
		CHECK(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
		raise(SIGSTOP);
		body();
		_exit(0);
	}
	expect_stop(pid, SIGSTOP);
	return pid;
}

/* A child that runs `body`, untraced. */
static inline pid_t start_child(void (*body)(void))
{
	pid_t pid = FORK();

	if (pid == 0) {
		body();
		_exit(0);
	}
	return pid;
}

static inline void set_options(pid_t pid, long options)
{
	CHECK(ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)options) == 0);
}

static inline void resume(int request, pid_t pid, int signal)
{
	if (ptrace(request, pid, NULL, (void *)(long)signal) != 0)
		FAIL("request %d to %d", request, pid);
}

static inline struct user_regs_struct registers_of(pid_t pid)
{
	struct user_regs_struct registers;

	CHECK(ptrace(PTRACE_GETREGS, pid, NULL, &registers) == 0);
	return registers;
}

static inline void set_registers(pid_t pid, const struct user_regs_struct *registers)
{
	CHECK(ptrace(PTRACE_SETREGS, pid, NULL, (void *)registers) == 0);
}

static inline siginfo_t info_of(pid_t pid)
{
	siginfo_t info;

	CHECK(ptrace(PTRACE_GETSIGINFO, pid, NULL, &info) == 0);
	return info;
}

static inline unsigned long message_of(pid_t pid)
{
	unsigned long message = 0;

	CHECK(ptrace(PTRACE_GETEVENTMSG, pid, NULL, &message) == 0);
	return message;
}

static inline long peek(pid_t pid, const volatile void *address)
{
	long word;

	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, pid, (void *)address, NULL);
	if (errno)
		FAIL("peek at %p", (void *)address);
	return word;
}

static inline void poke(pid_t pid, const volatile void *address, long word)
{
	CHECK(ptrace(PTRACE_POKEDATA, pid, (void *)address, (void *)word) == 0);
}

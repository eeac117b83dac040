/*
 * Attaching to a process that runs, sleeps or is stopped; seizing, interrupting, listening;
 * detaching with and without a signal; group stops as both kinds of tracer see them; who may trace
 * whom.
 */
#include "ptrace.h"

#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif

static volatile int *hits;

static void count(int signal)
{
	(void)signal;
	(*hits)++;
}

static void sleeps(void)
{
	handle_signal(SIGUSR1, count, SA_RESTART);
	for (;;)
		pause();
}

static void spins(void)
{
	for (;;)
		(*(volatile int *)(hits + 1))++;
}

static pid_t sleeper(void)
{
	pid_t pid = start_child(sleeps);

	wait_until_blocked(pid);
	return pid;
}

static void end(pid_t pid)
{
	CHECK(kill(pid, SIGKILL) == 0);
	expect_death(pid, SIGKILL);
}

static void test_attach(void)
{
	pid_t pid = sleeper();
	char text[4096], wanted[64];
	char path[64];

	CHECK_ERRNO(ptrace(PTRACE_CONT, pid, 0, 0), ESRCH);
	CHECK(ptrace(PTRACE_ATTACH, pid, 0, 0) == 0);
	expect_stop(pid, SIGSTOP);
	CHECK_EQ(info_of(pid).si_code, SI_KERNEL);
	CHECK_ERRNO(ptrace(PTRACE_ATTACH, pid, 0, 0), EPERM);
	CHECK_EQ(registers_of(pid).orig_eax, SYS_pause);
	CHECK_EQ(registers_of(pid).eax, -514);	/* ERESTARTNOHAND */
	CHECK_EQ(process_state(pid), 't');
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	read_text(path, text, sizeof(text));
	snprintf(wanted, sizeof(wanted), "TracerPid:\t%d\n", getpid());
	CHECK(strstr(text, wanted));
	CHECK_ERRNO(ptrace(0x4207, pid, 0, 0), EIO);	/* INTERRUPT: not seized */
	CHECK_ERRNO(ptrace(0x4208, pid, 0, 0), EIO);	/* LISTEN */
	CHECK_ERRNO(ptrace(PTRACE_DETACH, pid, 0, 65), EIO);
	CHECK(ptrace(PTRACE_DETACH, pid, 0, SIGUSR1) == 0);
	while (*hits == 0)
		sched_yield();
	wait_until_blocked(pid);
	CHECK_ERRNO(ptrace(PTRACE_DETACH, pid, 0, 0), ESRCH);
	end(pid);

	/* One that never enters the kernel by itself. */
	pid = start_child(spins);
	while (hits[1] < 1000)
		sched_yield();
	CHECK(ptrace(PTRACE_ATTACH, pid, 0, 0) == 0);
	expect_stop(pid, SIGSTOP);
	CHECK_EQ(registers_of(pid).orig_eax, -1);
	resume(PTRACE_CONT, pid, 0);
	end(pid);
}

static void test_seize(void)
{
	pid_t pid = sleeper();

	CHECK_ERRNO(ptrace(PTRACE_SEIZE, pid, 1, 0), EIO);
	CHECK_ERRNO(ptrace(PTRACE_SEIZE, pid, 0, 0x100), EIO);
	CHECK(ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD) == 0);
	CHECK_EQ(waitpid(pid, NULL, WNOHANG | __WALL), 0);	/* does not stop */
	CHECK(ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0);
	expect_stop(pid, SIGTRAP | PTRACE_EVENT_STOP << 8);
	CHECK_EQ(info_of(pid).si_code, SIGTRAP | PTRACE_EVENT_STOP << 8);
	resume(PTRACE_CONT, pid, 0);
	wait_until_blocked(pid);

	/* A group stop: seen as such, and left in place by LISTEN. */
	CHECK(kill(pid, SIGSTOP) == 0);
	expect_stop(pid, SIGSTOP);
	resume(PTRACE_CONT, pid, SIGSTOP);
	expect_stop(pid, SIGSTOP | PTRACE_EVENT_STOP << 8);
	CHECK(ptrace(PTRACE_LISTEN, pid, 0, 0) == 0);
	CHECK_EQ(waitpid(pid, NULL, WNOHANG | __WALL), 0);
	CHECK_ERRNO(ptrace(PTRACE_CONT, pid, 0, 0), ESRCH);
	CHECK(ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0);
	expect_stop(pid, SIGSTOP | PTRACE_EVENT_STOP << 8);
	CHECK(ptrace(PTRACE_LISTEN, pid, 0, 0) == 0);
	CHECK(kill(pid, SIGCONT) == 0);
	expect_stop(pid, SIGTRAP | PTRACE_EVENT_STOP << 8);
	resume(PTRACE_CONT, pid, 0);
	expect_stop(pid, SIGCONT);
	resume(PTRACE_CONT, pid, SIGCONT);
	wait_until_blocked(pid);
	end(pid);
}

/* An old-style tracer sees a group stop as a stop without siginfo; CONT goes on all the same. */
static void test_group_stop(void)
{
	pid_t pid = sleeper();
	siginfo_t info;

	CHECK(ptrace(PTRACE_ATTACH, pid, 0, 0) == 0);
	expect_stop(pid, SIGSTOP);
	resume(PTRACE_CONT, pid, 0);
	CHECK(kill(pid, SIGTSTP) == 0);
	expect_stop(pid, SIGTSTP);
	resume(PTRACE_CONT, pid, SIGSTOP);
	expect_stop(pid, SIGSTOP);
	CHECK_ERRNO(ptrace(PTRACE_GETSIGINFO, pid, 0, &info), EINVAL);
	resume(PTRACE_CONT, pid, 0);
	wait_until_blocked(pid);
	/* Let go, it joins the stop that never ended. */
	CHECK(kill(pid, SIGUSR1) == 0);
	expect_stop(pid, SIGUSR1);
	CHECK(ptrace(PTRACE_DETACH, pid, 0, 0) == 0);
	wait_process_state(pid, 'T');
	CHECK(kill(pid, SIGCONT) == 0);
	wait_until_blocked(pid);
	end(pid);

	/* Attaching to a stopped process: its stop becomes the tracer's at once. */
	pid = sleeper();
	CHECK(kill(pid, SIGSTOP) == 0);
	CHECK_EQ(waitpid(pid, NULL, WUNTRACED), pid);
	CHECK(ptrace(PTRACE_ATTACH, pid, 0, 0) == 0);
	expect_stop(pid, SIGSTOP);
	CHECK(ptrace(PTRACE_DETACH, pid, 0, 0) == 0);
	wait_process_state(pid, 'T');
	end(pid);
}

static pid_t target;

static void cannot_attach(void)
{
	char path[64];

	CHECK_ERRNO(ptrace(PTRACE_ATTACH, target, 0, 0), EPERM);
	CHECK_ERRNO(ptrace(PTRACE_SEIZE, target, 0, 0), EPERM);
	CHECK_ERRNO(ptrace(PTRACE_ATTACH, 1, 0, 0), EPERM);
	snprintf(path, sizeof(path), "/proc/%d/mem", target);
	CHECK_ERRNO(open(path, O_RDONLY), EACCES);
}

static void may_attach(void)
{
	CHECK(ptrace(PTRACE_ATTACH, target, 0, 0) == 0);
	expect_stop(target, SIGSTOP);
	CHECK(ptrace(PTRACE_DETACH, target, 0, 0) == 0);
}

static void as_user(void)
{
	become_user(OTHER_UID, OTHER_GID);
	/* Changing ids has made us secret; a program may say that it is not. */
	CHECK(syscall(SYS_prctl, 4, 1, 0, 0, 0) == 0);
	sleeps();
}

static void as_secret_user(void)
{
	become_user(OTHER_UID, OTHER_GID);
	sleeps();
}

static void test_permissions(void)
{
	target = sleeper();
	run_as(OTHER_UID, cannot_attach);
	end(target);
	target = start_child(as_user);
	wait_until_blocked(target);
	run_as(OTHER_UID, may_attach);
	run_as(OTHER_UID + 7, cannot_attach);
	may_attach();
	end(target);
	target = start_child(as_secret_user);
	wait_until_blocked(target);
	run_as(OTHER_UID, cannot_attach);
	may_attach();	/* root may */
	end(target);
	CHECK_ERRNO(ptrace(PTRACE_ATTACH, getpid(), 0, 0), EPERM);
	CHECK_ERRNO(ptrace(PTRACE_ATTACH, 0, 0, 0), ESRCH);
	CHECK_ERRNO(ptrace(PTRACE_ATTACH, -1, 0, 0), ESRCH);
	CHECK_ERRNO(ptrace(PTRACE_ATTACH, 32767, 0, 0), ESRCH);
	CHECK_ERRNO(ptrace(9999, getpid(), 0, 0), ESRCH);
}

/* Two tracers: the second is refused; a tracee's requests come from its tracer alone. */
static void test_two_tracers(void)
{
	pid_t other;

	target = sleeper();
	CHECK(ptrace(PTRACE_ATTACH, target, 0, 0) == 0);
	expect_stop(target, SIGSTOP);
	other = FORK();
	if (other == 0) {
		CHECK_ERRNO(ptrace(PTRACE_ATTACH, target, 0, 0), EPERM);
		CHECK_ERRNO(ptrace(PTRACE_CONT, target, 0, 0), ESRCH);
		CHECK_ERRNO(ptrace(PTRACE_KILL, target, 0, 0), ESRCH);
		CHECK_ERRNO(waitpid(target, NULL, __WALL), ECHILD);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(other), 0);
	end(target);

	/* TRACEME twice. */
	other = FORK();
	if (other == 0) {
		CHECK(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
		CHECK_ERRNO(ptrace(PTRACE_TRACEME, 0, 0, 0), EPERM);
		_exit(0);
	}
	expect_exit(other, 0);
}

/* A tracer that is not the parent: both learn of the end, the tracer first. */
static void test_stranger(void)
{
	struct gate attached = gate_create(), go = gate_create();
	pid_t tracer, pid = sleeper();
	siginfo_t info;

	tracer = FORK();
	if (tracer == 0) {
		CHECK(ptrace(PTRACE_ATTACH, pid, 0, 0) == 0);
		expect_stop(pid, SIGSTOP);
		gate_open(&attached);
		gate_pass(&go);
		CHECK(kill(pid, SIGKILL) == 0);
		/* Dead, but not reported: the parent must not have it yet. */
		CHECK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT | __WALL) == 0);
		CHECK_EQ(info.si_code, CLD_KILLED);
		gate_open(&attached);
		gate_pass(&go);
		expect_death(pid, SIGKILL);
		_exit(0);
	}
	gate_pass(&attached);
	gate_open(&go);
	gate_pass(&attached);
	CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0);
	gate_open(&go);
	expect_signal_death(pid, SIGKILL);
	CHECK_EQ(wait_exit_status(tracer), 0);
}

int main(void)
{
	hits = shared_memory(PAGE);
	test_attach();
	test_seize();
	test_group_stop();
	test_permissions();
	test_two_tracers();
	test_stranger();
	return 0;
}

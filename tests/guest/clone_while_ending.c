/*
 * Threads that make threads while their process ends, stops or executes another program: whoever is
 * made at that moment ends or stops with the others. Many threads that sleep stand before the
 * makers in line, so that the end takes its time to come to those.
 */
#include "check.h"
#include <dirent.h>

enum { ROUNDS = 4, SLEEPERS = 70, MAKERS = 3, MADE = 40, STACK = 2048, PATIENCE_S = 15 };

#define THREAD_FLAGS \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

static char stacks[SLEEPERS + MAKERS + MAKERS * MADE][STACK] __attribute__((aligned(16)));
static volatile int next_stack, sleepers_ready, makers_ready;

static int sleeper(void *unused)
{
	__atomic_fetch_add(&sleepers_ready, 1, __ATOMIC_SEQ_CST);
	for (;;)
		raw_syscall(SYS_pause);
	return unused != NULL;
}

/* Linux says now and then that it has no room for one just now. */
static void make(int (*body)(void *))
{
	int number = __atomic_fetch_add(&next_stack, 1, __ATOMIC_SEQ_CST);

	for (int tries = 0; clone(body, stacks[number] + STACK, THREAD_FLAGS, NULL) < 0; tries++) {
		CHECK(tries < 1000);
		sched_yield();
	}
}

static int maker(void *unused)
{
	__atomic_fetch_add(&makers_ready, 1, __ATOMIC_SEQ_CST);
	for (int i = 0; i < MADE; i++)
		make(sleeper);
	return sleeper(unused);
}

enum ending { EXIT_GROUP, EXECUTE, KILLED, STOPPED, ENDINGS };

/* The child: `makers_ready` is seen by the parent, whose SIGKILL or SIGSTOP comes then. */
static void run(enum ending ending, unsigned int round, struct gate *gate)
{
	static char *const arguments[] = { "x", "--exit", NULL };

	for (int i = 0; i < SLEEPERS; i++)
		make(sleeper);
	for (int i = 0; i < MAKERS; i++)
		make(maker);
	while (makers_ready < MAKERS)
		sched_yield();
	for (volatile unsigned int i = 0; i < round * 7919 % 20000; i++)
		;
	if (ending == EXIT_GROUP)
		_exit(0);
	if (ending == EXECUTE)
		execv("/proc/self/exe", arguments);
	gate_open(gate);
	sleeper(NULL);
}

static int wait_patiently(pid_t child)
{
	long long begin = now_ns();
	int status;

	while (waitpid(child, &status, WNOHANG | WUNTRACED) == 0) {
		if (now_ns() - begin > PATIENCE_S * 1000000000LL)
			FAIL("somebody in process %d did not hear of its end or stop", child);
		sched_yield();
	}
	return status;
}

/* Every thread, not only as many as were counted when it was said that all have stopped. */
static void check_all_stopped(pid_t child)
{
	char path[64];
	struct dirent *entry;
	int count = 0;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/task", child);
	directory = opendir(path);
	CHECK(directory != NULL);
	while ((entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		wait_thread_state(child, atoi(entry->d_name), 'T');
		count++;
	}
	CHECK(closedir(directory) == 0);
	CHECK(count > SLEEPERS + MAKERS);
}

static void check_ending(enum ending ending, unsigned int round)
{
	struct gate gate = gate_create();
	pid_t child = FORK();
	int status;

	if (child == 0)
		run(ending, round, &gate);
	if (ending == KILLED || ending == STOPPED) {
		gate_pass(&gate);
		CHECK(kill(child, ending == KILLED ? SIGKILL : SIGSTOP) == 0);
	}
	status = wait_patiently(child);
	if (ending == STOPPED) {
		CHECK(WIFSTOPPED(status));
		check_all_stopped(child);
		CHECK(kill(child, SIGKILL) == 0);
		status = wait_patiently(child);
	}
	CHECK_EQ(status, ending == KILLED || ending == STOPPED ? SIGKILL : 0);
	close(gate.fds[0]);
	close(gate.fds[1]);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--exit") == 0)
		_exit(0);
	for (unsigned int round = 0; round < (unsigned int)scaled(ROUNDS); round++) {
		for (enum ending ending = 0; ending < ENDINGS; ending++)
			check_ending(ending, round);
	}
	return 0;
}

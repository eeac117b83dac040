/* Processes: fork, exec, exit and wait. */
#include "yardstick.h"

#include <errno.h>
#include <unistd.h>

#define MEBIBYTE (1ul << 20)

int fork_exit_wait_loop(unsigned int count)
{
	int error = 0;

	start();
	while (count-- && !error) {
		long pid = call0(NR_FORK);

		if (pid == 0)
			leave(0);
		error = pid < 0 ? step("fork", pid) : reap(pid);
	}
	stop();
	return error;
}

/* Memory that is written once, kept over the rounds, and given back when the row is done. */
static char *large;
static size_t large_size;

void forget_large_memory(void)
{
	if (large)
		call2(NR_MUNMAP, (long)large, (long)large_size);
	large = NULL;
	large_size = 0;
}

static int fork_with(size_t size, unsigned int count)
{
	if (large_size == size)
		return fork_exit_wait_loop(count);
	forget_large_memory();
	if (free_memory() >= (uint64_t)size + size / 16 + 8 * MEBIBYTE)
		large = map_anonymous(size);
	if (!large)
		return step("memory", SKIPPED);
	large_size = size;
	for (size_t i = 0; i < size; i += PAGE)
		large[i] = 1;
	return fork_exit_wait_loop(count);
}

static int fork_64m(unsigned int count)
{
	return fork_with(64 * MEBIBYTE, count);
}

static int fork_256m(unsigned int count)
{
	return fork_with(256 * MEBIBYTE, count);
}

/*
 * A child that executes this program again and ends. Returns its number. vfork() must be the
 * library's: its child returns on the parent's stack. Kept apart from the loop, whose counter
 * compilers fear for. Not inlined, for the same reason.
 */
__attribute__((noinline)) static long start_child(int by_vfork, char **arguments)
{
	long pid = by_vfork ? vfork() : call0(NR_FORK);

	if (pid == 0) {
		call3(NR_EXECVE, (long)own_path, (long)arguments, (long)own_environment);
		leave(127);
	}
	return by_vfork && pid < 0 ? -errno : pid;
}

static int exec_loop(unsigned int count, int by_vfork)
{
	char *arguments[] = { own_path, "--child-exit", NULL };
	int error = 0;

	start();
	while (count-- && !error) {
		long pid = start_child(by_vfork, arguments);

		error = pid < 0 ? step("fork", pid) : reap(pid);
	}
	stop();
	return error;
}

static int fork_exec(unsigned int count)
{
	return exec_loop(count, 0);
}

static int vfork_exec(unsigned int count)
{
	return exec_loop(count, 1);
}

const struct benchmark process_benchmarks[] = {
	{ "fork_exit_wait", fork_exit_wait_loop, 10, 1u << 20, "fork + exit + wait" },
	{ "fork_64m", fork_64m, 1, 1u << 16, "the same, 64 MiB touched" },
	{ "fork_256m", fork_256m, 1, 1u << 16, "the same, 256 MiB touched" },
	{ "fork_exec_wait", fork_exec, 4, 1u << 16, "fork + exec self + exit + wait" },
	{ "vfork_exec_wait", vfork_exec, 4, 1u << 16, "vfork + exec self + exit + wait" },
	{ 0 },
};

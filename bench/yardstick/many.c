/*
 * Many processes: thousands that sleep while others work, sixteen that talk through pipes, and one
 * on each processor. Not of the usual table: ./quartet bench --felt.
 */
#include "yardstick.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

enum {
	NR_SCHED_GETAFFINITY = 242,
	ALIVE = 4000,			/* Linux needs 40 KiB for each */
	PAIRS = 8,
	MESSAGE = 100,			/* bytes */
};

/* ---- thousands that sleep; kept over the rounds */

static long sleepers[ALIVE];
static unsigned int sleeper_count;

void forget_sleepers(void)
{
	while (sleeper_count) {
		call2(NR_KILL, sleepers[--sleeper_count], SIGKILL);
		call4(NR_WAIT4, sleepers[sleeper_count], 0, 0, 0);
	}
}

static int make_sleepers(void)
{
	while (sleeper_count < ALIVE) {
		long pid = fork_sleeper();

		if (pid < 0)
			return step("fork", pid);
		sleepers[sleeper_count++] = pid;
	}
	return 0;
}

static int fork_among_many(unsigned int count)
{
	int error = make_sleepers();

	return error ? error : fork_exit_wait_loop(count);
}

static int pipe_among_many(unsigned int count)
{
	int error = make_sleepers();

	return error ? error : pipe_round_trips(count);
}

static int kill_loop(unsigned int count, unsigned int others)
{
	start();
	for (unsigned int i = 0; i < count; i++)
		call2(NR_KILL, sleepers[i * 7919u % others], 0);
	stop();
	return 0;
}

static int kill_among_many(unsigned int count)
{
	int error = make_sleepers();

	return error ? error : kill_loop(count, ALIVE);
}

static int kill_alone(unsigned int count)
{
	sleepers[0] = call0(NR_GETPID);
	return kill_loop(count, 1);
}

/* ---- sixteen that talk: eight send, eight receive */

static void send_messages(int out, unsigned int count)
{
	while (count--) {
		if (call3(NR_WRITE, out, (long)block, MESSAGE) != MESSAGE)
			leave(1);
	}
	leave(0);
}

static void receive_messages(int in)
{
	long got;

	do
		got = call3(NR_READ, in, (long)block, MESSAGE);
	while (got > 0);
	leave(got < 0);
}

static int start_pair(unsigned int count, long pids[2])
{
	int ends[2];
	int error = step("pipe", call1(NR_PIPE, (long)ends));

	if (error < 0)
		return error;
	pids[0] = call0(NR_FORK);
	if (pids[0] == 0) {
		call1(NR_CLOSE, ends[0]);
		send_messages(ends[1], count);
	}
	call1(NR_CLOSE, ends[1]);
	pids[1] = call0(NR_FORK);
	if (pids[1] == 0)
		receive_messages(ends[0]);
	call1(NR_CLOSE, ends[0]);
	return pids[0] < 0 || pids[1] < 0 ? step("fork", -EAGAIN) : 0;
}

static int pipes_16(unsigned int count)
{
	long pids[PAIRS][2];
	int error = 0;

	start();
	for (unsigned int i = 0; i < PAIRS && !error; i++)
		error = start_pair(count / PAIRS, pids[i]);
	for (unsigned int i = 0; i < PAIRS && !error; i++) {
		error = reap(pids[i][0]);
		if (!error)
			error = reap(pids[i][1]);
	}
	stop();
	return error;
}

/* ---- one process on each processor; an operation is one of any of them */

static unsigned int processor_count(void)
{
	unsigned long mask[32] = { 0 };
	unsigned int count = 0;

	if (call3(NR_SCHED_GETAFFINITY, 0, sizeof(mask), (long)mask) < 0)
		return 1;
	for (unsigned int i = 0; i < sizeof(mask) * 8; i++)
		count += mask[i / 32] >> (i % 32) & 1;
	return count ? count : 1;
}

static int in_parallel(unsigned int count, int (*work)(unsigned int count))
{
	unsigned int processors = processor_count(), started = 0;
	long pids[64];
	int gate[2];
	int error = step("pipe", call1(NR_PIPE, (long)gate));

	if (error < 0)
		return error;
	for (; started < processors && started < 64; started++) {
		pids[started] = call0(NR_FORK);
		if (pids[started] == 0) {
			char byte;

			if (call3(NR_READ, gate[0], (long)&byte, 1) != 1)
				leave(1);
			leave(work(count / processors) != 0);
		}
		if (pids[started] < 0)
			return step("fork", pids[started]);
	}
	start();
	call3(NR_WRITE, gate[1], (long)block, started);
	while (started && !error)
		error = reap(pids[--started]);
	stop();
	call1(NR_CLOSE, gate[0]);
	call1(NR_CLOSE, gate[1]);
	return error;
}

static int fault_pages(unsigned int count)
{
	while (count) {
		unsigned int pages = count < CHUNK_PAGES ? count : CHUNK_PAGES;
		char *memory = map_anonymous(pages * PAGE);

		if (!memory)
			return -ENOMEM;
		for (unsigned int i = 0; i < pages; i++)
			memory[i * PAGE] = 1;
		call2(NR_MUNMAP, (long)memory, (long)(pages * PAGE));
		count -= pages;
	}
	return 0;
}

static int open_and_close(unsigned int count)
{
	while (count--) {
		int fd = open_file("/bin/yardstick", O_RDONLY);

		if (fd < 0)
			return fd;
		call1(NR_CLOSE, fd);
	}
	return 0;
}

static int parallel_faults(unsigned int count)
{
	return in_parallel(count, fault_pages);
}

static int parallel_opens(unsigned int count)
{
	return in_parallel(count, open_and_close);
}

static int parallel_pipes(unsigned int count)
{
	return in_parallel(count, pipe_round_trips);
}

const struct benchmark many_benchmarks[] = {
	{ "kill_alone", kill_alone, 100, 1u << 20, "kill(itself, 0)" },
	{ "kill_4000_alive", kill_among_many, 100, 1u << 20, "kill(one of 4,000, 0)" },
	{ "fork_4000_alive", fork_among_many, 10, 1u << 16, "fork + exit + wait beside 4,000" },
	{ "pipe_4000_alive", pipe_among_many, 100, 1u << 20, "round trip beside 4,000" },
	{ "pipes_16", pipes_16, 8000, 8000, "message of 100 bytes, 16 processes" },
	{ "parallel_fault", parallel_faults, 40000, 40000, "page touched, on every CPU" },
	{ "parallel_open", parallel_opens, 40000, 40000, "open + close, on every CPU" },
	{ "parallel_pipe", parallel_pipes, 20000, 20000, "round trip, on every CPU" },
	{ 0 },
};

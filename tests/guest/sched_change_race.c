/* test: timeout=120
 * Pairs hand the CPU to each other through pipes while others change their policies and say on
 * which CPUs they may run: a thread that is just being woken may belong to no queue, or to
 * another's. Every pair goes on, and the kernel's run queues stay whole.
 */
#include "torture.h"

enum { PAIRS = 4 };

static pid_t partners[2 * PAIRS];
static int ends[PAIRS][2][2];		/* pair, direction: a pipe */

static void echo(int pair)
{
	char byte;

	while (read(ends[pair][0][0], &byte, 1) == 1 && write(ends[pair][1][1], &byte, 1) == 1)
		;
	_exit(0);
}

static void go_on(int pair)
{
	char byte = 'x';

	for (;;) {
		CHECK(write(ends[pair][0][1], &byte, 1) == 1);
		CHECK(read(ends[pair][1][0], &byte, 1) == 1);
	}
}

/* Only the ends that are its own, so that the echo sees the end of file. */
static pid_t start_partner(int pair, bool echoes)
{
	pid_t pid = FORK();

	if (pid)
		return pid;
	for (int other = 0; other < PAIRS; other++) {
		if (echoes || other != pair) {
			close(ends[other][0][1]);
			close(ends[other][1][0]);
		}
	}
	if (echoes)
		echo(pair);
	else
		go_on(pair);
	return 0;
}

static void change(struct torturer *self)
{
	pid_t pid = partners[torture_random(self, ARRAY_SIZE(partners))];
	struct sched_param first = { .sched_priority = 1 }, none = { 0 };
	cpu_set_t cpus;

	if (torture_random(self, 2)) {
		CHECK(sched_setscheduler(pid, SCHED_FIFO, &first) == 0);
		CHECK(sched_setscheduler(pid, SCHED_OTHER, &none) == 0);
		return;
	}
	CPU_ZERO(&cpus);
	CPU_SET(torture_random(self, (uint32_t)sysconf(_SC_NPROCESSORS_ONLN)), &cpus);
	CHECK(sched_setaffinity(pid, sizeof(cpus), &cpus) == 0);
	memset(&cpus, 0xff, sizeof(cpus));
	CHECK(sched_setaffinity(pid, sizeof(cpus), &cpus) == 0);
}

int main(void)
{
	pid_t changers[2];

	for (int pair = 0; pair < PAIRS; pair++)
		CHECK(pipe(ends[pair][0]) == 0 && pipe(ends[pair][1]) == 0);
	torture_begin();
	for (int i = 0; i < 2 * PAIRS; i++)
		partners[i] = start_partner(i / 2, i % 2);
	for (int pair = 0; pair < PAIRS; pair++) {
		for (int side = 0; side < 4; side++)
			CHECK(close(ends[pair][side / 2][side % 2]) == 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(changers); i++)
		changers[i] = torture_process(change, (int)i);
	for (size_t i = 0; i < ARRAY_SIZE(changers); i++)
		CHECK(wait_exit_status(changers[i]) == 0);
	for (int i = 0; i < 2 * PAIRS; i++) {
		CHECK(kill(partners[i], SIGKILL) == 0);
		CHECK(waitpid(partners[i], NULL, 0) == partners[i]);
	}
	return 0;
}

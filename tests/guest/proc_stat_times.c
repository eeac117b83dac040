/*
 * The times of /proc/stat never go back, however often they are read while programs run in user
 * mode and in the kernel by turns: tools take differences.
 */
#include "check.h"

enum { RUNNERS = 2, LINES = 9, MS = 1500 };

static void run_by_turns(void)
{
	volatile unsigned int work = 0;

	for (;;) {
		for (int i = 0; i < 300000; i++)
			work = work + 1;
		for (int i = 0; i < 300; i++)
			(void)getppid();
	}
}

struct times {
	unsigned long long user, system;
};

/* The line of all CPUs, then that of each. */
static int read_times(struct times times[LINES])
{
	static char text[65536];
	char *line = text;
	int count = 0;

	read_text("/proc/stat", text, sizeof(text));
	while (count < LINES && strncmp(line, "cpu", 3) == 0) {
		CHECK(sscanf(strchr(line, ' '), "%llu %*u %llu", &times[count].user,
			     &times[count].system) == 2);
		count++;
		line = strchr(line, '\n') + 1;
	}
	return count;
}

int main(void)
{
	struct times before[LINES], now[LINES], first;
	pid_t runners[RUNNERS];
	long long end;
	int count;

	for (int i = 0; i < RUNNERS; i++) {
		runners[i] = FORK();
		if (runners[i] == 0)
			run_by_turns();
	}
	count = read_times(before);
	CHECK(count >= 2);
	first = before[0];
	end = now_ns() + MS * 1000000LL;
	while (now_ns() < end) {
		CHECK_EQ(read_times(now), count);
		for (int i = 0; i < count; i++) {
			if (now[i].user < before[i].user || now[i].system < before[i].system)
				FAIL("line %d: user %llu, system %llu, then %llu, %llu", i,
				     before[i].user, before[i].system, now[i].user,
				     now[i].system);
		}
		memcpy(before, now, sizeof(now));
		sleep_ms(1);
	}
	CHECK(before[0].user + before[0].system > first.user + first.system);
	for (int i = 0; i < RUNNERS; i++)
		kill_and_reap(runners[i]);
	return 0;
}

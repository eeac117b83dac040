/*
 * Times of files are in order, though no clock is read for each: whoever changes a file after
 * another, on whichever processor, leaves no earlier time; a write leaves none before the one that
 * the file was given just now, nor a second before the one that time() has told; and where the
 * clock is set, the next write goes by the new time.
 */
#include "check.h"

#define GRANULARITY 100000000LL	/* ns: Linux's tick is up to 10 ms, and a busy host delays it */
#define PROCESSES 3

static long long in_ns(struct timespec time)
{
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long clock_now(void)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
	return in_ns(now);
}

static long long write_to(int fd)
{
	struct stat status;

	CHECK_EQ(pwrite(fd, "x", 1, 0), 1);
	CHECK(fstat(fd, &status) == 0);
	CHECK_EQ(in_ns(status.st_mtim), in_ns(status.st_ctim));
	return in_ns(status.st_mtim);
}

/* Several processes hand on a token; each has a file of its own. */
static void take_turns(void)
{
	int rounds = scaled(3000);
	volatile long long *last = shared_memory(PAGE);
	volatile int *turn = (volatile int *)(last + 1);
	pid_t pids[PROCESSES];

	for (int p = 0; p < PROCESSES; p++) {
		char name[] = { (char)('a' + p), 0 };

		pids[p] = FORK();
		if (pids[p] != 0)
			continue;
		int fd = MUST(open(name, O_RDWR | O_CREAT, 0600));

		for (int round = 0; round < rounds; round++) {
			while (__atomic_load_n(turn, __ATOMIC_SEQ_CST) != p)
				sched_yield();
			long long time = write_to(fd);

			CHECK(time >= *last);
			*last = time;
			__atomic_store_n(turn, (p + 1) % PROCESSES, __ATOMIC_SEQ_CST);
		}
		_exit(0);
	}
	for (int p = 0; p < PROCESSES; p++)
		CHECK_EQ(wait_exit_status(pids[p]), 0);
}

/* For long enough that a second turns. */
static void near_the_clock(int fd)
{
	long long end = now_ns() + 1100000000LL;

	while (now_ns() < end) {
		time_t second = time(NULL);
		long long before = clock_now();
		long long time = write_to(fd);

		CHECK(time / 1000000000 >= second);
		CHECK(time >= before - GRANULARITY);
		CHECK(time <= clock_now());
	}
}

/* What was given and what was written, in turn. Its ctime is the time of the giving. */
static void after_given(int fd)
{
	struct timespec now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
	struct timespec old[2] = { { 1000000000, 5 }, { 1000000000, 5 } };
	struct stat status;

	for (int i = 0; i < 1000; i++) {
		CHECK(futimens(fd, now) == 0);
		CHECK(fstat(fd, &status) == 0);
		long long given = in_ns(status.st_mtim);

		CHECK(write_to(fd) >= given);
		CHECK(futimens(fd, old) == 0);
		CHECK(fstat(fd, &status) == 0);
		CHECK_EQ(in_ns(status.st_mtim), 1000000000LL * 1000000000 + 5);
		CHECK(in_ns(status.st_ctim) >= given);
		given = in_ns(status.st_ctim);
		CHECK(write_to(fd) >= given);
	}
}

static void move_clock(long long seconds)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
	now.tv_sec += seconds;
	CHECK(clock_settime(CLOCK_REALTIME, &now) == 0);
}

static void clock_is_set(int fd)
{
	for (int i = 0; i < 20; i++) {
		long long before = write_to(fd);

		move_clock(1000);
		CHECK(write_to(fd) >= before + 999000000000LL);
		move_clock(-1000);
		CHECK(write_to(fd) < before + 900000000000LL);
	}
}

int main(void)
{
	int fd = MUST(open("file", O_RDWR | O_CREAT, 0600));

	take_turns();
	near_the_clock(fd);
	after_given(fd);
	clock_is_set(fd);
	return 0;
}

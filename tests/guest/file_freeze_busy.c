/*
 * A file system is frozen and thawed again and again while processes write, map, rename and delete
 * on it: each freeze comes to an end, nothing moves while it lasts, and nothing is lost.
 */
#include "file_freeze.h"

enum { WORKERS = 3, ROUNDS = 12 };

static struct shared {
	volatile int stop;
	volatile unsigned int done[WORKERS];
} *shared;
static pid_t workers[WORKERS];

static void work(int number)
{
	char name[32], other[32];
	unsigned int count = 0;
	volatile unsigned int *page;
	int fd;

	snprintf(name, sizeof(name), "busy-%d", number);
	snprintf(other, sizeof(other), "busy-%d-other", number);
	fd = MUST(open(name, O_CREAT | O_TRUNC | O_RDWR, 0600));
	CHECK(ftruncate(fd, PAGE) == 0);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(page != MAP_FAILED);
	while (!shared->stop) {
		int fresh;

		page[0] = ++count;
		CHECK_EQ(pwrite(fd, &count, sizeof(count), 4), (ssize_t)sizeof(count));
		fresh = MUST(open(other, O_CREAT | O_EXCL | O_RDWR, 0600));
		CHECK_EQ(write(fresh, &count, sizeof(count)), (ssize_t)sizeof(count));
		CHECK(rename(other, "busy-target") == 0);
		CHECK(close(fresh) == 0);
		shared->done[number] = count;
		CHECK_EQ(page[0], count);
		CHECK_EQ(page[1], count);
	}
	CHECK(unlink(name) == 0);
}

/* Has nobody done anything for so long, and do all wait? */
static bool is_still(int ms)
{
	unsigned int before[WORKERS];
	struct stat first, second;
	bool still;

	for (int i = 0; i < WORKERS; i++)
		before[i] = shared->done[i];
	CHECK(fstat(frozen_fd, &first) == 0);
	sleep_ms(ms);
	CHECK(fstat(frozen_fd, &second) == 0);
	still = memcmp(&first.st_mtim, &second.st_mtim, sizeof(first.st_mtim)) == 0;
	for (int i = 0; i < WORKERS; i++)
		still = still && shared->done[i] == before[i] && process_state(workers[i]) == 'D';
	return still;
}

/* Who was between two changes may still count one; then each comes to where it must wait. */
static void check_still(void)
{
	long long give_up = now_ns() + 10000000000LL;

	while (!is_still(1)) {
		if (now_ns() > give_up)
			FAIL("they go on");
	}
	CHECK(is_still(20));
}

static void body(void)
{
	shared = shared_memory(sizeof(*shared));
	for (int i = 0; i < WORKERS; i++) {
		workers[i] = FORK();
		if (workers[i] == 0) {
			work(i);
			_exit(0);
		}
	}
	for (int round = 0; round < scaled(ROUNDS); round++) {
		unsigned int before = shared->done[round % WORKERS];
		long long give_up = now_ns() + 10000000000LL;

		freeze_disk();
		check_still();
		thaw_disk();
		while (shared->done[round % WORKERS] == before) {
			if (now_ns() > give_up)
				FAIL("worker %d does not go on", round % WORKERS);
			sleep_ms(1);
		}
	}
	shared->stop = 1;
	for (int i = 0; i < WORKERS; i++)
		CHECK_EQ(wait_exit_status(workers[i]), 0);
	CHECK(unlink("busy-target") == 0);
}

int main(void)
{
	return run_freezing(body);
}

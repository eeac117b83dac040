/*
 * Another thread, and then another process, changes the block of the old mmap() all the time, to
 * values that must be refused and back. The kernel copies the block once, so it maps what it
 * checked: each result is either a good map or a plain error.
 */
#include "check.h"
#include <pthread.h>

static volatile uint32_t *block;
static volatile bool stop;

static void *change_block(void *argument)
{
	(void)argument;
	while (!stop) {
		block[1] = 0xfffff000;		/* length: far too much */
		block[3] = 0;			/* flags: neither shared nor private */
		block[5] = 1;			/* offset: not on a page */
		__asm__ volatile("" ::: "memory");
		block[1] = PAGE;
		block[3] = MAP_PRIVATE | MAP_ANONYMOUS;
		block[5] = 0;
	}
	return NULL;
}

static void map_all_the_time(void)
{
	int rounds = scaled(20000);

	for (int i = 0; i < rounds; i++) {
		long result = raw_syscall(90, block);

		if ((unsigned long)result >= 0xfffff000) {
			CHECK(result == -EINVAL || result == -ENOMEM || result == -EOVERFLOW ||
			      result == -EBADF);
			continue;
		}
		CHECK_EQ(result % PAGE, 0);
		*(volatile char *)result = 1;
		CHECK(munmap((void *)result, PAGE) == 0);
	}
}

int main(void)
{
	pthread_t thread;
	pid_t child;

	block = shared_memory(PAGE);
	block[2] = PROT_READ | PROT_WRITE;
	block[4] = -1;
	CHECK(pthread_create(&thread, NULL, change_block, NULL) == 0);
	map_all_the_time();
	stop = true;
	CHECK(pthread_join(thread, NULL) == 0);

	stop = false;
	child = FORK();
	if (child == 0)
		change_block(NULL);
	map_all_the_time();
	kill_and_reap(child);
	return 0;
}

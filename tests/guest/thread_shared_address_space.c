/* test: timeout=60
 * Threads map, unmap and touch memory of one address space at once: a page unmapped by one is gone
 * for all at once (no stale translation), and each finds its own pages as it left them.
 */
#include "faults.h"
#include <pthread.h>

#define THREADS 3

static volatile bool stop;
static char *volatile published;
static volatile int generation;

static void *work(void *argument)
{
	int number = (int)(intptr_t)argument;
	int rounds = scaled(800);

	for (int round = 0; round < rounds; round++) {
		char *map = map_pages(4);

		for (int page = 0; page < 4; page++)
			CHECK_EQ(map[page * PAGE], 0);
		for (int page = 0; page < 4; page++)
			map[page * PAGE] = number + round;
		for (int page = 0; page < 4; page++)
			CHECK_EQ(map[page * PAGE], (char)(number + round));
		CHECK(munmap(map, 4 * PAGE) == 0);
	}
	return NULL;
}

/*
 * Reads the published page all the time: what it sees is never older than what was promised before.
 */
static void *watch(void *argument)
{
	(void)argument;
	while (!stop) {
		int promised = generation;

		CHECK(*(volatile int *)published >= promised);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS], watcher;
	int rounds = scaled(300);

	published = map_pages(1);
	CHECK(pthread_create(&watcher, NULL, watch, NULL) == 0);
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, work, (void *)(intptr_t)i) == 0);
	for (int round = 1; round < rounds; round++) {
		/*
		 * Replace the page under the watcher's feet: it sees the old one or the new one,
		 * but no longer the old one when mremap() has returned. In between nothing is
		 * mapped there, so the watcher's fault must find the new page: it may not take
		 * place in the gap.
		 */
		char *fresh = map_pages(1);

		*(int *)fresh = round;
		CHECK(mremap(fresh, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, published) ==
		      published);
		CHECK_EQ(*(volatile int *)published, round);
		generation = round;
	}
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	stop = true;
	CHECK(pthread_join(watcher, NULL) == 0);
	return 0;
}

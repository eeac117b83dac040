/* Threads of one process write to pages that fork() keeps making shared: no write is ever lost. */
#include "check.h"
#include <pthread.h>

#define THREADS 4
#define WORDS 64

static volatile uint32_t (*pages)[PAGE / 4];
static volatile bool stop;

static void *count_up(void *argument)
{
	int number = (int)(intptr_t)argument;
	uint32_t count = 0;

	while (!stop) {
		count++;
		for (int page = 0; page < WORDS; page++)
			pages[page][number] = count;
		for (int page = 0; page < WORDS; page++)
			CHECK_EQ(pages[page][number], count);
	}
	return NULL;
}

int main(void)
{
	int rounds = scaled(200);
	pthread_t threads[THREADS];

	pages = (void *)map_pages(WORDS);
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, count_up, (void *)(intptr_t)i) == 0);
	for (int round = 0; round < rounds; round++) {
		pid_t child = FORK();

		if (child == 0) {
			/* A snapshot: nobody else writes here any more. */
			uint32_t seen[WORDS];

			for (int page = 0; page < WORDS; page++)
				seen[page] = pages[page][0];
			for (int page = 0; page < WORDS; page++)
				CHECK_EQ(pages[page][0], seen[page]);
			pages[round % WORDS][1] = 0;
			_exit(0);
		}
		CHECK_EQ(wait_exit_status(child), 0);
	}
	stop = true;
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	return 0;
}

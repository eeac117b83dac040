/* test: timeout=60
 * Threads open, dup and close in one table at once: no descriptor is given out twice.
 */
#include "check.h"
#include <pthread.h>

#define THREADS 4

static void *run(void *argument)
{
	int number = (int)(intptr_t)argument;
	int rounds = scaled(3000);
	char name[16];

	snprintf(name, sizeof(name), "file%d", number);
	for (int round = 0; round < rounds; round++) {
		struct stat status, own;
		int fd = MUST(open(name, O_CREAT | O_RDWR, 0644));
		int copy = MUST(dup(fd));

		/* Were the number another's too, this would be another's file. */
		CHECK(fstat(copy, &status) == 0);
		CHECK(stat(name, &own) == 0);
		CHECK_EQ(status.st_ino, own.st_ino);
		CHECK(close(fd) == 0);
		CHECK(close(copy) == 0);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, run, (void *)(intptr_t)i) == 0);
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	return 0;
}

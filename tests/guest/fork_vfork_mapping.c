/*
 * A child that shares its parent's memory ends, or executes another program, while a thread of the
 * parent maps and unmaps without pause.
 */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>

enum { MAPS = 60, ROUNDS = 400 };

static atomic_bool is_over;

/* Every other page of its own protection: many regions that come and go. */
static void *map_and_unmap(void *unused)
{
	while (!atomic_load(&is_over)) {
		char *map = map_pages(2 * MAPS);

		for (int i = 0; i < MAPS; i++)
			CHECK(mprotect(map + 2 * i * PAGE, PAGE, PROT_READ) == 0);
		CHECK(munmap(map, 2 * MAPS * PAGE) == 0);
	}
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[2];

	if (argc > 1)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, map_and_unmap, NULL), 0);
	for (int round = 0; round < ROUNDS; round++) {
		pid_t child = vfork();

		CHECK(child >= 0);
		if (child == 0) {
			if (round % 8 == 0)
				execl("/proc/self/exe", argv[0], "again", (char *)NULL);
			_exit(0);
		}
		CHECK_EQ(wait_exit_status(child), 0);
	}
	atomic_store(&is_over, true);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	return 0;
}

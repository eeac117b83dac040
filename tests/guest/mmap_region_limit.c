/*
 * A process may have 65530 mappings (vm.max_map_count) and little more: what would make another
 * one, by mapping or by cutting, fails, and what makes fewer does not.
 *
 * test: timeout=180
 */
#include "check.h"

enum { LIMIT = 65530, PAGES = 2 * LIMIT };

static unsigned int count_mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned int count = 0;
	int c;

	CHECK(maps != NULL);
	while ((c = getc(maps)) != EOF)
		count += c == '\n';
	fclose(maps);
	return count;
}

/* Every second page gets another protection, until that is refused. */
static void cut_up(char *base)
{
	int result = 0;

	for (unsigned int i = 1; i < PAGES && result == 0; i += 2)
		result = mprotect(base + (size_t)i * PAGE, PAGE, PROT_READ);
	CHECK(result == -1 && errno == ENOMEM);
}

int main(void)
{
	char *base, *one = NULL;
	unsigned int more = 0;

	base = mmap(NULL, (size_t)PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(base != MAP_FAILED);
	cut_up(base);
	CHECK(count_mappings() >= LIMIT - 3 && count_mappings() <= LIMIT + 3);

	/* Shared mappings do not melt into their neighbours. */
	while (more < 8) {
		char *next = mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

		if (next == MAP_FAILED)
			break;
		one = next;
		more++;
	}
	CHECK(errno == ENOMEM && one != NULL && more < 8);
	errno = 0;
	CHECK(munmap(one + PAGE, PAGE) == -1 && errno == ENOMEM);	/* one would become two */
	CHECK(munmap(one, PAGE) == 0);
	CHECK(munmap(base, (size_t)PAGES * PAGE) == 0);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
	return 0;
}

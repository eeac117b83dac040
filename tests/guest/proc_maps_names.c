/*
 * What /proc/self/maps calls memory that has no file of its own: shared memory is /dev/zero,
 * deleted, a memfd is /memfd: with its name; private memory has no name. stress-ng goes by these.
 */
#include <sys/mman.h>
#include "check.h"

/* The name in the line of the region that begins at an address; "" if it has none. */
static void name_of(const void *start, char *name, size_t size)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[300];

	CHECK(maps);
	name[0] = '\0';
	while (fgets(line, sizeof(line), maps)) {
		unsigned long begin;
		int place = 0;

		CHECK(sscanf(line, "%lx-%*x %*s %*x %*s %*u%n", &begin, &place) == 1);
		if (begin != (unsigned long)start)
			continue;
		while (line[place] == ' ')
			place++;
		line[strcspn(line, "\n")] = '\0';
		snprintf(name, size, "%s", line + place);
		fclose(maps);
		return;
	}
	CHECK(!"the region is in the list");
}

static void expect_name(int flags, int fd, const char *expected)
{
	/* Between two that may not be touched, so that it does not grow together with others. */
	char *area = mmap(NULL, 3 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *start = area + 4096;
	char name[300];

	CHECK(area != MAP_FAILED);
	CHECK(mmap(start, 4096, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0) == start);
	name_of(start, name, sizeof(name));
	if (strcmp(name, expected) != 0)
		printf("\"%s\", not \"%s\"\n", name, expected);
	CHECK(strcmp(name, expected) == 0);
	CHECK(munmap(area, 3 * 4096) == 0);
}

int main(void)
{
	int zero = MUST(open("/dev/zero", O_RDWR));
	int memory = MUST(memfd_create("mine", 0));

	CHECK(ftruncate(memory, 4096) == 0);
	expect_name(MAP_SHARED | MAP_ANONYMOUS, -1, "/dev/zero (deleted)");
	expect_name(MAP_SHARED, zero, "/dev/zero (deleted)");
	expect_name(MAP_SHARED, memory, "/memfd:mine (deleted)");
	expect_name(MAP_PRIVATE | MAP_ANONYMOUS, -1, "");
	return 0;
}

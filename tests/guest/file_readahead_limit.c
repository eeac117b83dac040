/*
 * readahead(2) and madvise(MADV_WILLNEED) are hints: of a large file they read a little, at once,
 * and not all of it.
 */
#include "check.h"

enum { SIZE = 64 << 20, FEW = (SIZE / PAGE) / 4 };

static unsigned int cached_pages(const char *mapping)
{
	static unsigned char resident[SIZE / PAGE];
	unsigned int count = 0;

	CHECK(mincore((void *)mapping, SIZE, resident) == 0);
	for (unsigned int i = 0; i < SIZE / PAGE; i++)
		count += resident[i] & 1;
	return count;
}

int main(void)
{
	const char *disk = getenv("TEST_DISK_DIR");
	char name[200];
	char *mapping;
	int fd;

	snprintf(name, sizeof(name), "%s/large", disk ? disk : ".");
	fd = open(name, O_RDWR | O_CREAT, 0600);
	CHECK(fd >= 0);
	CHECK(ftruncate(fd, SIZE) == 0);
	mapping = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(mapping != MAP_FAILED);
	CHECK(readahead(fd, 0, SIZE) == 0);
	CHECK(cached_pages(mapping) < FEW);
	CHECK(madvise(mapping, SIZE, MADV_WILLNEED) == 0);
	CHECK(cached_pages(mapping) < FEW);
	CHECK(unlink(name) == 0);
	return 0;
}

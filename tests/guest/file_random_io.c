/* test: timeout=60
 * Random reads, writes, truncations and shared mapping on one file, beside a copy in memory.
 */
#include "check.h"

#define ROOM (300 * 1024)

static char model[ROOM], buffer[ROOM];
static size_t model_size;
static uint32_t state = 7;

static uint32_t random_below(uint32_t limit)
{
	state = state * 1664525 + 1013904223;
	return (state >> 9) % limit;
}

static void set_size(size_t size)
{
	if (size > model_size)
		memset(model + model_size, 0, size - model_size);
	model_size = size;
}

int main(void)
{
	int rounds = scaled(2000);
	char *map;
	int fd;

	enter_disk_directory();
	fd = MUST(open("file", O_CREAT | O_RDWR, 0644));
	map = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	for (int round = 0; round < rounds; round++) {
		size_t offset = random_below(ROOM - 1);
		size_t size = 1 + random_below(random_below(4) ? 3000 : 40000);

		size = size < ROOM - offset ? size : ROOM - offset;
		switch (random_below(7)) {
		case 0: case 1: case 2:
			memset(buffer, 'a' + round % 26, size);
			CHECK_EQ(pwrite(fd, buffer, size, offset), size);
			if (offset + size > model_size)
				set_size(offset + size);
			memset(model + offset, 'a' + round % 26, size);
			break;
		case 3:
			if (random_below(4) == 0) {
				CHECK(ftruncate(fd, offset) == 0);
				set_size(offset);
			}
			break;
		case 4:
			/* Through the map, inside the file only. */
			if (offset < model_size) {
				map[offset] = 'M';
				model[offset] = 'M';
			}
			break;
		case 5:
			if (random_below(20) == 0)
				CHECK(fsync(fd) == 0);
			if (random_below(20) == 0)
				CHECK(msync(map, ROOM, MS_SYNC) == 0);
			break;
		}
		size_t available = offset < model_size ? model_size - offset : 0;

		available = available < size ? available : size;
		CHECK_EQ(pread(fd, buffer, size, offset), available);
		CHECK(memcmp(buffer, model + offset, available) == 0);
	}
	CHECK_EQ(lseek(fd, 0, SEEK_END), model_size);
	for (size_t i = 0; i < model_size; i++)
		CHECK_EQ(map[i], model[i]);
	CHECK(munmap(map, ROOM) == 0);
	CHECK(unlink("file") == 0);
	return 0;
}

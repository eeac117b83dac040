/*
 * Bytes written through a shared map reach the file: after msync(), after munmap(), and when the
 * process that wrote them is killed. What is read afterwards comes from the disk: the file's pages
 * are thrown out of memory before.
 */
#include "check.h"

static int fd;

static char *map_page(int page)
{
	char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, page * PAGE);

	CHECK(map != MAP_FAILED);
	return map;
}

static void throw_out(void)
{
	unsigned char resident[3];
	char *map;

	CHECK_EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	map = mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	CHECK(mincore(map, 3 * PAGE, resident) == 0);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(resident[i] & 1, 0);
	CHECK(munmap(map, 3 * PAGE) == 0);
}

static void expect(int page, char expected)
{
	int other = MUST(open("mapped", O_RDONLY));
	char byte;

	CHECK_EQ(pread(other, &byte, 1, page * PAGE), 1);
	CHECK_EQ(byte, expected);
	CHECK(close(other) == 0);
}

int main(void)
{
	struct gate written = gate_create();
	pid_t child;
	char *map;

	enter_disk_directory();
	make_pattern_file("mapped", 3 * PAGE);
	fd = MUST(open("mapped", O_RDWR));
	CHECK(fsync(fd) == 0);

	map = map_page(0);
	map[0] = 'm';
	CHECK(msync(map, PAGE, MS_SYNC) == 0);
	CHECK(munmap(map, PAGE) == 0);
	throw_out();
	expect(0, 'm');

	map = map_page(1);
	map[0] = 'u';
	CHECK(munmap(map, PAGE) == 0);
	sync();
	throw_out();
	expect(1, 'u');

	child = FORK();
	if (child == 0) {
		map_page(2)[0] = 'k';
		gate_open(&written);
		pause();
	}
	gate_pass(&written);
	kill_and_reap(child);
	expect(2, 'k');
	sync();
	throw_out();
	expect(2, 'k');
	CHECK(unlink("mapped") == 0);
	return 0;
}

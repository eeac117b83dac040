/*
 * Bytes written through a shared map reach the file: after msync(), after munmap(), and when the
 * process that wrote them is killed.
 */
#include "check.h"

static int fd;

static char *map_page(int page)
{
	char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, page * PAGE);

	CHECK(map != MAP_FAILED);
	return map;
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

	map = map_page(0);
	map[0] = 'm';
	CHECK(msync(map, PAGE, MS_SYNC) == 0);
	CHECK(fsync(fd) == 0);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	expect(0, 'm');

	map = map_page(1);
	map[0] = 'u';
	CHECK(munmap(map, PAGE) == 0);
	sync();
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
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
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	expect(2, 'k');
	CHECK(unlink("mapped") == 0);
	return 0;
}

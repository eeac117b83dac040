/*
 * Holes read as zeros and take no blocks; offsets where ext2's indirect blocks change; SEEK_HOLE
 * and _DATA.
 */
#include "check.h"

int main(void)
{
	/* 12 direct blocks, then indirect, double, triple: for blocks of 1, 2 and 4 KiB. */
	static const long long places[] = {
		0, 11 * 1024, 12 * 1024, 12 * 4096 - 4, 12 * 4096, (12 + 256) * 1024 - 4,
		(12 + 256) * 1024, (12 + 1024) * 4096LL - 4, (12 + 1024) * 4096LL,
		(12 + 256 + 65536) * 1024LL, 100000000, 2147483640LL, 2147483648LL, 4294967296LL,
		5000000000LL,
		10000000000LL,
	};
	struct stat64 status;
	char text[64];
	int fd, placed = 0;
	long long size = 0;

	enter_disk_directory();
	fd = MUST(open("sparse", O_CREAT | O_RDWR | O_LARGEFILE, 0644));
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (pwrite64(fd, "mark", 4, places[i]) != 4) {
			CHECK_EQ(errno, EFBIG);	/* where the file system ends */
			break;
		}
		size = places[i] + 4;
		placed++;
		CHECK(fstat64(fd, &status) == 0);
		CHECK_EQ(status.st_size, size);
	}
	CHECK(placed >= 12);
	CHECK(status.st_blocks * 512LL < 4 << 20);
	for (int i = 0; i < placed; i++) {
		CHECK_EQ(pread64(fd, text, 4, places[i]), 4);
		CHECK(memcmp(text, "mark", 4) == 0);
		if (i + 1 < placed && places[i + 1] - places[i] > 100) {
			CHECK_EQ(pread64(fd, text, sizeof(text), places[i] + 10), sizeof(text));
			for (size_t at = 0; at < sizeof(text); at++)
				CHECK_EQ(text[at], 0);
		}
	}
	CHECK_EQ(pread64(fd, text, 10, size), 0);
	CHECK_EQ(pread64(fd, text, 10, size - 4), 4);

	off64_t hole = lseek64(fd, 0, SEEK_HOLE);
	off64_t data = lseek64(fd, 50000000, SEEK_DATA);

	CHECK(hole > 0 && hole <= size);
	CHECK(data >= 50000000 && data <= (12 + 256 + 65536) * 1024LL);
	CHECK_ERRNO(lseek64(fd, size, SEEK_DATA), ENXIO);

	/* Cutting it gives the blocks back. */
	CHECK(ftruncate64(fd, 5000) == 0);
	CHECK(fstat64(fd, &status) == 0);
	CHECK_EQ(status.st_size, 5000);
	CHECK(status.st_blocks * 512LL <= 16384);
	CHECK(ftruncate64(fd, 20000) == 0);
	CHECK_EQ(pread64(fd, text, 4, 12 * 1024), 4);
	CHECK_EQ(*(uint32_t *)text, 0);
	CHECK(unlink("sparse") == 0);
	return 0;
}

/* test: linux=no memory=32 timeout=120
 * Files larger than memory, written and read back from a disk: the page cache gives way, nothing is
 * lost.
 */
#include "check.h"

#define SIZE (40 << 20)

int main(void)
{
	static char block[65536];
	int size = SIZE, fd;

	if (!getenv("TEST_DISK_DIR"))
		SKIP("no disk");
	enter_disk_directory();
	fd = MUST(open("large", O_CREAT | O_RDWR, 0644));
	for (int at = 0; at < size; at += sizeof(block)) {
		for (size_t i = 0; i < sizeof(block); i += 512)
			*(int *)(block + i) = at + i;
		ssize_t written = write(fd, block, sizeof(block));

		if (written < 0 && errno == ENOSPC) {
			size = at;
			break;
		}
		CHECK_EQ(written, sizeof(block));
	}
	CHECK(size > 8 << 20);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	for (int at = 0; at < size; at += sizeof(block)) {
		CHECK_EQ(read(fd, block, sizeof(block)), sizeof(block));
		for (size_t i = 0; i < sizeof(block); i += 512)
			CHECK_EQ(*(int *)(block + i), at + (int)i);
	}
	CHECK(unlink("large") == 0);
	return 0;
}

/* test: timeout=120
 * The disk full: ENOSPC, nothing lost, and space again after removing. Only where the runner has
 * given a small disk.
 */
#include "check.h"
#include <sys/statfs.h>

static char block[65536];

int main(void)
{
	const char *directory = getenv("TEST_DISK_DIR");
	struct statfs before, full, after;
	long long total = 0;
	ssize_t written;
	int fd;

	if (!directory || !directory[0])
		SKIP("no TEST_DISK_DIR");
	enter_disk_directory();
	CHECK(statfs(".", &before) == 0);
	if ((long long)before.f_bavail * before.f_bsize > 256 << 20)
		SKIP("the disk is too large to fill");
	make_file("kept", "precious");
	sync();
	CHECK(statfs(".", &before) == 0);

	fd = MUST(open("big", O_CREAT | O_WRONLY | O_LARGEFILE, 0644));
	memset(block, 'd', sizeof(block));
	while ((written = write(fd, block, sizeof(block))) > 0)
		total += written;
	CHECK_EQ(errno, ENOSPC);
	CHECK(fsync(fd) == 0);
	CHECK(close(fd) == 0);
	CHECK(total > (long long)before.f_bavail * before.f_bsize * 9 / 10);
	CHECK(statfs(".", &full) == 0);
	CHECK(full.f_bavail < 64);
	CHECK(file_has_text("kept", "precious"));

	/* All that was accepted is there. */
	fd = MUST(open("big", O_RDONLY | O_LARGEFILE));
	long long found = 0;
	static char read_back[65536];
	ssize_t got;

	while ((got = read(fd, read_back, sizeof(read_back))) > 0) {
		CHECK(memcmp(read_back, block, got) == 0);
		found += got;
	}
	CHECK_EQ(found, total);
	CHECK(close(fd) == 0);

	/* No room for a directory's block either, or it fits: both are fine, crashing is not. */
	if (mkdir("directory", 0755) < 0)
		CHECK_EQ(errno, ENOSPC);
	else
		CHECK(rmdir("directory") == 0);
	CHECK(unlink("big") == 0);
	sync();
	CHECK(statfs(".", &after) == 0);
	CHECK_EQ(after.f_bfree, before.f_bfree);
	CHECK_EQ(after.f_ffree, before.f_ffree);
	fd = MUST(open("again", O_CREAT | O_WRONLY, 0644));
	CHECK_EQ(write(fd, block, sizeof(block)), sizeof(block));
	CHECK(close(fd) == 0);
	CHECK(unlink("again") == 0 && unlink("kept") == 0);
	return 0;
}

/* test: linux=no
 * The disk fails while a mapped page is read: SIGBUS (BUS_ADRERR) for who touched it; EIO for
 * read(); the next try succeeds.
 */
#include "failpoint.h"
#include "faults.h"

#define SIZE (64 * PAGE)

/* Reading the leak counters drops all caches first. */
static void drop_caches(int fd)
{
	static char counters[4096];

	CHECK(fsync(fd) == 0);
	read_text("/proc/quartet/leaks", counters, sizeof(counters));
}

int main(void)
{
	char byte;
	int fd;

	if (!getenv("TEST_DISK_DIR"))
		SKIP("no disk");
	enter_disk_directory();
	make_pattern_file("mapped", SIZE);
	fd = MUST(open("mapped", O_RDONLY));

	char *map = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, fd, 0);

	CHECK(map != MAP_FAILED);
	CHECK(madvise(map, SIZE, MADV_RANDOM) == 0);
	/*
	 * Code that the failing read needs must not itself come from the disk meanwhile: run it
	 * once.
	 */
	CHECK_FAULT(touch_read, (char *)NULL, SIGSEGV, SEGV_MAPERR);
	drop_caches(fd);
	if (!failpoint_arm("block_io", 1))
		SKIP("%s cannot be armed", FAILPOINT_FILE);
	struct fault fault = fault_try(touch_read, map + 5 * PAGE);

	if (!failpoint_has_struck("block_io"))
		SKIP("the page was still in memory");
	CHECK_EQ(fault.signal, SIGBUS);
	CHECK_EQ(fault.code, BUS_ADRERR);
	CHECK_EQ(fault.address, (uintptr_t)map + 5 * PAGE);
	CHECK_EQ(map[5 * PAGE], pattern_byte(5 * PAGE));

	drop_caches(fd);
	CHECK(failpoint_arm("block_io", 1));
	CHECK_ERRNO(pread(fd, &byte, 1, 40 * PAGE), EIO);
	CHECK_EQ(pread(fd, &byte, 1, 40 * PAGE), 1);
	CHECK_EQ(byte, pattern_byte(40 * PAGE));
	CHECK(failpoint_arm("block_io", 0));
	return 0;
}

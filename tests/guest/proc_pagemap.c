/* /proc/PID/pagemap and /proc/kpagecount: present bits, frames, counts; frames only for root. */
#include "check.h"

static void as_user(void)
{
	volatile char *page = map_pages(1);

	page[0] = 1;
	/* Whether it is there may be seen, where it is may not. */
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry;

	if (fd >= 0) {
		CHECK_EQ(pread64(fd, &entry, 8, (uintptr_t)page / PAGE * 8), 8);
		CHECK(entry & PAGEMAP_PRESENT);
		CHECK_EQ(entry & PAGEMAP_FRAME_MASK, 0);
	}
	CHECK_ERRNO(open("/proc/kpagecount", O_RDONLY), EACCES);
}

int main(void)
{
	uint64_t entries[4], count;
	char *pages = map_pages(4);
	int fd = MUST(open("/proc/self/pagemap", O_RDONLY));

	pages[0] = 1;
	pages[2 * PAGE] = 1;
	CHECK_EQ(pread64(fd, entries, sizeof(entries), (uintptr_t)pages / PAGE * 8),
		 sizeof(entries));
	CHECK(entries[0] & PAGEMAP_PRESENT);
	CHECK(!(entries[1] & PAGEMAP_PRESENT));
	CHECK(entries[2] & PAGEMAP_PRESENT);
	CHECK(entries[0] != entries[2]);
	CHECK_EQ(frame_map_count(entries[0] & PAGEMAP_FRAME_MASK), 1);
	/* Only whole entries can be read. */
	CHECK_ERRNO(pread64(fd, entries, 7, 0), EINVAL);
	CHECK_ERRNO(pread64(fd, entries, 8, 4), EINVAL);
	/* Unmapped space reads as zero. */
	CHECK_EQ(pread64(fd, entries, 8, 0), 8);
	CHECK_EQ(entries[0] & PAGEMAP_PRESENT, 0);

	int counts = MUST(open("/proc/kpagecount", O_RDONLY));

	CHECK_EQ(pread64(counts, &count, 8, 0), 8);
	CHECK_ERRNO(pread64(counts, &count, 7, 0), EINVAL);
	run_as(OTHER_UID, as_user);
	return 0;
}

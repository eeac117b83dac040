/* The block of the old mmap() reaching into an unmapped page: EFAULT, and nothing is mapped. */
#include "check.h"
#include "maps.h"

int main(void)
{
	uint32_t block[6] = { 0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 };
	char *end = map_page_before_hole();
	char *place = map_pages(1);

	CHECK(munmap(place, PAGE) == 0);
	block[0] = (uint32_t)(uintptr_t)place;
	for (size_t inside = 0; inside <= sizeof(block); inside += 4) {
		struct map_line line;
		long result;

		memcpy(end - inside, block, inside);
		result = raw_syscall(90, end - inside);
		if (inside == sizeof(block)) {
			CHECK_EQ(result, (long)place);
		} else {
			CHECK_EQ(result, -EFAULT);
			CHECK(!map_line_at(getpid(), place, &line));
		}
	}
	CHECK_EQ(raw_syscall(90, 0), -EFAULT);
	CHECK_EQ(raw_syscall(90, 0xc0001000), -EFAULT);
	CHECK_EQ(raw_syscall(90, 0xfffffff0), -EFAULT);
	return 0;
}

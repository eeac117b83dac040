/* Call 90, the old mmap(): one pointer to a block of six words, the offset in bytes. */
#include "check.h"

struct old_mmap_block {
	uint32_t address, length, protection, flags;
	int32_t fd;
	uint32_t offset;
};

int main(void)
{
	int fd;

	make_pattern_file("mapped", 3 * PAGE);
	fd = MUST(open("mapped", O_RDONLY));

	struct old_mmap_block block = { 0, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE };
	long address = raw_syscall(90, &block);

	CHECK(address % PAGE == 0 && (unsigned long)address < 0xfffff000);
	CHECK_EQ(*(char *)(address + PAGE + 3), pattern_byte(2 * PAGE + 3));

	block.offset = 100;	/* not on a page */
	CHECK_EQ(raw_syscall(90, &block), -EINVAL);
	block.offset = 0;
	block.length = 0;
	CHECK_EQ(raw_syscall(90, &block), -EINVAL);
	block.length = PAGE;
	block.flags = 0;	/* neither shared nor private */
	CHECK_EQ(raw_syscall(90, &block), -EINVAL);
	block.flags = MAP_PRIVATE;
	block.fd = 4000;
	CHECK_EQ(raw_syscall(90, &block), -EBADF);
	return 0;
}

/* brk(): grows with zeros, shrinks, forgets what was cut off, and refuses what it cannot do. */
#include "faults.h"

int main(void)
{
	uintptr_t start = raw_syscall(45, 0);
	volatile char *heap = (volatile char *)((start + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
	uintptr_t base = (uintptr_t)heap;

	CHECK_EQ((uintptr_t)raw_syscall(45, base + 3 * PAGE), base + 3 * PAGE);
	CHECK_EQ(heap[2 * PAGE], 0);
	heap[2 * PAGE] = 'x';
	CHECK_EQ((uintptr_t)raw_syscall(45, base + PAGE), base + PAGE);
	CHECK_FAULT(touch_read, heap + 2 * PAGE, SIGSEGV, SEGV_MAPERR);
	CHECK_EQ((uintptr_t)raw_syscall(45, base + 3 * PAGE), base + 3 * PAGE);
	CHECK_EQ(heap[2 * PAGE], 0);

	/* Refused: the break stays where it is, and that is the answer. */
	CHECK_EQ((uintptr_t)raw_syscall(45, 0xfffff000), base + 3 * PAGE);
	CHECK_EQ((uintptr_t)raw_syscall(45, 0x1000), base + 3 * PAGE);

	/* Something mapped in the way stops it. */
	CHECK(mmap((void *)(base + 16 * PAGE), PAGE, PROT_READ,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
	CHECK_EQ((uintptr_t)raw_syscall(45, base + 32 * PAGE), base + 3 * PAGE);

	/* RLIMIT_DATA stops it too. */
	struct rlimit limit = { 64 * 1024, 64 * 1024 };

	CHECK(setrlimit(RLIMIT_DATA, &limit) == 0);
	CHECK(munmap((void *)(base + 16 * PAGE), PAGE) == 0);
	CHECK_EQ((uintptr_t)raw_syscall(45, base + (1 << 20)), base + 3 * PAGE);
	return 0;
}

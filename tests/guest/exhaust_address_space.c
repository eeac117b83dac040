/*
 * Address space used up, by RLIMIT_AS and in fact: ENOMEM from mmap, brk and fork's like, and back
 * again.
 */
#include "check.h"

int main(void)
{
	struct rlimit limit = { 64 << 20, RLIM_INFINITY };
	int mapped = 0;
	void *last = NULL, *memory;

	/* All there is, in large pieces that nobody touches. */
	pid_t child = FORK();

	if (child == 0) {
		while ((memory = mmap(NULL, 64 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
				      MAP_NORESERVE, -1, 0)) != MAP_FAILED) {
			last = memory;
			mapped++;
		}
		CHECK_EQ(errno, ENOMEM);
		CHECK(mapped >= 40 && mapped < 64);
		CHECK(munmap(last, 64 << 20) == 0);
		CHECK(mmap(NULL, 32 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
		      MAP_FAILED);
		pid_t grandchild = FORK();

		if (grandchild == 0)
			_exit(0);
		_exit(wait_exit_status(grandchild));
	}
	CHECK_EQ(wait_exit_status(child), 0);

	CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
	CHECK_ERRNO((long)mmap(NULL, 65 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		    ENOMEM);
	memory = mmap(NULL, 32 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED);
	CHECK_ERRNO((long)mmap(NULL, 40 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		    ENOMEM);
	CHECK_ERRNO((long)mremap(memory, 32 << 20, 70 << 20, MREMAP_MAYMOVE), ENOMEM);
	uintptr_t heap = raw_syscall(45, 0);

	CHECK_EQ((uintptr_t)raw_syscall(45, heap + (48 << 20)), heap);
	CHECK(munmap(memory, 32 << 20) == 0);
	CHECK((uintptr_t)raw_syscall(45, heap + (48 << 20)) == heap + (48 << 20));
	return 0;
}

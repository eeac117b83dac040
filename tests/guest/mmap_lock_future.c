/*
 * mlock2(MLOCK_ONFAULT) leaves pages out until they are touched; mlockall(MCL_FUTURE) locks what is
 * mapped later, by mmap and brk, within RLIMIT_MEMLOCK, and not in a child.
 */
#include "check.h"

static long locked_kib(void)
{
	char line[128];
	long kib = -1;
	FILE *status = fopen("/proc/self/status", "re");

	CHECK(status != NULL);
	while (fgets(line, sizeof(line), status))
		sscanf(line, "VmLck: %ld kB", &kib);
	fclose(status);
	return kib;
}

static int resident_pages(char *from, int pages)
{
	unsigned char there[16] = { 0 };
	int count = 0;

	CHECK(mincore(from, pages * PAGE, there) == 0);
	for (int i = 0; i < pages; i++)
		count += there[i] & 1;
	return count;
}

static char *map(int pages)
{
	return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void on_fault(void)
{
	char *area = map(16);

	CHECK_EQ(raw_syscall(SYS_mlock2, area, 8 * PAGE, 2), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_mlock2, area, 8 * PAGE, MLOCK_ONFAULT), 0);
	CHECK_EQ(resident_pages(area, 16), 0);
	CHECK_EQ(locked_kib(), 8 * PAGE / 1024);
	area[3 * PAGE] = 1;
	CHECK_EQ(resident_pages(area, 16), 1);
	CHECK_EQ(raw_syscall(SYS_mlock2, area, 4 * PAGE, 0), 0);
	CHECK_EQ(resident_pages(area, 16), 4);
	CHECK_EQ(munlock(area, 16 * PAGE), 0);
	CHECK_EQ(locked_kib(), 0);
	CHECK(munmap(area + 15 * PAGE, PAGE) == 0);
	CHECK_EQ(raw_syscall(SYS_mlock2, area + 14 * PAGE, 2 * PAGE, 0), -ENOMEM);
	CHECK(munmap(area, 15 * PAGE) == 0);
}

static void nothing_locked(void)
{
	char *area = map(4);

	CHECK_EQ(locked_kib(), 0);
	CHECK_EQ(resident_pages(area, 4), 0);
}

static void later_mappings(void)
{
	char *area, *heap;

	CHECK_ERRNO(mlockall(0), EINVAL);
	CHECK_ERRNO(mlockall(MCL_ONFAULT), EINVAL);
	CHECK_ERRNO(mlockall(8 | MCL_FUTURE), EINVAL);
	CHECK(mlockall(MCL_FUTURE) == 0);
	CHECK_EQ(locked_kib(), 0);
	area = map(8);
	CHECK_EQ(resident_pages(area, 8), 8);
	CHECK_EQ(locked_kib(), 8 * PAGE / 1024);
	heap = (char *)((raw_syscall(SYS_brk, 0) + PAGE - 1) & -PAGE);
	CHECK_EQ(raw_syscall(SYS_brk, heap), (long)heap);
	long before = locked_kib();

	CHECK_EQ(raw_syscall(SYS_brk, heap + 4 * PAGE), (long)heap + 4 * PAGE);
	CHECK_EQ(resident_pages(heap, 4), 4);
	CHECK_EQ(locked_kib(), before + 4 * PAGE / 1024);
	in_child(nothing_locked);

	CHECK(mlockall(MCL_FUTURE | MCL_ONFAULT) == 0);
	area = map(8);
	CHECK_EQ(resident_pages(area, 8), 0);
	CHECK_EQ(locked_kib(), before + 12 * PAGE / 1024);
	CHECK(mlockall(MCL_CURRENT | MCL_ONFAULT) == 0);	/* ends MCL_FUTURE */
	before = locked_kib();
	CHECK(before > 100);
	CHECK_EQ(resident_pages(area, 8), 0);
	CHECK(map(8) != MAP_FAILED);
	CHECK_EQ(locked_kib(), before);
	CHECK(mlockall(MCL_CURRENT) == 0);
	CHECK_EQ(resident_pages(area, 8), 8);
	CHECK(munlockall() == 0);
	CHECK_EQ(locked_kib(), 0);
}

static void limits(void)
{
	struct rlimit limit = { 8 * PAGE, 8 * PAGE };
	char *area, *heap;

	CHECK(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
	become_user(OTHER_UID, OTHER_GID);
	area = map(10);
	CHECK_ERRNO(mlockall(MCL_CURRENT), ENOMEM);
	CHECK(mlockall(MCL_FUTURE) == 0);
	CHECK_ERRNO((long)map(9), EAGAIN);
	CHECK(map(5) != MAP_FAILED);
	CHECK_ERRNO((long)map(4), EAGAIN);
	CHECK_EQ(raw_syscall(SYS_mlock2, area, 4 * PAGE, MLOCK_ONFAULT), -ENOMEM);
	heap = (char *)((raw_syscall(SYS_brk, 0) + PAGE - 1) & -PAGE);
	CHECK_EQ(raw_syscall(SYS_brk, heap), (long)heap);
	CHECK(raw_syscall(SYS_brk, heap + 4 * PAGE) == (long)heap);
	CHECK_EQ(raw_syscall(SYS_mlock2, area, 3 * PAGE, MLOCK_ONFAULT), 0);
	CHECK(munlockall() == 0);
	CHECK(map(20) != MAP_FAILED);
	limit.rlim_cur = 0;
	CHECK(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
	CHECK_ERRNO(mlockall(MCL_FUTURE), EPERM);
	CHECK_EQ(raw_syscall(SYS_mlock2, area, PAGE, 0), -EPERM);
	CHECK(munlockall() == 0);
}

int main(void)
{
	in_child(on_fault);
	in_child(later_mappings);
	in_child(limits);
	return 0;
}

/*
 * An ordinary user maps nothing below /proc/sys/vm/mmap_min_addr, whichever way he asks; so a null
 * pointer of the kernel's would find no memory of his. (Linux lets root; Quartet lets nobody.)
 */
#include "check.h"
#include <sys/shm.h>

static uintptr_t lowest;

/* As numbers: -1 is failure, and 0 would be a place. */
static long map_at(uintptr_t address, size_t size, int flags)
{
	return (long)mmap((void *)address, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static long move_to(char *page, size_t size, uintptr_t address)
{
	return (long)mremap(page, PAGE, size, MREMAP_MAYMOVE | MREMAP_FIXED, address);
}

static void as_user(void)
{
	char *page = map_pages(1);
	int segment = MUST(shmget(IPC_PRIVATE, PAGE, 0600));
	struct shmid_ds unused;
	char *low;

	for (uintptr_t at = 0; at < lowest; at += PAGE) {
		CHECK_ERRNO(map_at(at, PAGE, MAP_FIXED), EPERM);
		CHECK_ERRNO(map_at(at, PAGE, MAP_FIXED_NOREPLACE), EPERM);
		CHECK_ERRNO(move_to(page, PAGE, at), EPERM);
		CHECK_ERRNO(move_to(page, 2 * PAGE, at), EPERM);
		if (at)
			CHECK_ERRNO((long)shmat(segment, (void *)at, 0), EPERM);
		/* A wish is only a wish. */
		low = (char *)map_at(at, PAGE, 0);
		CHECK(low != MAP_FAILED && (uintptr_t)low >= lowest);
		CHECK(munmap(low, PAGE) == 0);
	}
	CHECK_ERRNO(map_at(lowest - PAGE, 2 * PAGE, MAP_FIXED), EPERM);
	CHECK(shmctl(segment, IPC_RMID, &unused) == 0);

	low = (char *)map_at(lowest, PAGE, MAP_FIXED);
	CHECK_EQ((uintptr_t)low, lowest);
	*low = 1;
	CHECK(munmap(low, PAGE) == 0);
}

/* A stack does not grow down over the limit either. */
static void grow_down(void)
{
	char *low = (char *)map_at(lowest, PAGE, MAP_FIXED | MAP_GROWSDOWN);

	CHECK_EQ((uintptr_t)low, lowest);
	low[-1] = 1;
}

static void grow_down_as_user(void)
{
	dies_of(SIGSEGV, grow_down);
}

/* On Quartet: Linux lets whoever has CAP_SYS_RAWIO. */
static void refuse_root(void)
{
	char *page = map_pages(1);

	for (uintptr_t at = 0; at < lowest; at += PAGE) {
		CHECK_ERRNO(map_at(at, PAGE, MAP_FIXED), EPERM);
		CHECK_ERRNO(move_to(page, PAGE, at), EPERM);
	}
}

int main(void)
{
	char text[64];

	read_text("/proc/sys/vm/mmap_min_addr", text, sizeof(text));
	lowest = strtoul(text, NULL, 10);
	CHECK(lowest >= PAGE && lowest % PAGE == 0);
	if (access("/proc/quartet", F_OK) == 0)
		refuse_root();
	run_as(OTHER_UID, as_user);
	run_as(OTHER_UID, grow_down_as_user);
	return 0;
}

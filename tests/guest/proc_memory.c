/* /proc/meminfo, vmstat and swaps follow what programs do with memory. */
#include "check.h"

enum { MIB = 1 << 20, SIZE = 8 * MIB, NEAR = 1536 /* KiB: what else may come and go */ };

static char text[65536];

static long value_in(const char *path, const char *name)
{
	char *line;

	read_text(path, text, sizeof(text));
	line = strstr(text, name);
	if (!line)
		FAIL("%s has no %s", path, name);
	return atol(line + strlen(name));
}

static long kib(const char *name)
{
	return value_in("/proc/meminfo", name);
}

#define CHECK_NEAR(actual, expected) do { \
	long near_actual = (actual), near_expected = (expected); \
	if (labs(near_actual - near_expected) > NEAR) \
		FAIL(#actual " is %ld, not near %ld", near_actual, near_expected); \
} while (0)

static void shared_pages(void)
{
	long shared = kib("\nShmem:"), cached = kib("\nCached:"), private = kib("\nAnonPages:");
	long pages = value_in("/proc/vmstat", "nr_shmem ");
	char *memory = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(memory != MAP_FAILED);
	memset(memory, 1, SIZE);
	CHECK_NEAR(kib("\nShmem:") - shared, SIZE / 1024);
	CHECK_NEAR(kib("\nCached:") - cached, SIZE / 1024);
	CHECK_NEAR(kib("\nAnonPages:") - private, 0);
	CHECK_NEAR((value_in("/proc/vmstat", "nr_shmem ") - pages) * 4, SIZE / 1024);
	CHECK(munmap(memory, SIZE) == 0);
	CHECK_NEAR(kib("\nShmem:") - shared, 0);
}

static long anonymous_kib(void)
{
	return kib("\nActive(anon):") + kib("\nInactive(anon):");
}

static void private_pages(void)
{
	long shared = kib("\nShmem:"), private = kib("\nAnonPages:"), all = anonymous_kib();
	char *memory = map_pages(SIZE / PAGE);

	memset(memory, 1, SIZE);
	CHECK_NEAR(kib("\nAnonPages:") - private, SIZE / 1024);
	CHECK_NEAR(anonymous_kib() - all, SIZE / 1024);
	CHECK_NEAR(kib("\nShmem:") - shared, 0);
	CHECK(munmap(memory, SIZE) == 0);
	CHECK_NEAR(kib("\nAnonPages:") - private, 0);
}

static void mapped_files(void)
{
	long mapped, shared = kib("\nShmem:");
	char *memory;
	volatile char sum = 0;
	int fd;

	enter_disk_directory();
	make_pattern_file("mapped", SIZE);
	fd = MUST(open("mapped", O_RDONLY));
	mapped = kib("\nMapped:");
	memory = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(memory != MAP_FAILED);
	for (size_t i = 0; i < SIZE; i += PAGE)
		sum += memory[i];
	CHECK_NEAR(kib("\nMapped:") - mapped, SIZE / 1024);
	CHECK_NEAR(kib("\nShmem:") - shared, 0);
	CHECK(munmap(memory, SIZE) == 0);
	CHECK_NEAR(kib("\nMapped:") - mapped, 0);
	CHECK(close(fd) == 0 && unlink("mapped") == 0);
}

static void whole(void)
{
	CHECK_NEAR(kib("\nActive(file):") + kib("\nActive(anon):"), kib("\nActive:"));
	CHECK_NEAR(kib("\nInactive(file):") + kib("\nInactive(anon):"), kib("\nInactive:"));
	CHECK(kib("\nDirty:") >= 0 && kib("\nWriteback:") >= 0);
	CHECK(kib("MemTotal:") > kib("\nMemAvailable:"));
	CHECK(value_in("/proc/vmstat", "\npgpgin ") >= 0);
	CHECK(value_in("/proc/vmstat", "\npgpgout ") >= 0);
	CHECK(value_in("/proc/vmstat", "\npswpin ") >= 0);
	CHECK(value_in("/proc/vmstat", "\npgfault ") > 0);
	read_text("/proc/swaps", text, sizeof(text));
	CHECK(strcmp(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n") == 0);
}

int main(void)
{
	shared_pages();
	private_pages();
	mapped_files();
	whole();
	return 0;
}

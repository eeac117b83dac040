/*
 * The clock functions of the vDSO, called as a C library calls them: what each says lies between
 * two answers of the kernel, for every clock; what it cannot say itself it asks the kernel, errors
 * included.
 */
#include "check.h"
#include <elf.h>
#include <sys/auxv.h>
#include <sys/time.h>

#ifndef CLOCK_TAI
#define CLOCK_TAI 11
#endif
#define NS_PER_SECOND 1000000000LL

struct timespec32 {
	int32_t tv_sec, tv_nsec;
};

struct timespec64 {
	int64_t tv_sec;
	int32_t tv_nsec, padding;
};

/* ---- the symbols ------------------------------------------------------------------------- */

struct image {
	const char *base;
	const Elf32_Sym *symbols;
	const char *strings;
	uint32_t symbol_count;
};

static struct image find_image(void)
{
	struct image image = { .base = (const char *)getauxval(AT_SYSINFO_EHDR) };
	const Elf32_Ehdr *header = (const void *)image.base;
	const Elf32_Phdr *segments;
	uintptr_t distance = 0;
	const Elf32_Dyn *dynamic = NULL;

	CHECK(image.base != NULL);
	CHECK(memcmp(header->e_ident, ELFMAG, SELFMAG) == 0);
	segments = (const void *)(image.base + header->e_phoff);
	for (int i = 0; i < header->e_phnum; i++) {
		if (segments[i].p_type == PT_LOAD)
			distance = (uintptr_t)image.base + segments[i].p_offset -
				   segments[i].p_vaddr;
		if (segments[i].p_type == PT_DYNAMIC)
			dynamic = (const void *)(image.base + segments[i].p_offset);
	}
	CHECK(dynamic != NULL);
	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		const void *there = (const void *)(distance + dynamic->d_un.d_ptr);

		if (dynamic->d_tag == DT_SYMTAB)
			image.symbols = there;
		if (dynamic->d_tag == DT_STRTAB)
			image.strings = there;
		if (dynamic->d_tag == DT_HASH)
			image.symbol_count = ((const uint32_t *)there)[1];
	}
	CHECK(image.symbols && image.strings && image.symbol_count > 1);
	image.base = (const char *)distance;
	return image;
}

static const void *symbol(const struct image *image, const char *name)
{
	for (uint32_t i = 1; i < image->symbol_count; i++) {
		const Elf32_Sym *at = &image->symbols[i];

		if (at->st_shndx != SHN_UNDEF && ELF32_ST_TYPE(at->st_info) == STT_FUNC &&
		    strcmp(image->strings + at->st_name, name) == 0)
			return image->base + at->st_value;
	}
	FAIL("the vDSO has no %s", name);
}

static int (*vdso_clock32)(int, struct timespec32 *);
static int (*vdso_clock64)(int, struct timespec64 *);
static int (*vdso_gettimeofday)(struct timespec32 *, int32_t *);
static int32_t (*vdso_time)(int32_t *);

/* ---- against the kernel ------------------------------------------------------------------ */

static long long kernel_ns(int clock)
{
	struct timespec64 time;

	CHECK_EQ(raw_syscall(SYS_clock_gettime64, clock, &time), 0);
	return time.tv_sec * NS_PER_SECOND + time.tv_nsec;
}

static void check_between(int clock, long long before, long long vdso, long long after)
{
	if (vdso < before || vdso > after)
		FAIL("clock %d: %lld is not between %lld and %lld", clock, vdso, before, after);
}

static void test_clock(int clock)
{
	struct timespec32 time32;
	struct timespec64 time64;
	long long before, middle, after;

	for (int i = 0; i < scaled(2000); i++) {
		time64.padding = -1;
		before = kernel_ns(clock);
		CHECK_EQ(vdso_clock64(clock, &time64), 0);
		middle = kernel_ns(clock);
		CHECK_EQ(vdso_clock32(clock, &time32), 0);
		after = kernel_ns(clock);
		CHECK(time64.tv_nsec >= 0 && time64.tv_nsec < NS_PER_SECOND);
		CHECK(time32.tv_nsec >= 0 && time32.tv_nsec < NS_PER_SECOND);
		check_between(clock, before, time64.tv_sec * NS_PER_SECOND + time64.tv_nsec,
			      middle);
		check_between(clock, middle, time32.tv_sec * NS_PER_SECOND + time32.tv_nsec,
			      after);
	}
}

static void test_time_of_day(void)
{
	struct timespec32 time;
	int32_t zone[2];

	for (int i = 0; i < scaled(2000); i++) {
		long long before = kernel_ns(CLOCK_REALTIME) / 1000, after;

		zone[0] = zone[1] = 77;
		CHECK_EQ(vdso_gettimeofday(&time, zone), 0);
		after = kernel_ns(CLOCK_REALTIME) / 1000;
		check_between(CLOCK_REALTIME, before, time.tv_sec * 1000000LL + time.tv_nsec,
			      after);
		CHECK(zone[0] == 0 && zone[1] == 0);
	}
	CHECK_EQ(vdso_gettimeofday(NULL, zone), 0);
	CHECK_EQ(vdso_gettimeofday(&time, NULL), 0);
	CHECK_EQ(vdso_gettimeofday(NULL, NULL), 0);
}

static void test_seconds(void)
{
	long long end = now_ns() + NS_PER_SECOND * 11 / 10;	/* over the turn of a second */

	while (now_ns() < end) {
		int32_t before, seconds, stored = 0, after;

		before = raw_syscall(SYS_time, NULL);
		seconds = vdso_time(&stored);
		CHECK_EQ(seconds, stored);
		CHECK(vdso_time(NULL) >= seconds);
		after = raw_syscall(SYS_time, NULL);
		CHECK(before <= seconds && seconds <= after);
	}
}

static void test_errors(void)
{
	static const int unknown[] = { 10, 12, 15, 16, 31, 32, 63, 64, 12345, INT_MAX };
	struct timespec32 time32;
	struct timespec64 time64;

	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		CHECK_EQ(vdso_clock32(unknown[i], &time32), -EINVAL);
		CHECK_EQ(vdso_clock64(unknown[i], &time64), -EINVAL);
	}
	CHECK_EQ(vdso_clock64(CLOCK_PROCESS_CPUTIME_ID, (void *)16), -EFAULT);
	CHECK_EQ(vdso_clock32(CLOCK_PROCESS_CPUTIME_ID, (void *)16), -EFAULT);
}

int main(void)
{
	static const int clocks[] = {
		CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
		CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME, CLOCK_TAI, CLOCK_PROCESS_CPUTIME_ID,
		CLOCK_THREAD_CPUTIME_ID,
	};
	struct image image = find_image();
	clockid_t own;

	vdso_clock32 = symbol(&image, "__vdso_clock_gettime");
	vdso_clock64 = symbol(&image, "__vdso_clock_gettime64");
	vdso_gettimeofday = symbol(&image, "__vdso_gettimeofday");
	vdso_time = symbol(&image, "__vdso_time");
	symbol(&image, "__kernel_vsyscall");
	symbol(&image, "__kernel_sigreturn");
	symbol(&image, "__kernel_rt_sigreturn");
	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++)
		test_clock(clocks[i]);
	/* A clock of a process has a negative number. */
	CHECK(clock_getcpuclockid(getpid(), &own) == 0);
	test_clock(own);
	test_time_of_day();
	test_seconds();
	test_errors();
	return 0;
}

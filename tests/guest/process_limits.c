/*
 * getrlimit, setrlimit, prlimit64, the old 76: soft below hard, only root raises, -1 is infinity.
 * Limits have 64 bits, but for Linux's own kernel for i386: to that, what needs more is infinity.
 */
#include "check.h"
#include <sys/utsname.h>

static void as_user(void)
{
	struct rlimit limit = { 50, 100 };

	CHECK(setrlimit(RLIMIT_NPROC, &limit) == 0);
	limit.rlim_max = 101;
	CHECK_ERRNO(setrlimit(RLIMIT_NPROC, &limit), EPERM);
	limit = (struct rlimit){ 100, 100 };
	CHECK(setrlimit(RLIMIT_NPROC, &limit) == 0);
	limit = (struct rlimit){ 10, 20 };
	CHECK(setrlimit(RLIMIT_NPROC, &limit) == 0);
	struct rlimit64 other;

	CHECK_ERRNO(prlimit64(1, RLIMIT_NOFILE, NULL, &other), EPERM);
}

/* Does the kernel keep limits that need more than 32 bits? */
static bool keeps_wide_limits(void)
{
	struct utsname names;

	CHECK(uname(&names) == 0);
	return access("/proc/quartet", F_OK) == 0 || strcmp(names.machine, "x86_64") == 0;
}

int main(void)
{
	struct rlimit64 wide = { 5LL << 32, RLIM64_INFINITY }, old_wide;
	struct rlimit limit;
	uint32_t old_limit[2];

	for (int resource = 0; resource < 16; resource++) {
		CHECK(getrlimit(resource, &limit) == 0);
		CHECK(limit.rlim_cur <= limit.rlim_max);
	}
	CHECK_ERRNO(getrlimit(16, &limit), EINVAL);
	CHECK_ERRNO(getrlimit(-1, &limit), EINVAL);
	limit = (struct rlimit){ 11, 10 };
	CHECK_ERRNO(setrlimit(RLIMIT_CORE, &limit), EINVAL);

	CHECK(prlimit64(0, RLIMIT_FSIZE, &wide, &old_wide) == 0);
	CHECK_EQ(old_wide.rlim_cur, RLIM64_INFINITY);
	CHECK(prlimit64(getpid(), RLIMIT_FSIZE, NULL, &old_wide) == 0);
	CHECK_EQ(old_wide.rlim_cur, keeps_wide_limits() ? 5ULL << 32 : RLIM64_INFINITY);
	/* The 32-bit view of something larger is infinity. */
	uint32_t narrow[2];

	CHECK_EQ(raw_syscall(SYS_ugetrlimit, RLIMIT_FSIZE, narrow), 0);
	CHECK_EQ(narrow[0], 0xffffffff);
	CHECK_EQ(raw_syscall(76, RLIMIT_FSIZE, old_limit), 0);
	CHECK_EQ(old_limit[0], 0x7fffffff);
	narrow[0] = 77;
	narrow[1] = 0xffffffff;
	CHECK_EQ(raw_syscall(SYS_setrlimit, RLIMIT_FSIZE, narrow), 0);
	CHECK(prlimit64(0, RLIMIT_FSIZE, NULL, &old_wide) == 0);
	CHECK_EQ(old_wide.rlim_cur, 77);
	CHECK_EQ(old_wide.rlim_max, RLIM64_INFINITY);
	CHECK_ERRNO(prlimit64(0x3fffffff, RLIMIT_FSIZE, NULL, &old_wide), ESRCH);
	CHECK_ERRNO(prlimit64(0, 99, NULL, &old_wide), EINVAL);
	run_as(OTHER_UID, as_user);
	return 0;
}

/*
 * prctl: what is only kept and given back (memory that breaks, who serves disks), what is said of
 * speculation, and who may say what.
 */
#include "check.h"
#include <sys/prctl.h>

#define PR_SET_IO_FLUSHER_ 57
#define PR_GET_IO_FLUSHER_ 58

static void inherited(void)
{
	CHECK_EQ(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0), PR_MCE_KILL_EARLY);
	CHECK_EQ(prctl(PR_GET_IO_FLUSHER_, 0, 0, 0, 0), 1);
}

static void memory_failure(void)
{
	CHECK_EQ(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0), PR_MCE_KILL_DEFAULT);
	CHECK(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_LATE, 0, 0) == 0);
	CHECK_EQ(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0), PR_MCE_KILL_LATE);
	CHECK(prctl(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 0, 0, 0) == 0);
	CHECK_EQ(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0), PR_MCE_KILL_DEFAULT);
	CHECK(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0) == 0);
	CHECK_ERRNO(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, 3, 0, 0), EINVAL);
	CHECK_ERRNO(prctl(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 1, 0, 0), EINVAL);
	CHECK_ERRNO(prctl(PR_MCE_KILL, 2, 0, 0, 0), EINVAL);
	CHECK_ERRNO(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, 0, 0, 1), EINVAL);
	CHECK_ERRNO(prctl(PR_MCE_KILL_GET, 1, 0, 0, 0), EINVAL);
	CHECK_EQ(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0), PR_MCE_KILL_EARLY);
}

static void io_flusher(void)
{
	CHECK_EQ(prctl(PR_GET_IO_FLUSHER_, 0, 0, 0, 0), 0);
	CHECK_ERRNO(prctl(PR_SET_IO_FLUSHER_, 2, 0, 0, 0), EINVAL);
	CHECK_ERRNO(prctl(PR_SET_IO_FLUSHER_, 1, 1, 0, 0), EINVAL);
	CHECK_ERRNO(prctl(PR_GET_IO_FLUSHER_, 1, 0, 0, 0), EINVAL);
	CHECK(prctl(PR_SET_IO_FLUSHER_, 1, 0, 0, 0) == 0);
}

static void as_user(void)
{
	CHECK_ERRNO(prctl(PR_SET_IO_FLUSHER_, 0, 0, 0, 0), EPERM);
	CHECK_ERRNO(prctl(PR_GET_IO_FLUSHER_, 0, 0, 0, 0), EPERM);
	CHECK(prctl(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 0, 0, 0) == 0);
}

/* What can be chosen depends on the machine; that which is none, not. */
static void speculation(void)
{
	CHECK(prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, 0, 0, 0) >= 0);
	CHECK(prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, 0, 0, 0) >= 0);
	CHECK_ERRNO(prctl(PR_GET_SPECULATION_CTRL, 77, 0, 0, 0), ENODEV);
	CHECK_ERRNO(prctl(PR_SET_SPECULATION_CTRL, 77, 0, 0, 0), ENODEV);
	CHECK_ERRNO(prctl(PR_GET_SPECULATION_CTRL, 0, 1, 0, 0), EINVAL);
	CHECK_ERRNO(prctl(PR_SET_SPECULATION_CTRL, 0, 0, 1, 0), EINVAL);
	CHECK_ERRNO(prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, 1, 0, 0), ERANGE);
	CHECK(prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, PR_SPEC_ENABLE, 0, 0) == 0);
}

int main(void)
{
	memory_failure();
	io_flusher();
	in_child(inherited);
	run_as(OTHER_UID, as_user);
	speculation();
	CHECK(prctl(PR_TASK_PERF_EVENTS_DISABLE) == 0);
	CHECK(prctl(PR_TASK_PERF_EVENTS_ENABLE) == 0);
	return 0;
}

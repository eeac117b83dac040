/* Counting allocations of the fakes, and failing one on demand. */
#include "host.h"
#include "test.h"

static unsigned int allocations_to_failure;	/* 0: not armed */
static bool has_failed;
static long in_use;

void test_fail_allocation(unsigned int nth)
{
	allocations_to_failure = nth;
	has_failed = false;
}

bool test_allocation_failed(void)
{
	bool failed = has_failed;

	test_fail_allocation(0);
	return failed;
}

bool host_allocation_fails(void)
{
	if (allocations_to_failure == 0 || --allocations_to_failure > 0)
		return false;
	has_failed = true;
	return true;
}

void host_count_allocation(long change)
{
	__atomic_fetch_add(&in_use, change, __ATOMIC_RELAXED);
}

long test_allocations_in_use(void)
{
	return __atomic_load_n(&in_use, __ATOMIC_RELAXED);
}

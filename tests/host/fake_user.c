/*
 * User memory on the host: plain memory of the test, all of it mapped, unless the test takes a
 * range away until it is faulted in.
 */
#include <string.h>
#include "arch/user_copy.h"
#include "test.h"
#include "uapi/linux/errno.h"

static uintptr_t absent_start, absent_end;
static bool absent_for_ever;

void test_user_absent(const void *start, size_t size, bool for_ever)
{
	absent_start = (uintptr_t)start;
	absent_end = absent_start + size;
	absent_for_ever = for_ever;
}

/* How many of `size` bytes can be had without a fault. */
static size_t present(user_addr address, size_t size)
{
	uintptr_t start = user_addr_value(address);

	if (start + size <= absent_start || start >= absent_end)
		return size;
	return start >= absent_start ? 0 : absent_start - start;
}

size_t copy_from_user_nofault(void *to, user_addr from, size_t size)
{
	size_t count = present(from, size);

	memcpy(to, (const void *)from, count);
	return size - count;
}

size_t copy_to_user_nofault(user_addr to, const void *from, size_t size)
{
	size_t count = present(to, size);

	memcpy((void *)to, from, count);
	return size - count;
}

int user_prefault(user_addr address, size_t size, bool write)
{
	(void)write;
	if (present(address, size) == size)
		return 0;
	if (absent_for_ever)
		return -EFAULT;
	absent_start = absent_end = 0;
	return 0;
}

size_t copy_from_user_partial(void *to, user_addr from, size_t size)
{
	/* Whether it could be faulted in shows in what is copied. */
	int ignored = user_prefault(from, size, false);

	(void)ignored;
	return copy_from_user_nofault(to, from, size);
}

size_t copy_to_user_partial(user_addr to, const void *from, size_t size)
{
	int ignored = user_prefault(to, size, true);

	(void)ignored;
	return copy_to_user_nofault(to, from, size);
}

int copy_from_user(void *to, user_addr from, size_t size)
{
	return copy_from_user_partial(to, from, size) ? -EFAULT : 0;
}

int copy_to_user(user_addr to, const void *from, size_t size)
{
	return copy_to_user_partial(to, from, size) ? -EFAULT : 0;
}

size_t clear_user_partial(user_addr to, size_t size)
{
	int ignored = user_prefault(to, size, true);
	size_t count = present(to, size);

	(void)ignored;
	memset((void *)to, 0, count);
	return size - count;
}

int get_user_u32(uint32_t *out, user_addr from)
{
	return copy_from_user(out, from, sizeof(*out));
}

int get_user_u32_nofault(uint32_t *out, user_addr from)
{
	return get_user_u32(out, from);
}

int put_user_u32(user_addr to, uint32_t value)
{
	return copy_to_user(to, &value, sizeof(value));
}

int user_word_compare_exchange(user_addr word, uint32_t expected, uint32_t desired,
			       uint32_t *seen)
{
	if (present(word, sizeof(desired)) < sizeof(desired))
		return -EFAULT;
	*seen = expected;
	__atomic_compare_exchange_n((uint32_t *)word, seen, desired, false, __ATOMIC_SEQ_CST,
				    __ATOMIC_SEQ_CST);
	return 0;
}

/*
 * Structures that grow: the program says how long its own is (clone3, openat2, sched_setattr).
 *
 * One that is shorter than ours is an older one: what it lacks is zero. One that is longer is a
 * newer one, and may ask for nothing that we do not know: the rest must be zeros.
 */
#include "arch/user_copy.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "syscall/sys_internal.h"
#include "uapi/linux/errno.h"

/* Errors: -EFAULT, -E2BIG. */
static int check_zeros(user_addr from, size_t size)
{
	uint8_t bytes[64];

	while (size > 0) {
		size_t part = min_t(size_t, size, sizeof(bytes));

		if (copy_from_user(bytes, from, part))
			return -EFAULT;
		for (size_t i = 0; i < part; i++) {
			if (bytes[i])
				return -E2BIG;
		}
		from = user_addr_add(from, part);
		size -= part;
	}
	return 0;
}

int abi_struct_get(void *to, size_t known_size, user_addr from, size_t given_size)
{
	size_t size = min_t(size_t, known_size, given_size);

	if (given_size > known_size) {
		int error = check_zeros(user_addr_add(from, known_size), given_size - known_size);

		if (error)
			return error;
	}
	memset((char *)to + size, 0, known_size - size);
	return copy_from_user(to, from, size);
}

/*
 * Bytes between kernel and user memory. Addresses are checked against USER_END; a page fault inside
 * runs the ordinary fault path (and may sleep); what cannot be had is -EFAULT. In all of them the
 * caller holds no spinlock and no lock that a fault may take (ADDRESS_SPACE, TRUNCATE, ...).
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arch/user_range.h"
#include "core/compiler.h"
#include "core/types.h"

/* Whole or -EFAULT; on -EFAULT a part may have been written. */
must_check int copy_from_user(void *to, user_addr from, size_t size);
must_check int copy_to_user(user_addr to, const void *from, size_t size);

/* As far as it goes: the number of bytes NOT copied (or set to 0). */
size_t copy_from_user_partial(void *to, user_addr from, size_t size);
size_t copy_to_user_partial(user_addr to, const void *from, size_t size);
size_t clear_user_partial(user_addr to, size_t size);

/*
 * The same without ever handling a fault: what is not mapped stays uncopied. Callable under
 * spinlocks.
 */
size_t copy_from_user_nofault(void *to, user_addr from, size_t size);
size_t copy_to_user_nofault(user_addr to, const void *from, size_t size);

/*
 * Copies a string with its NUL. Returns its length without it, -EFAULT, or `size` when no NUL
 * came within `size` bytes (then `to` is full and unterminated). Up to three bytes behind the NUL
 * may come along, within `size`.
 */
must_check ssize_t string_from_user(char *to, user_addr from, size_t size);
/* Its length with the NUL, at most `limit` (then limit + 1); -EFAULT. */
must_check ssize_t string_length_user(user_addr from, size_t limit);

must_check int get_user_u32(uint32_t *out, user_addr from);
must_check int get_user_u32_nofault(uint32_t *out, user_addr from); /* -EFAULT: not mapped now */
must_check int put_user_u32(user_addr to, uint32_t value);
must_check int get_user_u64(uint64_t *out, user_addr from);
/* Two words, one after the other; three of them; 64 bits. */
must_check int put_user_pair(user_addr to, uint32_t first, uint32_t second);
must_check int put_user_triple(user_addr to, uint32_t first, uint32_t second, uint32_t third);
must_check static inline int put_user_u64(user_addr to, uint64_t value)
{
	return put_user_pair(to, (uint32_t)value, (uint32_t)(value >> 32));
}

/*
 * One 16-bit field of each of `count` records that are `stride` bytes apart on both sides; `to` and
 * `from` are the first record's. On -EFAULT the earlier ones have been written.
 */
must_check int put_user_u16_fields(user_addr to, const void *from, size_t count, size_t stride);

/*
 * Make every page of the range present and (if write) writable by touching it. -EFAULT if it cannot
 * be.
 */
must_check int user_prefault(user_addr address, size_t size, bool write);

/* Atomic on a user word, never faulting in: -EFAULT if it is not mapped (writable) now. */
must_check int user_word_compare_exchange(user_addr word, uint32_t expected, uint32_t desired,
					  uint32_t *seen);

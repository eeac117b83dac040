/*
 * Bytes between kernel and user memory: the range is checked here, the access is made in
 * user_access.S.
 *
 * Short copies go by words. Long ones go by string instructions or SSE, whichever page_copy.c found
 * faster. SSE registers must not be switched away in the middle, so that part runs with preemption
 * off and without handling faults; the page where it stops is faulted in by a short plain copy, and
 * it goes on behind it.
 */
#include "arch/user_copy.h"
#include "arch/cpu.h"
#include "arch/user_words.h"
#include "core/lock_check.h"
#include "core/preempt.h"
#include "internal.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "uapi/linux/errno.h"

/* Copies shorter than this go by words: saving SSE registers and starting `rep` cost more. */
#define LONG_COPY 256
#define SSE_BLOCK 64

size_t user_copy_words(void *to, const void *from, size_t size);
size_t user_copy_words_nofault(void *to, const void *from, size_t size);
size_t user_copy_string(void *to, const void *from, size_t size);
size_t user_copy_string_nofault(void *to, const void *from, size_t size);
size_t user_copy_blocks_sse(void *to, const void *from, size_t blocks);
size_t user_clear_bytes(void *to, size_t size);
ssize_t user_copy_text(char *to, const void *from, size_t size);
ssize_t user_text_length(const void *from, size_t limit);
int user_read_word(uint32_t *out, const void *from);
int user_read_word_nofault(uint32_t *out, const void *from);
int user_write_word(void *to, uint32_t value);
int user_read_pair(uint64_t *out, const void *from);
int user_write_pair(void *to, uint32_t low, uint32_t high);
int user_write_fields(void *to, const void *from, size_t count, size_t stride);
int user_touch(void *at, bool write);
int user_exchange_word(void *word, uint32_t expected, uint32_t desired, uint32_t *seen);

/* kernel.ld: three bytes each to become STAC or CLAC. */
struct smap_patch {
	uint8_t *at;
	uint32_t is_open;
};
extern const struct smap_patch smap_patches_start[], smap_patches_end[];

/* Debug builds: the page may have to come from a disk. */
static inline void check_may_fault(void)
{
	if (CONFIG_LOCK_CHECK)
		assert_may_sleep();
}

/* A program's address may be NULL, to which C adds nothing, not even 0. */
static inline char *behind(const char *start, size_t size)
{
	return (char *)((uintptr_t)start + size);
}

/* What is no whole block is left as well. */
static inline size_t copy_sse(char *to, const char *from, size_t size)
{
	size_t left;

	preempt_disable();
	left = user_copy_blocks_sse(to, from, size / SSE_BLOCK);
	preempt_enable();
	return left * SSE_BLOCK + size % SSE_BLOCK;
}

/* SSE has stopped: by whole blocks at a page that is not there yet, or before the last bytes. */
static noinline size_t copy_rest(char *to, const char *from, size_t size)
{
	while (size >= SSE_BLOCK) {
		/* This makes the page present, or finds that it cannot be. */
		size_t left = user_copy_words(to, from, SSE_BLOCK);

		if (left)
			return size - SSE_BLOCK + left;
		to = behind(to, SSE_BLOCK);
		from = behind(from, SSE_BLOCK);
		size -= SSE_BLOCK;
		if (size < LONG_COPY)
			break;
		left = copy_sse(to, from, size);
		to += size - left;
		from += size - left;
		size = left;
	}
	return size ? user_copy_words(to, from, size) : 0;
}

/* Returns the bytes not copied, as all of these do. `size` is at least LONG_COPY. */
static noinline size_t copy_long(char *to, const char *from, size_t size)
{
	size_t left;

	if (unlikely(!page_copy_prefers_sse))
		return user_copy_string(to, from, size);
	left = copy_sse(to, from, size);
	if (likely(left == 0))
		return 0;
	return copy_rest(behind(to, size - left), behind(from, size - left), left);
}

static noinline size_t copy_long_nofault(char *to, const char *from, size_t size)
{
	size_t left;

	if (!page_copy_prefers_sse)
		return user_copy_string_nofault(to, from, size);
	left = copy_sse(to, from, size);
	if (left == 0)
		return 0;
	return user_copy_words_nofault(behind(to, size - left), behind(from, size - left), left);
}

/* Most are short, and straight down from here: half the instructions of the general way. */
static inline size_t copy(void *to, const void *from, size_t size)
{
	return likely(size < LONG_COPY) ? user_copy_words(to, from, size)
					: copy_long(to, from, size);
}

static inline size_t copy_nofault(void *to, const void *from, size_t size)
{
	return likely(size < LONG_COPY) ? user_copy_words_nofault(to, from, size)
					: copy_long_nofault(to, from, size);
}

/* Is it a short copy, well below the end of user space? Half of what user_range_ok() costs. */
static inline bool is_short(user_addr address, size_t size)
{
	return likely(size < LONG_COPY && user_addr_value(address) <= USER_END - LONG_COPY);
}

static inline void *user_bytes(user_addr address)
{
	return (void *)user_addr_value(address);
}

/* The others: apart, so that short ones save no register. */
static noinline size_t copy_from_range(void *to, user_addr from, size_t size)
{
	return likely(user_range_ok(from, size)) ? copy(to, user_bytes(from), size) : size;
}

static noinline size_t copy_to_range(user_addr to, const void *from, size_t size)
{
	return likely(user_range_ok(to, size)) ? copy(user_bytes(to), from, size) : size;
}

size_t copy_from_user_partial(void *to, user_addr from, size_t size)
{
	check_may_fault();
	return is_short(from, size) ? user_copy_words(to, user_bytes(from), size)
				    : copy_from_range(to, from, size);
}

size_t copy_to_user_partial(user_addr to, const void *from, size_t size)
{
	check_may_fault();
	return is_short(to, size) ? user_copy_words(user_bytes(to), from, size)
				  : copy_to_range(to, from, size);
}

int copy_from_user(void *to, user_addr from, size_t size)
{
	check_may_fault();
	if (unlikely(!user_range_ok(from, size)))
		return -EFAULT;
	return copy(to, user_bytes(from), size) ? -EFAULT : 0;
}

int copy_to_user(user_addr to, const void *from, size_t size)
{
	check_may_fault();
	if (unlikely(!user_range_ok(to, size)))
		return -EFAULT;
	return copy(user_bytes(to), from, size) ? -EFAULT : 0;
}

size_t copy_from_user_nofault(void *to, user_addr from, size_t size)
{
	return likely(user_range_ok(from, size)) ? copy_nofault(to, user_bytes(from), size) : size;
}

size_t copy_to_user_nofault(user_addr to, const void *from, size_t size)
{
	return likely(user_range_ok(to, size)) ? copy_nofault(user_bytes(to), from, size) : size;
}

size_t clear_user_partial(user_addr to, size_t size)
{
	check_may_fault();
	return likely(user_range_ok(to, size)) ? user_clear_bytes(user_bytes(to), size) : size;
}

/* The part of [from, from + size) that lies in user space; 0: not even its first byte. */
static size_t user_part(user_addr from, size_t size)
{
	uintptr_t start = user_addr_value(from);

	return start < USER_END ? min(size, (size_t)(USER_END - start)) : 0;
}

ssize_t string_from_user(char *to, user_addr from, size_t size)
{
	size_t part = user_part(from, size);
	ssize_t length;

	check_may_fault();
	if (size == 0)
		return 0;
	if (part == 0)
		return -EFAULT;
	length = user_copy_text(to, user_bytes(from), part);
	/* It ran into the end of user space. */
	return length == (ssize_t)part && part < size ? -EFAULT : length;
}

ssize_t string_length_user(user_addr from, size_t limit)
{
	size_t part = user_part(from, limit);
	ssize_t length;

	check_may_fault();
	if (part == 0)
		return limit == 0 ? 1 : -EFAULT;
	length = user_text_length(user_bytes(from), part);
	return length == (ssize_t)part + 1 && part < limit ? -EFAULT : length;
}

int get_user_u32(uint32_t *out, user_addr from)
{
	check_may_fault();
	return user_range_ok(from, sizeof(*out)) ? user_read_word(out, user_bytes(from)) : -EFAULT;
}

int get_user_u32_nofault(uint32_t *out, user_addr from)
{
	return user_range_ok(from, sizeof(*out)) ? user_read_word_nofault(out, user_bytes(from)) :
						   -EFAULT;
}

int put_user_u32(user_addr to, uint32_t value)
{
	check_may_fault();
	if (!user_range_ok(to, sizeof(value)))
		return -EFAULT;
	return user_write_word(user_bytes(to), value);
}

int put_user_u16_fields(user_addr to, const void *from, size_t count, size_t stride)
{
	size_t size;

	check_may_fault();
	if (__builtin_mul_overflow(count, stride, &size) || !user_range_ok(to, size - stride + 2))
		return -EFAULT;
	return user_write_fields(user_bytes(to), from, count, stride);
}

int get_user_u64(uint64_t *out, user_addr from)
{
	check_may_fault();
	return user_range_ok(from, sizeof(*out)) ? user_read_pair(out, user_bytes(from)) : -EFAULT;
}

int put_user_pair(user_addr to, uint32_t first, uint32_t second)
{
	check_may_fault();
	if (unlikely(!user_range_ok(to, sizeof(first) + sizeof(second))))
		return -EFAULT;
	return user_write_pair(user_bytes(to), first, second);
}

int put_user_triple(user_addr to, uint32_t first, uint32_t second, uint32_t third)
{
	uint32_t *words = user_words_at(to);

	if (unlikely(!user_range_ok(to, 3 * sizeof(words[0]))))
		return -EFAULT;
	user_words_open();
	USER_STORE_OR_GOTO(words[0], first, fault);
	USER_STORE_OR_GOTO(words[1], second, fault);
	USER_STORE_OR_GOTO(words[2], third, fault);
	user_words_close();
	return 0;

fault:
	user_words_close();
	return -EFAULT;
}

int user_prefault(user_addr address, size_t size, bool write)
{
	uintptr_t start = user_addr_value(address);
	uintptr_t last = start + size - 1;

	check_may_fault();
	if (size == 0)
		return 0;
	if (!user_range_ok(address, size))
		return -EFAULT;
	for (uintptr_t at = start; at <= last; at = (at & PAGE_MASK) + PAGE_SIZE) {
		int error = user_touch((void *)at, write);

		if (error)
			return error;
	}
	return 0;
}

int user_word_compare_exchange(user_addr word, uint32_t expected, uint32_t desired, uint32_t *seen)
{
	if (!user_range_ok(word, sizeof(expected)))
		return -EFAULT;
	return user_exchange_word(user_bytes(word), expected, desired, seen);
}

void user_copy_patch(void)
{
	static const uint8_t stac[3] = { 0x0f, 0x01, 0xcb }, clac[3] = { 0x0f, 0x01, 0xca };
	const struct smap_patch *patch;

	if (!cpu_features()->smap)
		return;
	for (patch = smap_patches_start; patch < smap_patches_end; patch++)
		memcpy(patch->at, patch->is_open ? stac : clac, sizeof(stac));
}

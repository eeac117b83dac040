/*
 * The argument and environment strings of a program to be started.
 *
 * They are copied from the old image before it goes, into pages of kernel memory, one string
 * after another. Linux's limits hold: one string at most 32 pages, all of them with their
 * pointers at most a quarter of LIMIT_STACK (and never more than 6 MiB, three quarters of the
 * default stack).
 */
#include "arch/user_copy.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "proc/exec.h"
#include "sched/thread.h"
#include "uapi/linux/errno.h"

enum { STRING_LIMIT = 32 * PAGE_SIZE };

void exec_strings_init(struct exec_strings *strings, size_t limit)
{
	memset(strings, 0, sizeof(*strings));
	strings->limit = limit;
}

void exec_strings_fini(struct exec_strings *strings)
{
	for (size_t i = 0; i < strings->page_count; i++)
		kfree(strings->pages[i]);
	kfree(strings->pages);
	memset(strings, 0, sizeof(*strings));
}

/* Make sure there is a page for the byte at strings->size. */
static int reserve_page(struct exec_strings *strings)
{
	char **pages;
	size_t capacity;

	if (strings->size < strings->page_count * PAGE_SIZE)
		return 0;
	if (strings->page_count == strings->page_capacity) {
		capacity = strings->page_capacity ? strings->page_capacity * 2 : 4;
		pages = kmalloc_array(capacity, sizeof(*pages), 0);
		if (!pages)
			return -ENOMEM;
		if (strings->pages)
			memcpy(pages, strings->pages, strings->page_count * sizeof(*pages));
		kfree(strings->pages);
		strings->pages = pages;
		strings->page_capacity = capacity;
	}
	strings->pages[strings->page_count] = kmalloc(PAGE_SIZE, 0);
	if (!strings->pages[strings->page_count])
		return -ENOMEM;
	strings->page_count++;
	return 0;
}

static int check_limit(const struct exec_strings *strings)
{
	return strings->size + strings->count * sizeof(uint32_t) > strings->limit ? -E2BIG : 0;
}

/* One string from user memory, page piece by page piece. */
static int add_user_string(struct exec_strings *strings, user_addr from)
{
	size_t length = 0;

	for (;;) {
		size_t offset, room;
		ssize_t got;
		int error = reserve_page(strings);

		if (error)
			return error;
		offset = strings->size % PAGE_SIZE;
		room = PAGE_SIZE - offset;
		got = string_from_user(strings->pages[strings->size / PAGE_SIZE] + offset,
				       user_addr_add(from, length), room);
		if (got < 0)
			return -EFAULT;
		if ((size_t)got < room) {
			strings->size += (size_t)got + 1;
			length += (size_t)got + 1;
			break;
		}
		strings->size += room;
		length += room;
		if (length > STRING_LIMIT || check_limit(strings))
			return -E2BIG;
	}
	if (length > STRING_LIMIT)
		return -E2BIG;
	strings->count++;
	return check_limit(strings);
}

int exec_strings_add_user_vector(struct exec_strings *strings, user_addr vector)
{
	if (!vector)
		return 0; /* Linux takes NULL for an empty list */
	for (size_t i = 0;; i++) {
		uint32_t pointer;
		int error = get_user_u32(&pointer, user_addr_add(vector, i * sizeof(pointer)));

		if (error)
			return error;
		if (!pointer)
			return 0;
		error = add_user_string(strings, user_addr_from(pointer));
		if (error)
			return error;
		if (thread_is_killed(thread_current()))
			return -EINTR;
	}
}

int exec_strings_add(struct exec_strings *strings, const char *string)
{
	size_t left = strlen(string) + 1;

	while (left) {
		size_t offset, chunk;
		int error = reserve_page(strings);

		if (error)
			return error;
		offset = strings->size % PAGE_SIZE;
		chunk = min_t(size_t, left, PAGE_SIZE - offset);
		memcpy(strings->pages[strings->size / PAGE_SIZE] + offset, string, chunk);
		strings->size += chunk;
		string += chunk;
		left -= chunk;
	}
	strings->count++;
	return check_limit(strings);
}

void exec_strings_drop_first(struct exec_strings *strings, size_t *start)
{
	while (*start < strings->size &&
	       strings->pages[*start / PAGE_SIZE][*start % PAGE_SIZE] != '\0')
		++*start;
	if (*start < strings->size) {
		++*start;
		strings->count--;
	}
}

int exec_words_flush(struct exec_words *words)
{
	size_t size = words->count * sizeof(words->of[0]);
	int error = address_space_write(words->space, words->at, words->of, size);

	if (error)
		return error;
	words->at += size;
	words->count = 0;
	return 0;
}

int exec_words_put(struct exec_words *words, uint32_t word)
{
	int error = words->count == ARRAY_SIZE(words->of) ? exec_words_flush(words) : 0;

	if (!error)
		words->of[words->count++] = word;
	return error;
}

int exec_strings_write(const struct exec_strings *strings, size_t start,
		       struct address_space *space, uintptr_t address, struct exec_words *pointers)
{
	bool at_string_start = true;
	size_t done = start;

	while (done < strings->size) {
		char *piece = strings->pages[done / PAGE_SIZE] + done % PAGE_SIZE;
		size_t size = min_t(size_t, strings->size - done, PAGE_SIZE - done % PAGE_SIZE);
		int error;

		for (size_t i = 0; i < size;) {
			const char *nul = memchr(piece + i, '\0', size - i);

			error = at_string_start ?
					exec_words_put(pointers, (uint32_t)(address +
									    (done - start) + i)) :
					0;
			if (error)
				return error;
			at_string_start = nul;
			i = nul ? (size_t)(nul - piece) + 1 : size;
		}
		error = address_space_write(space, address + (done - start), piece, size);
		if (error)
			return error;
		done += size;
	}
	return 0;
}

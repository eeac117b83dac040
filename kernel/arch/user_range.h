/*
 * Where user memory is. In a header of its own, because it is asked in every call that takes a
 * pointer, and what calls nothing costs a third.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "arch/mmu.h"
#include "core/types.h"

/* Is [address, address + size) inside user space? Says nothing about what is mapped. */
static inline bool user_range_ok(user_addr address, size_t size)
{
	return size <= USER_END && user_addr_value(address) <= USER_END - size;
}

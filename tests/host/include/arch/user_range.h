/* In a host test user memory is the program's own, wherever that is. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "core/types.h"

static inline bool user_range_ok(user_addr address, size_t size)
{
	return user_addr_value(address) + size >= user_addr_value(address);
}

/*
 * set_thread_area(2) and clone(2)'s TLS argument.
 */
#pragma once
#include <stdint.h>

struct user_desc {
	uint32_t entry_number;
	uint32_t base_addr;
	uint32_t limit;
	uint32_t seg_32bit : 1;
	uint32_t contents : 2;
	uint32_t read_exec_only : 1;
	uint32_t limit_in_pages : 1;
	uint32_t seg_not_present : 1;
	uint32_t useable : 1;
};
_Static_assert(sizeof(struct user_desc) == 16, "Linux i386 ABI");

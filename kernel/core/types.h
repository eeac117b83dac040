/*
 * Scalars that must not be mixed up, and the few Unix ones that freestanding C lacks.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096u
#define PAGE_MASK  (~(uintptr_t)(PAGE_SIZE - 1))

typedef intptr_t ssize_t;	/* a count of bytes in memory, or -errno */
typedef int64_t file_offset;	/* bytes from the start of a file */
typedef uint64_t phys_addr;	/* PAE: a physical address needs 36 bits and more */
typedef uint32_t frame_number;	/* physical address / PAGE_SIZE */
typedef int32_t process_id;	/* pid, tid, pgid, sid */
typedef uint32_t user_id;
typedef uint32_t group_id;
typedef uint32_t file_mode;	/* S_IF... and permission bits, as Linux numbers them */

/*
 * A device number: major << 20 | minor, the in-kernel form; ABI files turn it into Linux's
 * several encodings.
 */
typedef uint32_t dev_number;
#define DEV_NUMBER(major, minor) ((dev_number)(major) << 20 | (dev_number)(minor))
#define DEV_MAJOR(dev)		 ((unsigned int)((dev) >> 20))
#define DEV_MINOR(dev)		 ((unsigned int)((dev) & 0xfffff))

/*
 * An address in user memory, exactly as the program gave it. A pointer to a type that is never
 * completed: it can be passed on, compared with NULL, and given to arch/user_copy.h, no more.
 */
typedef struct user_memory *user_addr;

static inline uintptr_t user_addr_value(user_addr address)
{
	return (uintptr_t)address;
}

static inline user_addr user_addr_from(uintptr_t value)
{
	return (user_addr)value;
}

/* May wrap: user_copy.h checks the sum again before it touches anything. */
static inline user_addr user_addr_add(user_addr address, size_t offset)
{
	return (user_addr)((uintptr_t)address + offset);
}

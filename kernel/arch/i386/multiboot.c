/*
 * The loader's tables (Multiboot Specification 0.6.96, 3.3), as bytes: apart from the machine, so
 * that tests can hand in bad ones.
 */
#include "multiboot.h"
#include "core/compiler.h"
#include "layout.h"
#include "lib/string.h"

#define MEMORY_TYPE_RAM 1

/* `size` does not count itself. One loader does not align them. */
struct packed multiboot_memory {
	uint32_t size;
	uint64_t start, length;
	uint32_t type;
};

bool multiboot_is_reachable(uint64_t start, uint64_t size)
{
	return start <= LAYOUT_DIRECT_MAX && size <= LAYOUT_DIRECT_MAX - start;
}

bool multiboot_next_range(const uint8_t *map, uint32_t size, uint32_t *at, struct boot_range *out)
{
	while (*at < size && size - *at >= sizeof(struct multiboot_memory)) {
		struct multiboot_memory entry;

		memcpy(&entry, map + *at, sizeof(entry));
		if (entry.size < sizeof(entry) - sizeof(entry.size))
			break;
		if (entry.size > size - *at - sizeof(entry.size))
			break;
		*at += entry.size + (uint32_t)sizeof(entry.size);
		if (entry.type != MEMORY_TYPE_RAM || entry.start + entry.length <= entry.start)
			continue;
		*out = (struct boot_range){ entry.start, entry.start + entry.length };
		return true;
	}
	*at = size;
	return false;
}

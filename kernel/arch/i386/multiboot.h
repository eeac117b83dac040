/*
 * The loader's tables, read with suspicion: nothing here believes a size that it did not check.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "arch/boot_info.h"

/* Can the kernel read physical [start, start + size) through the direct map? */
bool multiboot_is_reachable(uint64_t start, uint64_t size);

/*
 * The next range of RAM in a memory map of `size` bytes, from byte *at on, which moves behind it.
 * False: there are no more. An entry that does not lie in the map as a whole, or is too short to be
 * one, is the end.
 */
bool multiboot_next_range(const uint8_t *map, uint32_t size, uint32_t *at, struct boot_range *out);

/*
 * The boot loader's words: the multiboot 1 information block (Multiboot Specification 0.6.96, 3.3).
 *
 * The block lies anywhere below the direct map's end, often in memory that counts as free, so all
 * of it is copied before anything is allocated; what lies above cannot be read. Loaders differ:
 * QEMU puts the kernel's path before the command line, v86 gives a memory map without lower/upper
 * sizes and with nothing reserved in it.
 */
#include "arch/boot_info.h"
#include "arch/mmu.h"
#include "core/panic.h"
#include "internal.h"
#include "layout.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "multiboot.h"

#define LOADER_MAGIC 0x2badb002u

enum multiboot_flags {
	MULTIBOOT_HAS_SIZES = 1 << 0,
	MULTIBOOT_HAS_COMMAND_LINE = 1 << 2,
	MULTIBOOT_HAS_MODULES = 1 << 3,
	MULTIBOOT_HAS_MEMORY_MAP = 1 << 6,
};

/* One loader aligns none of these. */
struct packed multiboot_info {
	uint32_t flags;
	uint32_t lower_kib, upper_kib;
	uint32_t boot_device;
	uint32_t command_line;
	uint32_t module_count, modules;
	uint32_t symbols[4];
	uint32_t map_size, map;
};

struct packed multiboot_module {
	uint32_t start, end, text, reserved;
};

static struct boot_info info;

const struct boot_info *boot_info(void)
{
	return &info;
}

phys_addr boot_memory_end(void)
{
	return info.memory_count ? info.memory[info.memory_count - 1].end : 0;
}

/* Insert in ascending order; what overlaps or touches the one before melts into it. */
static void add_memory(phys_addr start, phys_addr end)
{
	size_t at = info.memory_count;

	start = max(start, (phys_addr)LAYOUT_LOAD_ADDRESS);
	/* The processor's addresses have up to 52 bits, but a frame_number only 32. */
	end = min(end, (phys_addr)UINT32_MAX << PAGE_SHIFT);
	start = ALIGN_UP(start, (phys_addr)PAGE_SIZE);
	end = ALIGN_DOWN(end, (phys_addr)PAGE_SIZE);
	if (start >= end || info.memory_count == BOOT_RANGES)
		return;
	for (; at > 0 && info.memory[at - 1].start > start; at--)
		info.memory[at] = info.memory[at - 1];
	info.memory[at] = (struct boot_range){ start, end };
	info.memory_count++;
}

static void merge_memory(void)
{
	size_t kept = 0;

	for (size_t i = 1; i < info.memory_count; i++) {
		struct boot_range *last = &info.memory[kept];

		if (info.memory[i].start > last->end)
			info.memory[++kept] = info.memory[i];
		else if (info.memory[i].end > last->end)
			last->end = info.memory[i].end;
	}
	if (info.memory_count)
		info.memory_count = kept + 1;
}

static void reserve(phys_addr start, phys_addr end)
{
	if (info.reserved_count == BOOT_RANGES)
		panic("boot: too many reserved ranges");
	info.reserved[info.reserved_count++] =
		(struct boot_range){ ALIGN_DOWN(start, (phys_addr)PAGE_SIZE),
				     ALIGN_UP(end, (phys_addr)PAGE_SIZE) };
}

/* What the loader left at a physical address, for reading. */
static const void *loader_data(uint32_t address, uint32_t size, const char *what)
{
	if (!multiboot_is_reachable(address, size))
		panic("the boot loader's %s at %#x-%#llx is above %u MiB", what, address,
		      (unsigned long long)address + size, LAYOUT_DIRECT_MAX >> 20);
	return phys_to_virt(address);
}

static void read_memory(const struct multiboot_info *block)
{
	struct boot_range range;
	const uint8_t *map;
	uint32_t at = 0;

	if (!(block->flags & MULTIBOOT_HAS_MEMORY_MAP)) {
		if (block->flags & MULTIBOOT_HAS_SIZES)
			add_memory(LAYOUT_LOAD_ADDRESS,
				   LAYOUT_LOAD_ADDRESS + (phys_addr)block->upper_kib * 1024);
		return;
	}
	map = loader_data(block->map, block->map_size, "memory map");
	while (multiboot_next_range(map, block->map_size, &at, &range))
		add_memory(range.start, range.end);
	merge_memory();
}

static void read_module(const struct multiboot_info *block)
{
	const struct multiboot_module *module;

	if (!(block->flags & MULTIBOOT_HAS_MODULES) || block->module_count == 0)
		return;
	module = loader_data(block->modules, sizeof(*module), "list of modules");
	if (module->start >= module->end)
		return;
	(void)loader_data(module->start, module->end - module->start, "module");
	info.module = (struct boot_range){ module->start, module->end };
	reserve(module->start, module->end);
}

void boot_info_read(void)
{
	const struct multiboot_info *block;

	if (boot_magic != LOADER_MAGIC)
		panic("not started by a multiboot loader");
	block = loader_data(boot_information, sizeof(*block), "information block");
	if (block->flags & MULTIBOOT_HAS_COMMAND_LINE)
		strlcpy(info.command_line, loader_data(block->command_line, 1, "command line"),
			sizeof(info.command_line));
	reserve(virt_to_phys(image_start), virt_to_phys(image_end));
	read_module(block);
	read_memory(block);
	if (info.memory_count == 0)
		panic("the boot loader names no memory");
}

/* The end of a reserved range that [start, end) meets, or 0. */
static phys_addr reserved_in_the_way(phys_addr start, phys_addr end)
{
	for (size_t i = 0; i < info.reserved_count; i++) {
		if (start < info.reserved[i].end && info.reserved[i].start < end)
			return info.reserved[i].end;
	}
	return 0;
}

/*
 * Grow the range that ends where the new pages start, if there is one, so that the list stays
 * short.
 */
static void reserve_pages(phys_addr start, phys_addr end)
{
	for (size_t i = 1; i < info.reserved_count; i++) {
		if (info.reserved[i].end == start) {
			info.reserved[i].end = end;
			return;
		}
	}
	reserve(start, end);
}

void *boot_alloc_pages(size_t count)
{
	phys_addr size = (phys_addr)count * PAGE_SIZE;

	for (size_t i = 0; i < info.memory_count; i++) {
		phys_addr start = info.memory[i].start;
		phys_addr blocked;

		while ((blocked = reserved_in_the_way(start, start + size)) != 0)
			start = blocked;
		if (start + size > info.memory[i].end || start + size > LAYOUT_DIRECT_MAX)
			continue;
		reserve_pages(start, start + size);
		memset(phys_to_virt(start), 0, (size_t)size);
		return phys_to_virt(start);
	}
	panic("boot: no memory for %zu pages", count);
}

/*
 * The kernel's half of every address space, and the upper levels of the user's half.
 *
 * With PAE a root has four entries, one a GiB. The fourth of every root is the same kernel
 * directory, so kernel mappings are common to all without copying. The directory has, from the
 * bottom up (docs/memory-map.md):
 *	direct map	2 MiB pages, global; those of the kernel image are split, so that text
 *			is read-only, rodata read-only and not executable, all else not executable
 *	vmap area	page tables made at boot, never more and never fewer
 *	fixed area	one page table: MMU_WINDOWS pages a CPU, then device pages
 *
 * A user directory that is added to a root in use reaches a CPU only when it loads the root again:
 * the processor keeps copies of the four entries (Intel SDM vol. 3, 4.4.1). Who has it loaded
 * elsewhere faults once, finds the entry right, and mmu_flush_local() loads the root.
 */
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "arch/upcall.h"
#include "core/assert.h"
#include "core/stack_header.h"
#include "internal.h"
#include "layout.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "machine_cpu.h"
#include "registers.h"
#include "uapi/linux/errno.h"

#define KERNEL_SLOT		3
#define IMAGE_TABLES		4	/* kernel.ld asserts that it is enough */
#define VMAP_SIZE_MIN		(32u << 20)
#define VMAP_RAM_FACTOR		2	/* a stack takes 16 KiB of addresses, 8 KiB of RAM */

_Static_assert(LAYOUT_KERNEL_BASE == KERNEL_BASE, "assembly and C agree");
_Static_assert(CPU_MAX * MMU_WINDOWS <= 64, "the windows end below the fixed device pages");

static uintptr_t vmap_end = LAYOUT_VMAP_START;	/* set once at boot */
mmu_entry mmu_no_execute_bit;
mmu_entry kernel_pointer_table[4] aligned_to(32);

static mmu_entry image_tables[IMAGE_TABLES][TABLE_ENTRIES] aligned_to(4096);
static mmu_entry fixed_table[TABLE_ENTRIES] aligned_to(4096);
static frame_number direct_map_frames;
static mmu_entry global_bit;	/* MMU_GLOBAL if the processor has it */

uintptr_t mmu_vmap_start(void)
{
	return LAYOUT_VMAP_START;
}

uintptr_t mmu_vmap_end(void)
{
	return vmap_end;
}

static mmu_entry table_entry(const void *table, mmu_entry bits)
{
	return virt_to_phys(table) | MMU_PRESENT | bits;
}

static mmu_entry *kernel_directory_entry(uintptr_t address)
{
	return &kernel_directory[(address - KERNEL_BASE) >> TABLE_SHIFT];
}

phys_addr kernel_root(void)
{
	return virt_to_phys(kernel_pointer_table);
}

frame_number mmu_direct_map_frames(void)
{
	return direct_map_frames;
}

static mmu_entry image_page_bits(uintptr_t address)
{
	if (address >= (uintptr_t)image_start && address < (uintptr_t)text_end)
		return MMU_PRESENT | global_bit;
	if (address >= (uintptr_t)text_end && address < (uintptr_t)rodata_end)
		return MMU_PRESENT | global_bit | mmu_no_execute();
	return MMU_PRESENT | MMU_WRITE | global_bit | mmu_no_execute();
}

/* Fill the tables of the image's pieces first, then switch each piece over in one write. */
static void split_image(void)
{
	size_t pieces = DIV_ROUND_UP(virt_to_phys(image_end), TABLE_SPAN);

	for (size_t piece = 0; piece < pieces; piece++) {
		uintptr_t base = KERNEL_BASE + piece * TABLE_SPAN;

		for (size_t i = 0; i < TABLE_ENTRIES; i++) {
			uintptr_t address = base + i * PAGE_SIZE;

			image_tables[piece][i] =
				mmu_entry_make((frame_number)(virt_to_phys((void *)address) >>
							      PAGE_SHIFT),
					       image_page_bits(address));
		}
		mmu_entry_write(kernel_directory_entry(base),
				table_entry(image_tables[piece], MMU_WRITE));
	}
}

static void map_direct(void)
{
	phys_addr end = min(boot_memory_end(), (phys_addr)LAYOUT_DIRECT_MAX);
	size_t first = DIV_ROUND_UP(virt_to_phys(image_end), TABLE_SPAN);
	size_t count = (size_t)(DIV_ROUND_UP(end, TABLE_SPAN));

	direct_map_frames = (frame_number)(end >> PAGE_SHIFT);
	for (size_t i = first; i < LAYOUT_DIRECT_MAX >> TABLE_SHIFT; i++) {
		mmu_entry entry = 0;

		if (i < count)
			entry = mmu_entry_make((frame_number)(i << (TABLE_SHIFT - PAGE_SHIFT)),
					       MMU_PRESENT | MMU_WRITE | MMU_LARGE | global_bit |
						       mmu_no_execute());
		mmu_entry_write(&kernel_directory[i], entry);
	}
}

static void make_vmap_tables(void)
{
	phys_addr wanted = boot_memory_end() * VMAP_RAM_FACTOR;
	size_t size = (size_t)clamp(wanted, (phys_addr)VMAP_SIZE_MIN,
				    (phys_addr)(LAYOUT_VMAP_LIMIT - LAYOUT_VMAP_START));
	size_t count = size >> TABLE_SHIFT;
	mmu_entry *tables = boot_alloc_pages(count);

	for (size_t i = 0; i < count; i++)
		mmu_entry_write(kernel_directory_entry(LAYOUT_VMAP_START + i * TABLE_SPAN),
				table_entry(tables + i * TABLE_ENTRIES, MMU_WRITE));
	vmap_end = LAYOUT_VMAP_START + count * TABLE_SPAN;
}

void paging_init(void)
{
	mmu_no_execute_bit = cpu_features()->nx ? 1ull << 63 : 0;
	global_bit = cpu_features()->pge ? MMU_GLOBAL : 0;
	/* While all RAM below 768 MiB is still mapped, as boot.S left it. */
	make_vmap_tables();
	mmu_entry_write(kernel_directory_entry(LAYOUT_FIXED), table_entry(fixed_table, MMU_WRITE));
	split_image();
	map_direct();
	mmu_entry_write(&kernel_pointer_table[KERNEL_SLOT], table_entry(kernel_directory, 0));
	write_cr3((uint32_t)kernel_root());
	/* Turning PGE off and on drops what may have been cached as global meanwhile. */
	if (global_bit) {
		write_cr4(read_cr4() & ~(uint32_t)CR4_PGE);
		write_cr4(read_cr4() | CR4_PGE);
	}
}

/* The entry of a kernel address in the vmap or the fixed area. */
static mmu_entry *kernel_entry(uintptr_t address)
{
	mmu_entry directory = *kernel_directory_entry(address);
	mmu_entry *table = phys_to_virt(directory & MMU_FRAME_MASK);

	return &table[mmu_table_index(address)];
}

bool paging_is_mapped(uintptr_t address)
{
	if (address < KERNEL_BASE || !(*kernel_directory_entry(address) & MMU_PRESENT))
		return false;
	return address < LAYOUT_VMAP_START || *kernel_entry(address) & MMU_PRESENT;
}

void mmu_kernel_map(uintptr_t address, frame_number frame, mmu_entry bits)
{
	assert(address >= LAYOUT_VMAP_START && address < vmap_end);
	assert(!(*kernel_entry(address) & MMU_PRESENT));
	mmu_entry_write(kernel_entry(address),
			mmu_entry_make(frame, bits | MMU_PRESENT | global_bit));
}

frame_number mmu_kernel_unmap(uintptr_t address)
{
	mmu_entry *entry = kernel_entry(address);
	frame_number frame = mmu_entry_frame(*entry);

	assert(address >= LAYOUT_VMAP_START && address < vmap_end);
	mmu_entry_write(entry, 0);
	invalidate_page(address);
	return frame;
}

static uintptr_t window_address(unsigned int slot)
{
	assert(slot < MMU_WINDOWS);
	return LAYOUT_FIXED + (cpu_index() * MMU_WINDOWS + slot) * PAGE_SIZE;
}

void *mmu_window_map(unsigned int slot, frame_number frame)
{
	uintptr_t address = window_address(slot);

	mmu_entry_write(&fixed_table[mmu_table_index(address)],
			mmu_entry_make(frame, MMU_PRESENT | MMU_WRITE | mmu_no_execute()));
	invalidate_page(address);
	return (void *)address;
}

void mmu_window_unmap(unsigned int slot)
{
	uintptr_t address = window_address(slot);

	mmu_entry_write(&fixed_table[mmu_table_index(address)], 0);
	invalidate_page(address);
}

void phys_read(void *to, phys_addr from, size_t size)
{
	char *out = to;

	while (size > 0) {
		size_t offset = (size_t)(from % PAGE_SIZE);
		size_t part = min(size, PAGE_SIZE - offset);
		const char *page = mmu_window_map(0, (frame_number)(from >> PAGE_SHIFT));

		memcpy(out, page + offset, part);
		mmu_window_unmap(0);
		out += part;
		from += part;
		size -= part;
	}
}

void fixed_map_device(uintptr_t address, phys_addr page)
{
	mmu_entry_write(&fixed_table[mmu_table_index(address)],
			mmu_entry_make((frame_number)(page >> PAGE_SHIFT),
				       MMU_PRESENT | MMU_WRITE | MMU_NO_CACHE | MMU_WRITE_THROUGH |
					       global_bit | mmu_no_execute()));
	invalidate_page(address);
}

int mmu_space_init(struct mmu_space *space)
{
	*space = (struct mmu_space){ 0 };
	space->pointer_table = upcall_memory_alloc(4 * sizeof(mmu_entry), false);
	if (!space->pointer_table)
		return -ENOMEM;
	space->root = virt_to_phys(space->pointer_table);
	mmu_entry_write(&space->pointer_table[KERNEL_SLOT], table_entry(kernel_directory, 0));
	return 0;
}

/* The caller has made sure that no CPU has it loaded. */
static void free_levels(struct mmu_space *space)
{
	for (size_t i = 0; i < ARRAY_SIZE(space->directories); i++) {
		if (space->directories[i])
			upcall_memory_free(space->directories[i], PAGE_SIZE);
	}
	upcall_memory_free(space->pointer_table, 4 * sizeof(mmu_entry));
	space->pointer_table = NULL;
}

void mmu_space_fini(struct mmu_space *space)
{
	mmu_space_evict(space);
	free_levels(space);
}

int mmu_directory_entry_create(struct mmu_space *space, uintptr_t address, mmu_entry **out)
{
	size_t slot = address >> 30;

	assert(address < USER_END);
	if (!space->directories[slot]) {
		mmu_entry *directory = upcall_memory_alloc(PAGE_SIZE, true);

		if (!directory)
			return -ENOMEM;
		space->directories[slot] = directory;
		mmu_entry_write(&space->pointer_table[slot], table_entry(directory, 0));
		/* Release: who sees the bit loads a root that has the entry (tlb.c). */
		atomic_fetch_or_explicit(&space->directory_bits, 1u << slot, memory_order_release);
		mmu_space_reload(space);
	}
	*out = mmu_directory_entry(space, address);
	return 0;
}

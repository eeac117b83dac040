/*
 * Debug builds: do the kernel's page tables keep their rules?
 *
 *  1. No page of the kernel's half may be touched by user mode.
 *  2. No page is both writable and executable (on machines with NX).
 *  3. A frame of the kernel's text or constants is writable at no address.
 *
 * The whole half is walked, large pages too. Nothing keeps the tables still meanwhile, so what
 * comes and goes (stacks, windows) is seen as it is just then.
 */
#include "arch/mmu.h"
#include "core/panic.h"
#include "internal.h"
#include "layout.h"
#include "registers.h"

static bool is_constant_frame(frame_number frame)
{
	return frame >= virt_to_phys(image_start) >> PAGE_SHIFT &&
	       frame < virt_to_phys(rodata_end) >> PAGE_SHIFT;
}

/* One present entry, which shows `frames` frames at `address`. */
static void check_entry(uintptr_t address, mmu_entry entry, frame_number frames)
{
	frame_number frame = mmu_entry_frame(entry);

	if (entry & MMU_USER)
		panic("kernel page %p: user mode may touch it", (void *)address);
	if (!(entry & MMU_WRITE))
		return;
	if (mmu_no_execute() && !(entry & mmu_no_execute()))
		panic("kernel page %p is writable and executable", (void *)address);
	for (frame_number i = 0; i < frames; i++) {
		if (is_constant_frame(frame + i))
			panic("kernel page %p lets frame %#x of the text be written",
			      (void *)address, frame + i);
	}
}

static void check_table(uintptr_t base, mmu_entry directory_entry)
{
	const mmu_entry *table = phys_to_virt(directory_entry & MMU_FRAME_MASK);

	for (uintptr_t i = 0; i < TABLE_ENTRIES; i++) {
		mmu_entry entry = mmu_entry_read(&table[i]);

		if (entry & MMU_PRESENT)
			check_entry(base + i * PAGE_SIZE, entry, 1);
	}
}

void mmu_check_kernel(void)
{
	for (uintptr_t i = 0; i < TABLE_ENTRIES; i++) {
		mmu_entry entry = mmu_entry_read(&kernel_directory[i]);
		uintptr_t base = KERNEL_BASE + i * TABLE_SPAN;

		if (!(entry & MMU_PRESENT))
			continue;
		if (entry & MMU_LARGE)
			check_entry(base, entry, TABLE_ENTRIES);
		else
			check_table(base, entry);
	}
}

void mmu_break_text(void)
{
	uintptr_t address = (uintptr_t)image_start;
	mmu_entry *table = phys_to_virt(kernel_directory[(address - KERNEL_BASE) >> TABLE_SHIFT] &
					MMU_FRAME_MASK);
	mmu_entry *entry = &table[mmu_table_index(address)];

	mmu_entry_write(entry, *entry | MMU_WRITE);
	invalidate_page(address);
}

/*
 * Address translation: the two lower levels of page tables, and who may cache what they say.
 *
 * A user address is translated through a page directory entry (it covers TABLE_SPAN, 2 MiB) that
 * points to a page table of TABLE_ENTRIES entries. struct mmu_space holds the levels above.
 * Entries are 64-bit words made and taken apart only by the inline functions of machine/mmu.h;
 * they are read and written whole (mmu_entry_read, mmu_entry_write), because the machine may
 * set accessed and dirty bits at any time and on any CPU.
 *
 * Nothing here knows of regions, sharing or frames' owners: vm/ holds the locks and the meaning.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"

#define USER_START	0x00001000u	/* below: never mapped by default */
#define USER_END	0xbffff000u	/* one page below the kernel: no address wraps into it */
#define TABLE_SHIFT	21
#define TABLE_SPAN	(1u << TABLE_SHIFT)
#define TABLE_ENTRIES	512u

#include "machine/mmu.h"
/*
 * There:
 *	KERNEL_BASE		direct map: virtual = physical + KERNEL_BASE
 * and inline:
 *	typedef uint64_t mmu_entry;		0 is "nothing here"
 *	MMU_PRESENT MMU_WRITE MMU_USER MMU_ACCESSED MMU_DIRTY MMU_NO_CACHE MMU_GLOBAL	constants
 *	MMU_SOFT_SHARED		software bit: of a shared mapping, never copied on write
 *	MMU_SOFT_DEVICE		software bit: the frame has no descriptor (device memory)
 *	mmu_entry mmu_no_execute(void)		the no-execute bit, or 0 on machines without
 *	mmu_entry mmu_entry_make(frame_number frame, mmu_entry bits)
 *	frame_number mmu_entry_frame(mmu_entry entry)
 *	mmu_entry mmu_entry_read(const mmu_entry *entry)
 *	bool mmu_entry_is_used(const mmu_entry *entry)	is it not 0?
 *	void mmu_entry_write(mmu_entry *entry, mmu_entry value)	low half last when it becomes
 *					present, first when it ceases to be: never half an entry
 *	mmu_entry mmu_entry_exchange(mmu_entry *entry, mmu_entry value)	atomic: loses no dirty bit
 *	bool mmu_entry_replace(mmu_entry *entry, mmu_entry expected, mmu_entry value)	cmpxchg8b
 *	unsigned int mmu_table_index(uintptr_t address)	index within a page table
 */

/* The upper levels of one address space. */
struct mmu_space {
	mmu_entry *pointer_table;	/* [I] PAE: 4 entries, 32-byte aligned, below 4 GiB */
	mmu_entry *directories[3];	/* [address space's directory lock] one a GiB, or NULL */
	phys_addr root;			/* [I] what the CPU's translation base register gets */
	atomic_uint active_cpus;	/* [a] CPUs that have it loaded, perhaps lazily */
	/* [a] a bit for each directory that is there; changes as they do, never taken back */
	atomic_uint directory_bits;
};

/* Errors: -ENOMEM. May sleep (allocates). */
must_check int mmu_space_init(struct mmu_space *space);

/*
 * Free the upper levels. All user entries are already gone. Evicts the space from every CPU that
 * still has it loaded lazily.
 */
void mmu_space_fini(struct mmu_space *space);

/*
 * Make `next` this CPU's address space; NULL: a kernel thread, which keeps whatever is loaded.
 * Locks: preemption off.
 */
void mmu_space_switch(struct mmu_space *next);

/*
 * The directory entry that covers user address `address`, or NULL if that level does not exist.
 * An entry maps [address rounded down to TABLE_SPAN, + TABLE_SPAN).
 */
static inline mmu_entry *mmu_directory_entry(const struct mmu_space *space, uintptr_t address)
{
	mmu_entry *directory = space->directories[address >> 30];

	return directory ? &directory[(address >> TABLE_SHIFT) & 511] : NULL;
}

/*
 * The same, adding the level if it is missing. Caller holds the address space's page-table lock or
 * is its only user; two racing callers get the same entry. Errors: -ENOMEM. Does not sleep.
 */
must_check int mmu_directory_entry_create(struct mmu_space *space, uintptr_t address,
					  mmu_entry **out);

/*
 * Forget cached translations of user addresses [start, end) on every CPU that uses `space`; waits
 * for them. Interrupts must be on (another CPU may be waiting for us); spinlocks of ranks taken
 * with interrupts on may be held.
 */
void mmu_flush_range(struct mmu_space *space, uintptr_t start, uintptr_t end);
void mmu_flush_space(struct mmu_space *space);

/* On this CPU only: for a fault that found the entry already right. */
void mmu_flush_local(uintptr_t address);

/* Direct map: frames below direct_map_frames() are always visible to the kernel. */
frame_number mmu_direct_map_frames(void);
static inline void *phys_to_virt(phys_addr address)
{
	return (void *)((uintptr_t)address + KERNEL_BASE);
}
static inline phys_addr virt_to_phys(const void *address)
{
	return (phys_addr)((uintptr_t)address - KERNEL_BASE);
}

/*
 * Kernel mappings above the direct map (stacks, windows, device registers). `bits` from MMU_...
 * Tables for the whole area exist from boot on, so these never fail or allocate. The area's size
 * depends on the size of RAM; both bounds are set before kernel_main() and are multiples of
 * TABLE_SPAN.
 */
uintptr_t mmu_vmap_start(void);
uintptr_t mmu_vmap_end(void);
void mmu_kernel_map(uintptr_t address, frame_number frame, mmu_entry bits);
frame_number mmu_kernel_unmap(uintptr_t address);	/* what was there; flushes locally only */
void mmu_kernel_flush(uintptr_t start, uintptr_t end);	/* on all CPUs; interrupts on */

/* Debug builds: panics where the kernel's page tables break their rules. Any context. */
void mmu_check_kernel(void);
void mmu_break_text(void);	/* so that it does: text becomes writable, on this CPU at least */

/*
 * Window `slot` of this CPU (0 <= slot < MMU_WINDOWS): shows one frame until the next map.
 * Preemption off.
 */
#define MMU_WINDOWS 8
void *mmu_window_map(unsigned int slot, frame_number frame);
void mmu_window_unmap(unsigned int slot);

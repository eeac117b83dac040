/*
 * PAE page-table entries (Intel SDM vol. 3, 4.4.2): both lower levels share these bits.
 */
#pragma once

#define KERNEL_BASE	0xc0000000u

typedef uint64_t mmu_entry;
/* As it lies in a table: at a multiple of its size, which i386's C does not ask of the type. */
typedef mmu_entry mmu_table_entry aligned_to(8);

#define MMU_PRESENT	0x001ull
#define MMU_WRITE	0x002ull
#define MMU_USER	0x004ull
#define MMU_WRITE_THROUGH 0x008ull
#define MMU_NO_CACHE	0x010ull
#define MMU_ACCESSED	0x020ull
#define MMU_DIRTY	0x040ull
#define MMU_LARGE	0x080ull
#define MMU_GLOBAL	0x100ull
#define MMU_SOFT_SHARED 0x200ull
#define MMU_SOFT_DEVICE 0x400ull
#define MMU_FRAME_MASK	0x000ffffffffff000ull

extern mmu_entry mmu_no_execute_bit; /* bit 63 if EFER.NXE is set, else 0 */

static inline mmu_entry mmu_no_execute(void)
{
	return mmu_no_execute_bit;
}

static inline mmu_entry mmu_entry_make(frame_number frame, mmu_entry bits)
{
	return (mmu_entry)frame << PAGE_SHIFT | bits;
}

static inline frame_number mmu_entry_frame(mmu_entry entry)
{
	return (frame_number)((entry & MMU_FRAME_MASK) >> PAGE_SHIFT);
}

/*
 * The caller holds the table's lock, so only the machine's accessed and dirty bits (low half) can
 * change meanwhile: two plain halves are enough.
 */
static inline mmu_entry mmu_entry_read(const mmu_entry *entry)
{
	const volatile uint32_t *half = (const volatile uint32_t *)entry;
	uint32_t low = half[0];

	return (mmu_entry)half[1] << 32 | low;
}

/* Cheaper than reading it: what is not 0 has MMU_USER, in the low half. For walks over a table. */
static inline bool mmu_entry_is_used(const mmu_entry *entry)
{
	return *(const volatile uint32_t *)entry != 0;
}

static inline void mmu_entry_write(mmu_entry *entry, mmu_entry value)
{
	volatile uint32_t *half = (volatile uint32_t *)entry;

	if (value & MMU_PRESENT) {
		/* Not present while the high half changes, unless it stays the same. */
		if (half[1] != (uint32_t)(value >> 32)) {
			half[0] = 0;
			half[1] = (uint32_t)(value >> 32);
		}
		half[0] = (uint32_t)value;
	} else {
		half[0] = (uint32_t)value;
		half[1] = (uint32_t)(value >> 32);
	}
}

static inline bool mmu_entry_replace(mmu_entry *entry, mmu_entry expected, mmu_entry value)
{
	return __sync_bool_compare_and_swap((mmu_table_entry *)entry, expected, value);
}

static inline mmu_entry mmu_entry_exchange(mmu_entry *entry, mmu_entry value)
{
	mmu_entry old = mmu_entry_read(entry);

	while (!mmu_entry_replace(entry, old, value))
		old = mmu_entry_read(entry);
	return old;
}

static inline unsigned int mmu_table_index(uintptr_t address)
{
	return (address >> PAGE_SHIFT) & 511;
}

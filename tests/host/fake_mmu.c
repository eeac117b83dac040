/* See fake_mmu.h. */
#include "fake_mmu.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mem/page_frame.h"
#include "uapi/linux/errno.h"

mmu_entry mmu_no_execute_bit = 1ull << 63;

enum { TRANSLATIONS = 4096, UPPERS = 256 };

struct translation {
	struct mmu_space *space;	/* NULL: unused */
	uintptr_t page;
	frame_number frame;
	bool writable, dirty;
};

struct upper {
	struct mmu_space *space;	/* NULL: unused */
	uintptr_t span;
	mmu_entry entry;
};

static struct cpu {
	struct translation translations[TRANSLATIONS];
	struct upper uppers[UPPERS];
} cpus[HOST_CPUS];

static struct translation *translation_of(unsigned int cpu, struct mmu_space *space,
					  uintptr_t page)
{
	size_t hash = (page >> PAGE_SHIFT) * 31 + ((uintptr_t)space >> 4);

	return &cpus[cpu].translations[hash % TRANSLATIONS];
}

static struct upper *upper_of(unsigned int cpu, struct mmu_space *space, uintptr_t span)
{
	size_t hash = (span >> TABLE_SHIFT) * 31 + ((uintptr_t)space >> 4);

	return &cpus[cpu].uppers[hash % UPPERS];
}

int mmu_space_init(struct mmu_space *space)
{
	memset(space, 0, sizeof(*space));
	return 0;
}

static void forget(struct mmu_space *space, uintptr_t start, uintptr_t end)
{
	for (unsigned int cpu = 0; cpu < HOST_CPUS; cpu++) {
		for (size_t i = 0; i < TRANSLATIONS; i++) {
			struct translation *known = &cpus[cpu].translations[i];

			if (known->space == space && known->page >= start && known->page < end)
				known->space = NULL;
		}
		for (size_t i = 0; i < UPPERS; i++) {
			if (cpus[cpu].uppers[i].space == space)
				cpus[cpu].uppers[i].space = NULL;
		}
	}
}

void mmu_space_fini(struct mmu_space *space)
{
	forget(space, 0, UINTPTR_MAX);
	for (unsigned int gib = 0; gib < 3; gib++) {
		mmu_entry *directory = space->directories[gib];

		for (unsigned int i = 0; directory && i < TABLE_ENTRIES; i++) {
			if (directory[i] != 0) {
				fprintf(stderr, "a directory entry is left: %#llx\n", directory[i]);
				abort();
			}
		}
		if (directory)
			page_frame_put(page_frame_from_address(directory));
	}
}

int mmu_directory_entry_create(struct mmu_space *space, uintptr_t address, mmu_entry **out)
{
	mmu_entry **directory = &space->directories[address >> 30];

	if (!*directory) {
		struct page_frame *frame =
			page_frame_alloc(FRAME_KERNEL, FRAME_ALLOC_ZEROED | FRAME_ALLOC_ATOMIC);

		if (!frame)
			return -ENOMEM;
		*directory = page_frame_address(frame);
	}
	*out = mmu_directory_entry(space, address);
	return 0;
}

static void need_interrupts(void)
{
	if (!irq_is_enabled()) {
		fprintf(stderr, "a flush with interrupts off\n");
		abort();
	}
}

void mmu_flush_range(struct mmu_space *space, uintptr_t start, uintptr_t end)
{
	need_interrupts();
	forget(space, start & PAGE_MASK, end);
}

void mmu_flush_space(struct mmu_space *space)
{
	need_interrupts();
	forget(space, 0, UINTPTR_MAX);
}

/* For a fault that found the entry right: host_mmu_forget_fault has done it. */
void mmu_flush_local(uintptr_t address)
{
	(void)address;
}

void host_mmu_forget_fault(struct mmu_space *space, unsigned int cpu, uintptr_t address)
{
	struct translation *known = translation_of(cpu, space, address & PAGE_MASK);
	struct upper *upper = upper_of(cpu, space, address & ~(TABLE_SPAN - 1));

	if (known->space == space && known->page == (address & PAGE_MASK))
		known->space = NULL;
	if (upper->space == space && upper->span == (address & ~(TABLE_SPAN - 1)))
		upper->space = NULL;
}

/* The directory entry, remembered or read. */
static mmu_entry read_upper(struct mmu_space *space, unsigned int cpu, uintptr_t address)
{
	uintptr_t span = address & ~(TABLE_SPAN - 1);
	struct upper *upper = upper_of(cpu, space, span);
	const mmu_entry *slot;
	mmu_entry entry;

	if (upper->space == space && upper->span == span)
		return upper->entry;
	slot = mmu_directory_entry(space, address);
	entry = slot ? mmu_entry_read(slot) : 0;
	if (entry & MMU_PRESENT)
		*upper = (struct upper){ space, span, entry };
	return entry;
}

static struct translation *walk(struct mmu_space *space, unsigned int cpu, uintptr_t address,
				bool write)
{
	mmu_entry upper = read_upper(space, cpu, address);
	struct translation *known = translation_of(cpu, space, address & PAGE_MASK);
	mmu_entry *slot;
	mmu_entry entry;

	if (!(upper & MMU_PRESENT) || (write && !(upper & MMU_WRITE)))
		return NULL;
	slot = (mmu_entry *)phys_to_virt((phys_addr)mmu_entry_frame(upper) << PAGE_SHIFT) +
	       mmu_table_index(address);
	entry = mmu_entry_read(slot);
	if (!(entry & MMU_PRESENT) || (write && !(entry & MMU_WRITE)))
		return NULL;
	*slot |= MMU_ACCESSED | (write ? MMU_DIRTY : 0);
	*known = (struct translation){
		.space = space,
		.page = address & PAGE_MASK,
		.frame = mmu_entry_frame(entry),
		.writable = (upper & MMU_WRITE) && (entry & MMU_WRITE),
		.dirty = write || (entry & MMU_DIRTY),
	};
	return known;
}

bool host_mmu_access(struct mmu_space *space, unsigned int cpu, uintptr_t address, bool write,
		     uint32_t *value)
{
	struct translation *known = translation_of(cpu, space, address & PAGE_MASK);
	uint32_t *word;

	if (known->space != space || known->page != (address & PAGE_MASK))
		known = walk(space, cpu, address, write);
	else if (write && !known->writable)
		return false;	/* what is remembered forbids it: a fault, looked up or not */
	else if (write && !known->dirty)
		known = walk(space, cpu, address, write);
	if (!known)
		return false;
	word = (uint32_t *)((uint8_t *)page_frame_address(page_frame_of(known->frame)) +
			    address % PAGE_SIZE);
	if (write)
		*word = *value;
	else
		*value = *word;
	return true;
}

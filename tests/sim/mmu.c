/*
 * Address translation of the simulated machine, and user memory through it.
 *
 * Each CPU walks the kernel's own page tables when something loads or stores (sim_translate), and
 * remembers as much as real ones may (Intel SDM vol. 3, 4.10): the four top entries from when the
 * root was loaded, directory entries, and translations, until it is told to forget them or happens
 * to. Of what it is told it forgets no more than was asked for; and now and then it looks
 * something up ahead of need, also for a space that it has loaded only lazily. So what the kernel
 * forgets to flush is used, and shows up as a wrong byte, or as a touch of a frame that is free.
 *
 * What arch/i386/tlb.c promises is promised here: a CPU's bit in active_cpus is set as long as it
 * has the space loaded, a kernel thread keeps the last one, and the first request to forget takes
 * it away from there.
 */
#include "arch/mmu.h"
#include "arch/smp.h"
#include "arch/upcall.h"
#include "arch/user_copy.h"
#include "core/assert.h"
#include "core/lock_check.h"
#include "core/preempt.h"
#include "core/stack_header.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmap.h"
#include "mem/page_frame.h"
#include "sched/thread.h"
#include "uapi/linux/errno.h"
#include "vm/address_space.h"
#include "vm/fault.h"
#include "vm/mmap.h"
#include "vm/page_table.h"
#include "sim.h"

enum { TRANSLATIONS = 256, UPPERS = 8, AHEAD = 6 };

/* One page as a CPU knows it. */
struct translation {
	uintptr_t page;
	mmu_entry entry;	/* of the page table, when it was looked up */
	bool is_known;
	bool may_write;		/* on both levels */
	bool is_dirty;
};

struct upper {
	uintptr_t span;
	mmu_entry entry;	/* 0: nothing */
};

static struct cpu_mmu {
	struct mmu_space *space;
	bool is_idle;		/* loaded, but a kernel thread runs */
	mmu_entry tops[3];	/* as they were when the root was loaded */
	struct translation translations[TRANSLATIONS];
	struct upper uppers[UPPERS];
	uintptr_t last_page;	/* that was missed */
} mmus[CPU_MAX];

mmu_entry mmu_no_execute_bit = 1ull << 63;

/* ---- what CPUs remember ---- */

static struct translation *translation_of(struct cpu_mmu *self, uintptr_t page)
{
	return &self->translations[(page >> PAGE_SHIFT) % TRANSLATIONS];
}

static void forget_uppers(struct cpu_mmu *self)
{
	memset(self->uppers, 0, sizeof(self->uppers));
}

static void forget_all(struct cpu_mmu *self)
{
	for (unsigned int i = 0; i < TRANSLATIONS; i++)
		self->translations[i].is_known = false;
	forget_uppers(self);
}

static void forget_page(struct cpu_mmu *self, uintptr_t page)
{
	struct translation *known = translation_of(self, page);

	if (known->page == page)
		known->is_known = false;
	forget_uppers(self);
}

static void forget_range(struct cpu_mmu *self, uintptr_t start, uintptr_t end)
{
	if ((end - start) >> PAGE_SHIFT < TRANSLATIONS) {
		for (uintptr_t page = start; page < end; page += PAGE_SIZE)
			forget_page(self, page);
		return;
	}
	for (unsigned int i = 0; i < TRANSLATIONS; i++) {
		if (self->translations[i].page >= start && self->translations[i].page < end)
			self->translations[i].is_known = false;
	}
	forget_uppers(self);
}

static void read_tops(struct cpu_mmu *self)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(self->tops); i++)
		self->tops[i] = mmu_entry_read(&self->space->pointer_table[i]);
}

static void load_space(unsigned int cpu, struct mmu_space *next)
{
	struct cpu_mmu *self = &mmus[cpu];
	struct mmu_space *previous = self->space;

	if (next)
		atomic_fetch_or(&next->active_cpus, 1u << cpu);
	self->space = next;
	forget_all(self);
	if (next)
		read_tops(self);
	if (previous)
		atomic_fetch_and(&previous->active_cpus, ~(1u << cpu));
}

static void load_again(struct cpu_mmu *self)
{
	forget_all(self);
	read_tops(self);
}

/* ---- walking ---- */

static const mmu_entry *table_at(mmu_entry upper)
{
	return phys_to_virt((phys_addr)mmu_entry_frame(upper) << PAGE_SHIFT);
}

/* The directory entry, remembered or read; only what is present is remembered. */
static mmu_entry find_upper(struct cpu_mmu *self, uintptr_t address)
{
	uintptr_t span = address & ~(uintptr_t)(TABLE_SPAN - 1);
	struct upper *upper = &self->uppers[(span >> TABLE_SHIFT) % UPPERS];
	mmu_entry top = self->tops[address >> 30];
	mmu_entry entry;

	if (upper->entry && upper->span == span)
		return upper->entry;
	if (!(top & MMU_PRESENT))
		return 0;
	entry = mmu_entry_read(&table_at(top)[(address >> TABLE_SHIFT) & 511]);
	if (entry & MMU_PRESENT)
		*upper = (struct upper){ span, entry };
	return entry;
}

/* Look the page up in the tables; NULL: it is not there, or may not be written to. */
static struct translation *walk(struct cpu_mmu *self, uintptr_t page, bool write)
{
	mmu_entry upper = find_upper(self, page);
	struct translation *known = translation_of(self, page);
	mmu_entry *slot;
	mmu_entry entry;
	bool may_write;

	if (!(upper & MMU_PRESENT))
		return NULL;
	slot = (mmu_entry *)table_at(upper) + mmu_table_index(page);
	entry = mmu_entry_read(slot);
	may_write = (upper & MMU_WRITE) && (entry & MMU_WRITE);
	if (!(entry & MMU_PRESENT) || (write && !may_write))
		return NULL;
	assert(upper & entry & MMU_USER);
	*slot |= MMU_ACCESSED | (write ? MMU_DIRTY : 0);
	*known = (struct translation){
		.page = page,
		.entry = entry,
		.is_known = true,
		.may_write = may_write,
		.is_dirty = write || (entry & MMU_DIRTY),
	};
	return known;
}

/* A page that was wanted before, or one beside the last: real CPUs guess, too. */
static void look_ahead(struct cpu_mmu *self)
{
	const struct translation *guess = &self->translations[sim_chance(TRANSLATIONS)];
	uintptr_t page = guess->page;

	if (sim_chance(2))
		page = self->last_page + (sim_chance(5) - 2) * (uintptr_t)PAGE_SIZE;
	if (self->space && page < USER_END && !translation_of(self, page)->is_known)
		(void)walk(self, page, false);
}

uint8_t *sim_translate(uintptr_t address, bool write)
{
	struct cpu_mmu *self = &mmus[cpu_index()];
	uintptr_t page = address & PAGE_MASK;
	struct translation *known = translation_of(self, page);

	if (!self->space || self->is_idle || address >= USER_END)
		return NULL;
	if (!known->is_known || known->page != page) {
		self->last_page = page;
		known = walk(self, page, write);
		if (sim_chance(AHEAD) == 0)
			look_ahead(self);
	} else if (write && known->may_write && !known->is_dirty) {
		known = walk(self, page, true);
	}
	if (!known || (write && !known->may_write)) {
		/* SDM vol. 3, 4.10.4.1: a fault forgets what it was about. */
		forget_page(self, page);
		return NULL;
	}
	return (uint8_t *)table_at(known->entry) + address % PAGE_SIZE;
}

void sim_mmu_guess(unsigned int cpu)
{
	if (mmus[cpu].space && sim_chance(4) == 0)
		look_ahead(&mmus[cpu]);
}

/* ---- the contract of arch/mmu.h ---- */

void sim_mmu_init(void)
{
	for (unsigned int cpu = 0; cpu < CPU_MAX; cpu++)
		mmus[cpu].is_idle = true;
}

int mmu_space_init(struct mmu_space *space)
{
	*space = (struct mmu_space){ 0 };
	space->pointer_table = upcall_memory_alloc(4 * sizeof(mmu_entry), false);
	if (!space->pointer_table)
		return -ENOMEM;
	space->root = virt_to_phys(space->pointer_table);
	return 0;
}

static void evict_here(void *argument)
{
	if (mmus[cpu_index()].space == argument)
		load_space(cpu_index(), NULL);
}

static void check_directory(const mmu_entry *directory)
{
	for (unsigned int i = 0; i < TABLE_ENTRIES; i++) {
		if (directory[i])
			sim_fail("an entry is left in a page directory: %#llx",
				 (unsigned long long)directory[i]);
	}
}

void mmu_space_fini(struct mmu_space *space)
{
	irq_flags flags;

	preempt_disable();
	flags = irq_disable_save();
	evict_here(space);
	irq_restore(flags);
	if (atomic_load(&space->active_cpus))
		smp_call(atomic_load(&space->active_cpus), evict_here, space);
	preempt_enable();
	assert(atomic_load(&space->active_cpus) == 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(space->directories); i++) {
		if (!space->directories[i])
			continue;
		check_directory(space->directories[i]);
		upcall_memory_free(space->directories[i], PAGE_SIZE);
	}
	upcall_memory_free(space->pointer_table, 4 * sizeof(mmu_entry));
}

void mmu_space_switch(struct mmu_space *next)
{
	irq_flags flags = irq_disable_save();
	struct cpu_mmu *self = &mmus[cpu_index()];

	self->is_idle = !next;
	if (next && self->space != next)
		load_space(cpu_index(), next);
	irq_restore(flags);
}

int mmu_directory_entry_create(struct mmu_space *space, uintptr_t address, mmu_entry **out)
{
	struct cpu_mmu *self = &mmus[cpu_index()];
	size_t slot = address >> 30;

	assert(address < USER_END);
	if (!space->directories[slot]) {
		mmu_entry *directory = upcall_memory_alloc(PAGE_SIZE, true);

		if (!directory)
			return -ENOMEM;
		space->directories[slot] = directory;
		mmu_entry_write(&space->pointer_table[slot], virt_to_phys(directory) | MMU_PRESENT);
		/* Others see it when they fault: mmu_flush_local(). */
		if (self->space == space)
			load_again(self);
	}
	*out = mmu_directory_entry(space, address);
	return 0;
}

struct flush_request {
	struct mmu_space *space;
	uintptr_t start, end;
};

static void flush_here(void *argument)
{
	const struct flush_request *request = argument;
	struct cpu_mmu *self = &mmus[cpu_index()];

	if (self->space != request->space)
		return;
	if (self->is_idle)
		load_space(cpu_index(), NULL);
	else
		forget_range(self, request->start, request->end);
}

void mmu_flush_range(struct mmu_space *space, uintptr_t start, uintptr_t end)
{
	struct flush_request request = { space, start & PAGE_MASK,
					 ALIGN_UP(end, (uintptr_t)PAGE_SIZE) };
	uint32_t others;

	if (!irq_is_enabled())
		sim_fail("a flush with interrupts off");
	if (sim_settings()->broken == BREAK_TLB && sim_chance(10) == 0)
		return;
	preempt_disable();
	flush_here(&request);
	sim_point();
	others = atomic_load(&space->active_cpus) & ~(1u << cpu_index());
	if (others)
		smp_call(others, flush_here, &request);
	preempt_enable();
}

void mmu_flush_space(struct mmu_space *space)
{
	mmu_flush_range(space, 0, USER_END);
}

/* Another CPU may have added the directory: then this one has not seen it yet. */
void mmu_flush_local(uintptr_t address)
{
	struct cpu_mmu *self = &mmus[cpu_index()];

	if (self->space && !(self->tops[address >> 30] & MMU_PRESENT))
		load_again(self);
	else
		forget_page(self, address & PAGE_MASK);
}

/* ---- faults ---- */

enum fault_result sim_page_fault(uintptr_t address, bool write)
{
	struct mmu_space *mmu = thread_current()->mmu;
	enum fault_access access = write ? FAULT_WRITE : 0;
	struct address_space *space;
	enum fault_result result;

	if (!mmu)
		return FAULT_BAD_ADDRESS;
	space = container_of(mmu, struct address_space, mmu);
	result = vm_fault(space, address, access, NULL);
	if (result == FAULT_BAD_ADDRESS)
		result = vm_fault_below_stack(space, address, access, NULL, NULL);
	return result;
}

/* ---- user copies ---- */

enum copy_direction { COPY_IN, COPY_OUT, COPY_ZEROS };

/* One byte after the other from one side to the other; how many are left. */
static size_t copy(enum copy_direction direction, void *kernel, user_addr user, size_t size,
		   bool may_fault)
{
	uintptr_t address = user_addr_value(user);

	if (!user_range_ok(user, size))
		return size;
	if (may_fault)
		assert_may_sleep();
	while (size > 0) {
		size_t part = min(size, (size_t)(PAGE_SIZE - address % PAGE_SIZE));
		bool write = direction != COPY_IN;
		uint8_t *bytes;

		if (may_fault)
			sim_point();
		bytes = sim_translate(address, write);
		if (!bytes) {
			if (!may_fault || sim_page_fault(address, write) != FAULT_OK)
				break;
			continue;
		}
		if (direction == COPY_IN)
			memcpy(kernel, bytes, part);
		else if (direction == COPY_OUT)
			memcpy(bytes, kernel, part);
		else
			memset(bytes, 0, part);
		kernel = (uint8_t *)kernel + (direction == COPY_ZEROS ? 0 : part);
		address += part;
		size -= part;
	}
	return size;
}

size_t copy_from_user_partial(void *to, user_addr from, size_t size)
{
	return copy(COPY_IN, to, from, size, true);
}

size_t copy_to_user_partial(user_addr to, const void *from, size_t size)
{
	return copy(COPY_OUT, (void *)(uintptr_t)from, to, size, true);
}

size_t clear_user_partial(user_addr to, size_t size)
{
	static uint8_t nothing;

	return copy(COPY_ZEROS, &nothing, to, size, true);
}

size_t copy_from_user_nofault(void *to, user_addr from, size_t size)
{
	return copy(COPY_IN, to, from, size, false);
}

size_t copy_to_user_nofault(user_addr to, const void *from, size_t size)
{
	return copy(COPY_OUT, (void *)(uintptr_t)from, to, size, false);
}

int user_prefault(user_addr address, size_t size, bool write)
{
	uintptr_t at = user_addr_value(address), end = at + size;

	if (!user_range_ok(address, size))
		return -EFAULT;
	while (at < end) {
		sim_point();
		if (!sim_translate(at, write)) {
			if (sim_page_fault(at, write) != FAULT_OK)
				return -EFAULT;
			continue;
		}
		at = (at & PAGE_MASK) + PAGE_SIZE;
	}
	return 0;
}

int copy_to_user(user_addr to, const void *from, size_t size)
{
	return copy_to_user_partial(to, from, size) ? -EFAULT : 0;
}

int copy_from_user(void *to, user_addr from, size_t size)
{
	return copy_from_user_partial(to, from, size) ? -EFAULT : 0;
}

int get_user_u32(uint32_t *out, user_addr from)
{
	return copy_from_user_partial(out, from, sizeof(*out)) ? -EFAULT : 0;
}

int get_user_u32_nofault(uint32_t *out, user_addr from)
{
	return copy_from_user_nofault(out, from, sizeof(*out)) ? -EFAULT : 0;
}

int put_user_u32(user_addr to, uint32_t value)
{
	return copy_to_user(to, &value, sizeof(value));
}

int put_user_pair(user_addr to, uint32_t first, uint32_t second)
{
	uint32_t words[] = { first, second };

	return copy_to_user(to, words, sizeof(words));
}

int put_user_triple(user_addr to, uint32_t first, uint32_t second, uint32_t third)
{
	uint32_t words[] = { first, second, third };

	return copy_to_user(to, words, sizeof(words));
}

int user_word_compare_exchange(user_addr word, uint32_t expected, uint32_t desired, uint32_t *seen)
{
	uint32_t *at = (uint32_t *)sim_translate(user_addr_value(word), true);

	if (!at)
		return -EFAULT;
	*seen = *at;
	if (*at == expected)
		*at = desired;
	return 0;
}

/* ---- what is done wrong when asked for: the linker puts these before the real ones ---- */

void __real_page_frame_copy(struct page_frame *to, struct page_frame *from);
void __wrap_page_frame_copy(struct page_frame *to, struct page_frame *from);
int __real_page_table_fork(struct address_space *parent, struct address_space *child,
			   uintptr_t span, bool any_special, bool *must_flush);
int __wrap_page_table_fork(struct address_space *parent, struct address_space *child,
			   uintptr_t span, bool any_special, bool *must_flush);

void __wrap_page_frame_copy(struct page_frame *to, struct page_frame *from)
{
	if (sim_settings()->broken == BREAK_COPY && sim_chance(4) == 0)
		return;
	__real_page_frame_copy(to, from);
}

int __wrap_page_table_fork(struct address_space *parent, struct address_space *child,
			   uintptr_t span, bool any_special, bool *must_flush)
{
	int error = __real_page_table_fork(parent, child, span, any_special, must_flush);
	const mmu_entry *slot = mmu_directory_entry(&child->mmu, span);
	mmu_entry entry = slot ? mmu_entry_read(slot) : 0;

	if (sim_settings()->broken == BREAK_TABLE && !error && (entry & MMU_PRESENT) &&
	    !(entry & MMU_WRITE) && sim_chance(4) == 0)
		atomic_fetch_sub(&page_frame_of(mmu_entry_frame(entry))->references, 1);
	return error;
}

void __real_vm_unmap_cache(struct page_cache *cache, uint32_t first, uint32_t end, bool copies);
void __wrap_vm_unmap_cache(struct page_cache *cache, uint32_t first, uint32_t end, bool copies);

void __wrap_vm_unmap_cache(struct page_cache *cache, uint32_t first, uint32_t end, bool copies)
{
	if (sim_settings()->broken != BREAK_TRUNCATE || sim_chance(4) != 0)
		__real_vm_unmap_cache(cache, first, end, copies);
}

/*
 * Which address space each CPU has loaded, and making them forget what they cache of it.
 *
 * space->active_cpus has a bit for each CPU that may hold translations of the space. A CPU sets its
 * bit before it loads the root, and clears it after it loaded another. A flusher first changes the
 * page tables, then reads the mask: either it sees the bit and asks that CPU, or that CPU's page
 * walks begin after the change. Both sides are read-modify-write or fenced, so the order holds
 * (Intel SDM vol. 3, 4.10.5, 8.2.2).
 *
 * A kernel thread keeps the space of the user thread before it: going back costs nothing. The first
 * flush request that reaches such a CPU takes the space away, so that no more are sent to it, and
 * mmu_space_fini() does the same.
 */
#include "arch/irq_flags.h"
#include "arch/mmu.h"
#include "arch/smp.h"
#include "core/assert.h"
#include "core/preempt.h"
#include "core/stack_header.h"
#include "internal.h"
#include "layout.h"
#include "machine_cpu.h"
#include "registers.h"
#include "switch_state.h"

/* From here on, loading the root again is cheaper than one invlpg a page. */
#define FLUSH_PAGES_MAX 32

struct flush_request {
	struct mmu_space *space;
	uintptr_t start, end;
};

static noinline void load_no_space(struct machine_cpu *self)
{
	space_load(self, NULL);
}

static void load_space_again(struct machine_cpu *self)
{
	self->directories_seen = space_directories(self->space);
	write_cr3((uint32_t)self->space->root);
}

void mmu_space_switch(struct mmu_space *next)
{
	irq_flags flags;

	/* A flush request must find either the old space or the new one. */
	flags = irq_disable_save();
	space_switch(&machine_cpus[cpu_index()], next);
	irq_restore(flags);
}

static void evict_here(void *argument)
{
	struct machine_cpu *self = &machine_cpus[cpu_index()];

	if (self->space == argument)
		load_no_space(self);
}

void mmu_space_evict(struct mmu_space *space)
{
	uint32_t mask;
	irq_flags flags;

	preempt_disable();
	flags = irq_disable_save();
	evict_here(space);
	irq_restore(flags);
	mask = atomic_load(&space->active_cpus);
	if (mask)
		smp_call(mask, evict_here, space);
	preempt_enable();
	assert(atomic_load(&space->active_cpus) == 0);
}

void mmu_space_reload(struct mmu_space *space)
{
	irq_flags flags = irq_disable_save();

	if (machine_cpus[cpu_index()].space == space)
		load_space_again(&machine_cpus[cpu_index()]);
	irq_restore(flags);
}

static void flush_pages(uintptr_t start, uintptr_t end)
{
	if ((end - start) >> PAGE_SHIFT > FLUSH_PAGES_MAX) {
		write_cr3(read_cr3());
		return;
	}
	for (uintptr_t address = start; address < end; address += PAGE_SIZE)
		invalidate_page(address);
}

static inline void flush_own(struct machine_cpu *self, const struct mmu_space *space,
			     uintptr_t start, uintptr_t end)
{
	if (self->space != space)
		return;
	if (unlikely(self->space_is_idle))
		load_no_space(self);
	else
		flush_pages(start, end);
}

static void flush_here(void *argument)
{
	const struct flush_request *request = argument;

	flush_own(&machine_cpus[cpu_index()], request->space, request->start, request->end);
}

static noinline void flush_others(uint32_t cpus, struct mmu_space *space, uintptr_t start,
				  uintptr_t end)
{
	struct flush_request request = { space, start, end };

	smp_call(cpus, flush_here, &request);
}

void mmu_flush_range(struct mmu_space *space, uintptr_t start, uintptr_t end)
{
	unsigned int cpu;
	uint32_t others;

	start &= PAGE_MASK;
	end = ALIGN_UP(end, (uintptr_t)PAGE_SIZE);
	preempt_disable();
	cpu = cpu_index();
	flush_own(&machine_cpus[cpu], space, start, end);
	/*
	 * Pairs with the fetch_or in space_load: our entries are changed before the mask is read.
	 */
	atomic_thread_fence(memory_order_seq_cst);
	others = atomic_load(&space->active_cpus) & ~(1u << cpu);
	if (unlikely(others))
		flush_others(others, space, start, end);
	preempt_enable();
}

void mmu_flush_space(struct mmu_space *space)
{
	mmu_flush_range(space, 0, USER_END);
}

void mmu_flush_local(uintptr_t address)
{
	irq_flags flags = irq_disable_save();
	struct machine_cpu *self = &machine_cpus[cpu_index()];

	/*
	 * Another CPU may have added the directory: this one still has the root's old entries
	 * (paging.c).
	 */
	if (self->space && !(self->directories_seen & 1u << (address >> 30)))
		load_space_again(self);
	else
		invalidate_page(address);
	irq_restore(flags);
}

static void flush_kernel_here(void *argument)
{
	const struct flush_request *request = argument;

	if ((request->end - request->start) >> PAGE_SHIFT <= FLUSH_PAGES_MAX) {
		flush_pages(request->start, request->end);
		return;
	}
	/* Global entries survive a new root, but not a change of PGE (SDM vol. 3, 4.10.4.1). */
	if (read_cr4() & CR4_PGE) {
		write_cr4(read_cr4() & ~(uint32_t)CR4_PGE);
		write_cr4(read_cr4() | CR4_PGE);
	} else {
		write_cr3(read_cr3());
	}
}

void mmu_kernel_flush(uintptr_t start, uintptr_t end)
{
	struct flush_request request = { NULL, start, end };
	uint32_t others;
	irq_flags flags;

	preempt_disable();
	/* A request in between may load another root; ours must not be put back over it. */
	flags = irq_disable_save();
	flush_kernel_here(&request);
	irq_restore(flags);
	atomic_thread_fence(memory_order_seq_cst);
	others = smp_online_mask() & ~(1u << cpu_index());
	if (others)
		smp_call(others, flush_kernel_here, &request);
	preempt_enable();
}

/*
 * What a switch does to the address space (the theory is in tlb.c), the FPU (fpu.c) and segments
 * (tls.c). Inline in arch_switch: with calls these few instructions cost twice as much.
 */
#pragma once
#include <stdint.h>
#include "arch/context.h"
#include "arch/mmu.h"
#include "core/stack_header.h"
#include "internal.h"
#include "layout.h"
#include "machine_cpu.h"
#include "registers.h"

/* ---- the address space ---- */

/* The directories that the root which is loaded next has at least. */
static inline uint8_t space_directories(struct mmu_space *space)
{
	/* Acquire: pairs with the release in mmu_directory_entry_create(). */
	return (uint8_t)atomic_load_explicit(&space->directory_bits, memory_order_acquire);
}

/* NULL: the kernel's own. */
static inline void space_load(struct machine_cpu *self, struct mmu_space *next)
{
	struct mmu_space *previous = self->space;

	if (next)
		atomic_fetch_or(&next->active_cpus, self->bit);
	self->space = next;
	self->directories_seen = next ? space_directories(next) : 0;
	write_cr3((uint32_t)(next ? next->root : kernel_root()));
	if (previous)
		atomic_fetch_and(&previous->active_cpus, ~self->bit);
}

/* NULL: what is loaded stays, for whoever comes next. */
static inline void space_switch(struct machine_cpu *self, struct mmu_space *next)
{
	self->space_is_idle = !next;
	if (next && self->space != next)
		space_load(self, next);
}

/* ---- the FPU ---- */

enum { XSAVE_PARTS = 512, PARTS_X87_SSE = 3 };	/* of the header: which parts are not initial */

/* FNSAVE also resets the registers: load them again, they may go on being used. */
static inline void fpu_save_image(void *image)
{
	if (likely(fpu_form == FPU_FORM_FXSAVE)) {
		__asm__ volatile("fxsave (%0)" : : "r"(image) : "memory");
	} else if (fpu_form == FPU_FORM_XSAVE) {
		__asm__ volatile("xsave (%0)"
				 : : "r"(image), "a"(FPU_XFEATURES), "d"(0) : "memory");
		*((uint8_t *)image + XSAVE_PARTS) |= PARTS_X87_SSE;
	} else {
		__asm__ volatile("fnsave (%0); frstor (%0)" : : "r"(image) : "memory");
	}
}

static inline void fpu_load_image(const void *image)
{
	if (likely(fpu_form == FPU_FORM_FXSAVE))
		__asm__ volatile("fxrstor (%0)" : : "r"(image) : "memory");
	else if (fpu_form == FPU_FORM_XSAVE)
		__asm__ volatile("xrstor (%0)"
				 : : "r"(image), "a"(FPU_XFEATURES), "d"(0) : "memory");
	else
		__asm__ volatile("frstor (%0)" : : "r"(image) : "memory");
}

static inline bool fpu_is_live(const struct stack_header *header)
{
	return !(atomic_load_explicit(&header->return_work, memory_order_relaxed) &
		 RETURN_WORK_FPU);
}

/*
 * A running thread whose registers are live is the owner of this CPU's: what loads them says so.
 * FXSAVE's form is asked for first, in one comparison.
 */
static inline void fpu_switch(struct machine_cpu *self, struct arch_thread *from,
			      const struct stack_header *from_header, struct arch_thread *to,
			      const struct stack_header *to_header)
{
	void *from_image = from->fpu, *to_image = to->fpu;

	if (likely(from_image && fpu_is_live(from_header)))
		fpu_save_image(from_image);
	if (likely(to_image && fpu_is_live(to_header)) &&
	    likely(self->fpu_owner != to || to->fpu_cpu != self->mark)) {
		fpu_load_image(to_image);
		to->fpu_cpu = self->mark;
		self->fpu_owner = to;
	}
}

/* ---- segments ---- */

enum { TLS_ENTRY_FIRST = SELECTOR_TLS_FIRST / 8 };

static inline bool tls_is_loaded_on(const struct machine_cpu *self,
				    const struct arch_thread *thread)
{
	return self->segments_owner == thread && thread->segments_cpu == self->mark;
}

/* Would loading `thread` change anything? Nearly all threads have one descriptor, the first. */
static inline bool tls_is_equal(const struct machine_cpu *self, const struct arch_thread *thread,
				uint16_t fs, uint16_t gs)
{
	return self->gdt[TLS_ENTRY_FIRST] == thread->tls[0] && fs == thread->fs &&
	       gs == thread->gs &&
	       likely(!(self->has_many_tls | thread->has_many_tls));
}

static inline void tls_switch(struct machine_cpu *self, struct arch_thread *from,
			      struct arch_thread *to)
{
	uint16_t fs = read_fs(), gs = read_gs();

	/* Of one that runs, it says no more than that they are loaded. */
	if (likely(from->segments_cpu)) {
		from->fs = fs;
		from->gs = gs;
	}
	if (unlikely(!to->fpu || tls_is_loaded_on(self, to)))
		return;
	if (unlikely(!tls_is_equal(self, to, fs, gs)))
		tls_load(self, to);
	to->segments_cpu = self->mark;
	self->segments_owner = to;
}

/*
 * The vDSO: one read-only page of code that every process sees (system-call entry, signal return,
 * clocks), and one data page before it that the kernel keeps up to date.
 */
#pragma once
#include <stdint.h>
#include "arch/mmu.h"
#include "core/types.h"

/*
 * Frames to map, one behind the other, wherever there is room: the data page (read-only, no
 * execute), then the ELF image (read, execute; AT_SYSINFO_EHDR).
 */
#define VDSO_PAGES 2
frame_number vdso_frame(unsigned int index);
void vdso_init(void);

/* Offsets within the image page. */
uintptr_t vdso_entry_offset(void);		/* __kernel_vsyscall, for AT_SYSINFO */
uintptr_t vdso_sigreturn_offset(void);
uintptr_t vdso_rt_sigreturn_offset(void);
uintptr_t vdso_sysenter_return_offset(void);	/* behind the call, where the kernel returns to */

/*
 * Told by sched/clock.c, for the clocks. Once, before the first program: the three numbers of
 * arch_clock_scale(). Whenever it changes: real time - monotonic time, which is not negative.
 * Locks: the caller's own lets in one at a time.
 */
void vdso_set_counter(uint64_t counter_base, uint32_t multiplier, uint32_t shift);
void vdso_set_realtime_offset(uint64_t offset_ns);

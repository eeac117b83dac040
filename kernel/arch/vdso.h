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
 * Called by sched/clock.c when the relation of the counter to the clocks changes: monotonic time is
 * monotonic_base_ns + ((counter - counter_base) * multiplier >> shift), real time is that +
 * realtime_offset_ns. The three numbers of the counter are those of arch_clock_scale(); multiplier
 * 0 makes programs call the kernel. Locks: the caller's own lets in one at a time.
 */
void vdso_update_clock(uint64_t counter_base, uint64_t monotonic_base_ns,
		       int64_t realtime_offset_ns, uint32_t multiplier, uint32_t shift);

/*
 * Constants that assembly needs, taken from the C declarations; see tools/gen-asm-offsets.
 */
#include <stddef.h>
#include "arch/mmu.h"
#include "arch/stack.h"
#include "arch/trap_frame.h"
#include "core/config.h"
#include "core/stack_header.h"
#include "internal.h"
#include "machine_cpu.h"
#include "signal_fpu.h"
#include "vdso/vdso_data.h"

#define EMIT(name, value) __asm__ volatile("\n->" #name " %c0" : : "i"(value))

void asm_offsets(void);

void asm_offsets(void)
{
	EMIT(ASM_CONFIG_DEBUG, CONFIG_DEBUG);
	EMIT(KERNEL_STACK_SIZE, KERNEL_STACK_SIZE);
	EMIT(HEADER_RETURN_WORK, offsetof(struct stack_header, return_work));
	EMIT(HEADER_SIZE, sizeof(struct stack_header));
	EMIT(RETURN_WORK_WATCHED, RETURN_WORK_TRACE | RETURN_WORK_GATE);
	EMIT(RETURN_WORK_FRAME, RETURN_WORK_FRAME);
	EMIT(FRAME_ESI, offsetof(struct trap_frame, esi));
	EMIT(FRAME_EDI, offsetof(struct trap_frame, edi));
	EMIT(FRAME_EBP, offsetof(struct trap_frame, ebp));
	EMIT(FRAME_EBX, offsetof(struct trap_frame, ebx));
	EMIT(FRAME_ECX, offsetof(struct trap_frame, ecx));
	EMIT(FRAME_EDX, offsetof(struct trap_frame, edx));
	EMIT(FRAME_EAX, offsetof(struct trap_frame, eax));
	EMIT(FRAME_SEGMENTS, offsetof(struct trap_frame, segments));
	EMIT(FRAME_VECTOR, offsetof(struct trap_frame, vector));
	EMIT(FRAME_ERROR, offsetof(struct trap_frame, error));
	EMIT(FRAME_EIP, offsetof(struct trap_frame, eip));
	EMIT(FRAME_CS, offsetof(struct trap_frame, cs));
	EMIT(FRAME_EFLAGS, offsetof(struct trap_frame, eflags));
	EMIT(FRAME_ESP, offsetof(struct trap_frame, esp));
	EMIT(FRAME_SIZE, sizeof(struct trap_frame));
	EMIT(ASM_FPU_XFEATURES, FPU_XFEATURES);
	EMIT(ASM_FPU_XSAVE_SIZE, FPU_XSAVE_SIZE);
	EMIT(ASM_FPU_WHOLE_SIZE, SIGNAL_FPU_LEGACY_SIZE + FPU_XSAVE_SIZE + sizeof(uint32_t));
	EMIT(ASM_FPU_MAGIC, SIGNAL_FPU_MAGIC);
	EMIT(ASM_FPU_EXTENSION, SIGNAL_FPU_EXTENSION);
	EMIT(ASM_FPU_EXTENSION_SIZE, SIGNAL_FPU_EXTENSION_SIZE);
	EMIT(ASM_FPU_EXTENSION_MAGIC, SIGNAL_FPU_EXTENSION_MAGIC);
	EMIT(ASM_FPU_EXTENSION_END, SIGNAL_FPU_EXTENSION_END);
	EMIT(ASM_FXSAVE_MXCSR, FXSAVE_MXCSR_OFFSET);
	EMIT(ASM_XSAVE_HEADER, FPU_FXSAVE_SIZE);
	EMIT(USER_END_VALUE, USER_END);
	EMIT(TOP_SIZE, sizeof(struct stack_top));
	EMIT(TOP_SYSENTER_RETURN, offsetof(struct stack_top, sysenter_return));
	EMIT(VDSO_COUNTER_BASE, offsetof(struct vdso_data, counter_base));
	EMIT(VDSO_MULTIPLIER, offsetof(struct vdso_data, multiplier));
	EMIT(VDSO_SHIFT, offsetof(struct vdso_data, shift));
	EMIT(VDSO_SECOND, offsetof(struct vdso_data, second));
	EMIT(VDSO_SEQUENCE, offsetof(struct vdso_data, sequence));
	EMIT(VDSO_REALTIME_LOW, offsetof(struct vdso_data, realtime_low));
	EMIT(VDSO_REALTIME_HIGH, offsetof(struct vdso_data, realtime_high));
}

/*
 * FPU and SSE registers.
 *
 * They are a user thread's alone; the kernel computes without them. A switch writes them to the
 * thread's image if they are live, and loads them when that thread comes back, unless this CPU
 * still has them because only kernel threads ran meanwhile. Whoever changes the image (exec,
 * sigreturn, a debugger) sets RETURN_WORK_FPU first: until the thread's way back to user mode the
 * image is the truth, however often it is switched, and may be half written.
 *
 *	live	RETURN_WORK_FPU clear: the truth is in the registers, and in the image while the
 *		thread does not run; if fpu_cpu - 1 is this CPU, and it says that the thread was the
 *		last to have its registers here, they are there still
 *	saved	RETURN_WORK_FPU set: the image is the truth
 *
 * The image has FXSAVE's form, or FNSAVE's on processors without it (Intel SDM vol. 1, 8.1.10 and
 * 10.5). Where there is AVX, XSAVE continues FXSAVE's form with a header and the upper halves of
 * the AVX registers (13.4). Its header may call a part "initial" though its bytes stand there; we
 * take that back for the x87 and SSE parts, which debuggers and signal handlers change by hand.
 */
#include "arch/context.h"
#include "arch/cpu.h"
#include "arch/irq_flags.h"
#include "arch/upcall.h"
#include "core/stack_header.h"
#include "internal.h"
#include "lib/string.h"
#include "machine_cpu.h"
#include "switch_state.h"
#include "uapi/linux/errno.h"

enum {
	CONTROL_INITIAL = 0x37f,	/* all exceptions masked, 64-bit precision */
	MXCSR_INITIAL = 0x1f80,
	MXCSR_MASK_DEFAULT = 0xffbf,	/* when the processor tells none */
	FXSAVE_CONTROL = 0,		/* offsets into the image */
	FXSAVE_MXCSR = 24,
	FXSAVE_MXCSR_MASK = 28,
};

bool fpu_has_fxsr, fpu_has_xsave;
enum fpu_form fpu_form;
size_t fpu_image_size = FPU_FXSAVE_SIZE;
uint32_t fpu_mxcsr_reserved = UINT32_MAX;

static void read_mxcsr_mask(void)
{
	static uint8_t image[FPU_XSAVE_SIZE] aligned_to(64);
	uint32_t mxcsr_mask;

	if (!cpu_features()->sse)
		return;
	fpu_save_image(image);
	memcpy(&mxcsr_mask, image + FXSAVE_MXCSR_MASK, sizeof(mxcsr_mask));
	if (mxcsr_mask == 0)
		mxcsr_mask = MXCSR_MASK_DEFAULT;
	fpu_mxcsr_reserved = ~mxcsr_mask;
}

static void write_xcr0(uint32_t value)
{
	__asm__ volatile("xsetbv" : : "c"(0), "a"(value), "d"(0));
}

void fpu_init_cpu(void)
{
	uint32_t mxcsr = MXCSR_INITIAL;

	if (cpu_features()->avx)
		write_xcr0(FPU_XFEATURES);
	__asm__ volatile("fninit");
	if (cpu_features()->sse)
		__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
	if (cpu_index() == 0) {
		fpu_has_fxsr = cpu_features()->fxsr;
		fpu_has_xsave = cpu_features()->avx;
		fpu_form = fpu_has_xsave ? FPU_FORM_XSAVE :
			   fpu_has_fxsr	 ? FPU_FORM_FXSAVE :
					   FPU_FORM_FNSAVE;
		if (fpu_has_xsave)
			fpu_image_size = FPU_XSAVE_SIZE;
		read_mxcsr_mask();
	}
}

void fpu_init_image(void *image)
{
	static const uint32_t fnsave_initial[7] = {
		0xffff0000 | CONTROL_INITIAL, 0xffff0000, 0xffffffff, 0, 0, 0, 0xffff0000,
	};
	uint32_t mxcsr = MXCSR_INITIAL;
	uint16_t control = CONTROL_INITIAL;

	memset(image, 0, fpu_image_size);
	if (!fpu_has_fxsr) {
		memcpy(image, fnsave_initial, sizeof(fnsave_initial));
		return;
	}
	memcpy((char *)image + FXSAVE_CONTROL, &control, sizeof(control));
	memcpy((char *)image + FXSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
	if (fpu_has_xsave)
		*((uint8_t *)image + XSAVE_PARTS) = PARTS_X87_SSE;
}

int arch_thread_create_fpu(struct arch_thread *thread)
{
	thread->fpu = upcall_memory_alloc(fpu_image_size, false);
	if (!thread->fpu)
		return -ENOMEM;
	fpu_init_image(thread->fpu);
	thread->fpu_cpu = 0;
	return 0;
}

void fpu_registers_loaded(struct arch_thread *thread)
{
	unsigned int cpu = cpu_index();

	thread->fpu_cpu = (uint8_t)(cpu + 1);
	machine_cpus[cpu].fpu_owner = thread;
	atomic_fetch_and_explicit(&stack_header()->return_work, ~(unsigned int)RETURN_WORK_FPU,
				  memory_order_relaxed);
}

void fpu_registers_lost(void)
{
	machine_cpus[cpu_index()].fpu_owner = NULL;
}

void arch_fpu_load(struct arch_thread *thread)
{
	fpu_load_image(thread->fpu);
	fpu_registers_loaded(thread);
}

void fpu_make_live(struct arch_thread *thread)
{
	if (!fpu_is_live(stack_header()))
		arch_fpu_load(thread);
}

void fpu_sync_for_read(struct arch_thread *thread)
{
	irq_flags flags = irq_disable_save();

	if (fpu_is_live(stack_header()))
		fpu_save_image(thread->fpu);
	irq_restore(flags);
}

void fpu_forget_registers(struct arch_thread *thread)
{
	irq_flags flags = irq_disable_save();

	thread->fpu_cpu = 0;
	atomic_fetch_or_explicit(&stack_header()->return_work, RETURN_WORK_FPU,
				 memory_order_relaxed);
	irq_restore(flags);
}

void fpu_reset_sse(void)
{
	uint32_t mxcsr = MXCSR_INITIAL;

	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
	if (fpu_has_xsave)
		__asm__ volatile("vzeroall");
	else
		__asm__ volatile("xorps %xmm0, %xmm0; xorps %xmm1, %xmm1\n\t"
				 "xorps %xmm2, %xmm2; xorps %xmm3, %xmm3\n\t"
				 "xorps %xmm4, %xmm4; xorps %xmm5, %xmm5\n\t"
				 "xorps %xmm6, %xmm6; xorps %xmm7, %xmm7");
}

/* Live registers are reset where they are: writing and loading an image costs 300 instructions. */
void fpu_reset_registers(struct arch_thread *thread)
{
	irq_flags flags = irq_disable_save();

	if (fpu_is_live(stack_header()) && cpu_features()->sse) {
		__asm__ volatile("fninit");
		fpu_reset_sse();
		irq_restore(flags);
		return;
	}
	irq_restore(flags);
	fpu_forget_registers(thread);
	fpu_init_image(thread->fpu);
}

/*
 * Status and mask bits have one order in the x87 words and in MXCSR (SDM vol. 1, 8.1.3, 8.1.5,
 * 10.2.3).
 */
enum fpu_exceptions arch_fpu_exceptions(struct arch_thread *thread, bool simd)
{
	const uint8_t *image = thread->fpu;
	uint16_t control, status;
	uint32_t mxcsr;

	fpu_sync_for_read(thread);
	if (simd) {
		memcpy(&mxcsr, image + FXSAVE_MXCSR, sizeof(mxcsr));
		return ~(mxcsr >> 7) & mxcsr & 0x3f;
	}
	memcpy(&control, image, sizeof(control));
	memcpy(&status, image + (fpu_has_fxsr ? 2 : 4), sizeof(status));
	return ~control & status & 0x3f;
}

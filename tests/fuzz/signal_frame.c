/*
 * Signal frames that a program has forged: what sigreturn takes of them must be registers that user
 * mode could have come with, and an FPU image that the processor loads without a fault. This
 * machine's own processor is asked that; it has the same FXRSTOR and XRSTOR.
 *
 * test: with=arch/i386/signal_context.c,arch/i386/signal_fpu_image.c
 */
#include "arch/i386/signal_context.h"
#include "arch/i386/layout.h"
#include "arch/i386/signal_fpu_image.h"
#include "core/assert.h"
#include "fuzz.h"
#include "lib/min_max.h"
#include "lib/string.h"

/* Flags that say what a program may do: IOPL, VM, and the virtual interrupts. */
#define EFLAGS_IOPL	   0x00003000u
#define EFLAGS_VM	   0x00020000u
#define EFLAGS_VIF_AND_VIP 0x00180000u
#define EFLAGS_RIGHTS	   (EFLAGS_IOPL | EFLAGS_VM | EFLAGS_VIF_AND_VIP)
#define EFLAGS_IF_BIT	   0x00000200u

enum { MXCSR_MASK_OFFSET = 28, MXCSR_MASK_DEFAULT = 0xffbf };

/* An XSAVE image, whose first part is the only one without AVX. */
struct whole_image {
	struct fpu_image image;
	uint8_t header[FPU_XSAVE_HEADER_SIZE];
	uint8_t avx[FPU_XSAVE_SIZE - FPU_FXSAVE_SIZE - FPU_XSAVE_HEADER_SIZE];
};
_Static_assert(sizeof(struct whole_image) == FPU_XSAVE_SIZE, "as the processor has it");

static bool has_avx;
static uint32_t mxcsr_reserved;

static void load(const void *image, bool extended)
{
	static uint8_t own[FPU_XSAVE_SIZE] __attribute__((aligned(64)));

	if (extended)
		__asm__ volatile("xsave (%0); xrstor (%1); xrstor (%0)"
				 : : "r"(own), "r"(image), "a"(FPU_XFEATURES), "d"(0) : "memory");
	else
		__asm__ volatile("fxsave (%0); fxrstor (%1); fxrstor (%0)"
				 : : "r"(own), "r"(image) : "memory");
}

void fuzz_start(void)
{
	static uint8_t image[FPU_FXSAVE_SIZE] __attribute__((aligned(64)));
	uint32_t mask;

	has_avx = __builtin_cpu_supports("avx");
	__asm__ volatile("fxsave (%0)" : : "r"(image) : "memory");
	memcpy(&mask, image + MXCSR_MASK_OFFSET, sizeof(mask));
	mxcsr_reserved = ~(mask ? mask : MXCSR_MASK_DEFAULT);
}

static void take(struct fuzz_input *input, void *to, size_t size)
{
	size_t there = min_t(size_t, size, (size_t)(input->end - input->next));

	memcpy(to, input->next, there);
	memset((char *)to + there, 0, size - there);
	input->next += there;
}

/* ---- general registers ----------------------------------------------------------------------- */

/* Null, or of the user's privilege. */
static void check_selector(uint32_t selector)
{
	assert(selector <= UINT16_MAX && (selector == 0 || (selector & 3) == 3));
}

static void forge_context(struct fuzz_input *input)
{
	struct sigcontext context;
	struct trap_frame frame, old;

	take(input, &context, sizeof(context));
	take(input, &frame, sizeof(frame));
	/* It came from user mode, with interrupts on and without any right. */
	frame.cs = SELECTOR_USER_CODE;
	frame.ss = SELECTOR_USER_DATA;
	frame.eflags = (frame.eflags & ~EFLAGS_RIGHTS) | EFLAGS_IF_BIT | EFLAGS_FIXED;
	old = frame;
	signal_context_load(&frame, &context);
	assert(frame.cs == SELECTOR_USER_CODE && frame.ss == SELECTOR_USER_DATA);
	assert(trap_frame_is_user(&frame));
	assert(!(frame.eflags & EFLAGS_RIGHTS));
	assert((frame.eflags & EFLAGS_IF_BIT) && (frame.eflags & EFLAGS_FIXED));
	assert(((frame.eflags ^ old.eflags) & ~(uint32_t)EFLAGS_USER) == 0);
	check_selector((frame.segments ^ FLAT_SEGMENTS) >> 16);
	check_selector((frame.segments ^ FLAT_SEGMENTS) & 0xffff);
	check_selector(signal_context_selector(context.fs));
	check_selector(signal_context_selector(context.gs));
	assert(frame.eip == context.eip && frame.esp == context.esp && frame.eax == context.eax);
	/* No call is restarted on the way back. */
	assert((int32_t)frame.error < 0 && frame.vector == old.vector);
}

/* ---- the FPU --------------------------------------------------------------------------------- */

/* What the old form can tell of an image, it tells. */
static void check_conversion(const struct fpu_image *image)
{
	struct fpu_legacy_image legacy;
	struct fpu_image again = *image;

	fpu_legacy_from_image(&legacy, image);
	again.control = again.status = again.opcode = 0;
	again.tags = 0x55;
	again.ip = 0;
	memset(again.registers, 0x55, sizeof(again.registers));
	fpu_legacy_into_image(&again, &legacy);
	assert(again.control == image->control && again.status == image->status);
	assert(again.tags == image->tags && again.ip == image->ip);
	assert(again.opcode == image->opcode && again.mxcsr == image->mxcsr);
	for (unsigned int i = 0; i < X87_REGISTERS; i++)
		assert(memcmp(again.registers[i].bytes, image->registers[i].bytes,
			      X87_REGISTER_SIZE) == 0);
}

/* As signal_fpu.c's read_image() and read_extension() do it, the input being the user's memory. */
static void forge_fpu(struct fuzz_input *input, bool extended)
{
	static struct whole_image whole __attribute__((aligned(64)));
	struct fpu_legacy_image legacy;
	uint8_t choice = fuzz_byte(input);

	take(input, &whole.image, sizeof(whole.image));
	if (choice & 1) {	/* marks are not found by chance */
		whole.image.extension.magic = SIGNAL_FPU_EXTENSION_MAGIC;
		whole.image.extension.image_size = FPU_XSAVE_SIZE;
	}
	take(input, &legacy, sizeof(legacy));
	take(input, whole.header, sizeof(whole.header));
	take(input, whole.avx, sizeof(whole.avx));
	if (extended)
		fpu_image_clean_header(whole.header, fpu_image_is_extended(&whole.image));
	fpu_legacy_into_image(&whole.image, &legacy);
	fpu_image_clean_mxcsr(&whole.image, mxcsr_reserved);
	assert(!(whole.image.mxcsr & mxcsr_reserved));
	check_conversion(&whole.image);
	load(&whole, extended);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, data + size };
	uint8_t what = fuzz_byte(&input);

	if (what % 2)
		forge_context(&input);
	else
		forge_fpu(&input, has_avx && (what & 2));
}

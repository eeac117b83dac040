/*
 * The FPU image in a signal frame.
 *
 * Programs and debuggers know the old FNSAVE form; the FXSAVE form follows it and holds the SSE
 * registers as well. Both are written, and on return the x87 registers come from the old form,
 * because that is what programs change. (Intel SDM vol. 1, figure 8-9 and table 10-2.) With AVX
 * the FXSAVE form goes on as an XSAVE image, which Linux marks by two numbers.
 *
 * The processor writes both forms straight into the frame, and loads them from there, by the
 * instructions that are made for each (signal_fpu_access.S). What a program has changed so that
 * those would fault, or in a way that they do not understand, is read into the thread's image
 * first and put right there.
 */
#include "signal_fpu.h"
#include "arch/context.h"
#include "arch/cpu.h"
#include "arch/irq_flags.h"
#include "arch/user_copy.h"
#include "internal.h"
#include "lib/string.h"
#include "uapi/linux/errno.h"

int user_fpu_prepare(uintptr_t image);
int user_fpu_save(uintptr_t old_form, uintptr_t image);
int user_fpu_load(uintptr_t old_form, uintptr_t image);

enum {
	X87_REGISTERS = 8,
	X87_REGISTER_SIZE = 10,
	MAGIC_PLAIN = 0xffff,
	HEADER_SIZE = 64,
	PARTS_X87_SSE = 3,	/* of FPU_XFEATURES */
	TAG_VALID = 0, TAG_ZERO = 1, TAG_SPECIAL = 2, TAG_EMPTY = 3,
};

struct legacy_image {
	uint32_t control, status, tags, ip, cs_and_opcode, operand, operand_segment;
	uint8_t registers[X87_REGISTERS][X87_REGISTER_SIZE];
	uint16_t status_again, magic;
};
_Static_assert(sizeof(struct legacy_image) == SIGNAL_FPU_LEGACY_SIZE, "Linux i386 ABI");

/* Tells that an XSAVE image follows, and how much of one: Linux's struct _fpx_sw_bytes. */
struct extension {
	uint32_t magic, extended_size;
	uint64_t parts;
	uint32_t image_size, padding[7];
};
_Static_assert(sizeof(struct extension) == 48, "Linux i386 ABI");

struct fxsave_image {
	uint16_t control, status;
	uint8_t tags, reserved;		/* a bit per register: not empty */
	uint16_t opcode;
	uint32_t ip, cs, operand, operand_segment;
	uint32_t mxcsr, mxcsr_mask;
	struct {
		uint8_t bytes[X87_REGISTER_SIZE];
		uint8_t padding[6];
	} registers[X87_REGISTERS];
	uint8_t rest[304];
	struct extension extension;	/* the processor leaves these bytes to software */
};
_Static_assert(sizeof(struct fxsave_image) == FPU_FXSAVE_SIZE, "fixed by the processor");
_Static_assert(offsetof(struct fxsave_image, extension) == SIGNAL_FPU_EXTENSION, "Linux's ABI");
_Static_assert(offsetof(struct fxsave_image, extension.image_size) == SIGNAL_FPU_EXTENSION_SIZE,
	       "Linux's ABI");

/* The two-bit tag of a register that is not empty. */
static unsigned int tag_of(const uint8_t bytes[X87_REGISTER_SIZE])
{
	uint64_t significand;
	uint16_t exponent;

	memcpy(&significand, bytes, sizeof(significand));
	memcpy(&exponent, bytes + 8, sizeof(exponent));
	exponent &= 0x7fff;
	if (exponent == 0x7fff)
		return TAG_SPECIAL;
	if (exponent == 0)
		return significand == 0 ? TAG_ZERO : TAG_SPECIAL;
	return significand >> 63 ? TAG_VALID : TAG_SPECIAL;
}

/* Sixteen of these are made for each signal: a call of memcpy() costs ten times as much. */
static inline void copy_register(uint8_t *to, const uint8_t *from)
{
	struct register_words {
		uint32_t low, high;
		uint16_t exponent;
	} packed;

	*(struct register_words *)to = *(const struct register_words *)from;
}

/* Tags are of physical registers, the images hold them from the top of the stack on. */
static uint16_t full_tags(const struct fxsave_image *image)
{
	unsigned int top = image->status >> 11 & 7;
	uint16_t tags = 0;

	if (image->tags == 0)
		return 0xffff;	/* programs that do not use the x87 */
	for (unsigned int i = 0; i < X87_REGISTERS; i++) {
		unsigned int tag = TAG_EMPTY;

		if (image->tags >> i & 1)
			tag = tag_of(image->registers[(i - top) & 7].bytes);
		tags |= (uint16_t)(tag << 2 * i);
	}
	return tags;
}

static void legacy_from_fxsave(struct legacy_image *legacy, const struct fxsave_image *image)
{
	legacy->control = image->control | 0xffff0000;
	legacy->status = image->status | 0xffff0000;
	legacy->tags = full_tags(image) | 0xffff0000;
	legacy->ip = image->ip;
	legacy->cs_and_opcode = (image->cs & 0xffff) | (uint32_t)image->opcode << 16;
	legacy->operand = image->operand;
	legacy->operand_segment = image->operand_segment | 0xffff0000;
	for (unsigned int i = 0; i < X87_REGISTERS; i++)
		copy_register(legacy->registers[i], image->registers[i].bytes);
	legacy->status_again = image->status;
	legacy->magic = SIGNAL_FPU_MAGIC;
}

static void legacy_into_fxsave(struct fxsave_image *image, const struct legacy_image *legacy)
{
	image->control = (uint16_t)legacy->control;
	image->status = (uint16_t)legacy->status;
	image->tags = 0;
	for (unsigned int i = 0; i < X87_REGISTERS; i++) {
		if ((legacy->tags >> 2 * i & 3) != TAG_EMPTY)
			image->tags |= (uint8_t)(1u << i);
		copy_register(image->registers[i].bytes, legacy->registers[i]);
	}
	image->ip = legacy->ip;
	image->cs = legacy->cs_and_opcode & 0xffff;
	image->opcode = (uint16_t)(legacy->cs_and_opcode >> 16);
	image->operand = legacy->operand;
	image->operand_segment = legacy->operand_segment & 0xffff;
}

void signal_fpu_legacy_from(void *registers, const void *image)
{
	struct legacy_image legacy;

	legacy_from_fxsave(&legacy, image);
	memcpy(registers, &legacy, offsetof(struct legacy_image, status_again));
}

void signal_fpu_legacy_into(void *image, const void *registers)
{
	struct legacy_image legacy;

	memcpy(&legacy, registers, offsetof(struct legacy_image, status_again));
	legacy_into_fxsave(image, &legacy);
}

uintptr_t signal_fpu_place(uintptr_t top)
{
	size_t end_mark = fpu_has_xsave ? sizeof(uint32_t) : 0;

	if (!fpu_has_fxsr)
		return (top - sizeof(struct legacy_image)) & ~(uintptr_t)3;
	/* The image is aligned, the old form ends where it begins. */
	return ((top - fpu_image_size - end_mark) & ~(uintptr_t)63) - sizeof(struct legacy_image);
}

/* Without FXSAVE, and so without SSE. */
static int push_legacy(struct arch_thread *thread, uintptr_t address)
{
	struct legacy_image legacy;
	int error;

	fpu_sync_for_read(thread);
	memcpy(&legacy, thread->fpu, offsetof(struct legacy_image, status_again));
	legacy.status_again = (uint16_t)legacy.status;
	legacy.magic = MAGIC_PLAIN;
	error = copy_to_user(user_addr_from(address), &legacy, sizeof(legacy));
	if (!error)
		fpu_reset_registers(thread);
	return error;
}

static int save_live(struct arch_thread *thread, uintptr_t address)
{
	irq_flags flags = irq_disable_save();
	int error;

	fpu_make_live(thread);
	error = user_fpu_save(address, address + sizeof(struct legacy_image));
	if (!error && cpu_features()->sse)
		fpu_reset_sse();
	irq_restore(flags);
	return error;
}

int signal_fpu_push(struct arch_thread *thread, uintptr_t address)
{
	user_addr at = user_addr_from(address);
	size_t size = sizeof(struct legacy_image) + fpu_image_size +
		      (fpu_has_xsave ? sizeof(uint32_t) : 0);
	int error;

	if (!fpu_has_fxsr)
		return push_legacy(thread, address);
	if (!user_range_ok(at, size))
		return -EFAULT;
	error = user_fpu_prepare(address + sizeof(struct legacy_image));
	/* A page may be away, or go again before the second attempt. */
	while (!error && save_live(thread, address))
		error = user_prefault(at, size, true);
	return error;
}

/*
 * The rest of an XSAVE image, at `address`. A program may have written anything there: parts that
 * we do not know and a compact form would make XRSTOR fault. Without the marks of an extension,
 * as an older program may have left it, AVX's halves are initial.
 */
static int read_extension(struct arch_thread *thread, user_addr address)
{
	struct fxsave_image *image = thread->fpu;
	uint8_t *header = (uint8_t *)thread->fpu + FPU_FXSAVE_SIZE;
	uint8_t parts = PARTS_X87_SSE;	/* they stand in the part that is always there */
	uint32_t end = 0;
	int error = 0;

	if (image->extension.magic == SIGNAL_FPU_EXTENSION_MAGIC &&
	    image->extension.image_size == FPU_XSAVE_SIZE)
		error = copy_from_user(&end, user_addr_add(address, FPU_XSAVE_SIZE), sizeof(end));
	if (!error && end == SIGNAL_FPU_EXTENSION_END) {
		error = copy_from_user(header, user_addr_add(address, FPU_FXSAVE_SIZE),
				       FPU_XSAVE_SIZE - FPU_FXSAVE_SIZE);
		parts |= header[0] & FPU_XFEATURES;
	}
	memset(header, 0, HEADER_SIZE);
	header[0] = parts;
	return error;
}

static int read_image(struct arch_thread *thread, user_addr address)
{
	struct legacy_image legacy;
	struct fxsave_image *image = thread->fpu;
	int error = copy_from_user(&legacy, address, sizeof(legacy));

	if (error)
		return error;
	if (!fpu_has_fxsr) {
		memcpy(thread->fpu, &legacy, offsetof(struct legacy_image, status_again));
		return 0;
	}
	if (legacy.magic == SIGNAL_FPU_MAGIC) {
		error = copy_from_user(image, user_addr_add(address, sizeof(legacy)),
				       sizeof(*image));
		if (!error && fpu_has_xsave)
			error = read_extension(thread, user_addr_add(address, sizeof(legacy)));
		if (error)
			return error;
	} else {
		fpu_init_image(image);
	}
	legacy_into_fxsave(image, &legacy);
	/* A reserved bit set here would make FXRSTOR fault. */
	image->mxcsr &= ~fpu_mxcsr_reserved;
	return 0;
}

/* False: the registers hold anything. */
static bool load_live(struct arch_thread *thread, uintptr_t address)
{
	size_t size = sizeof(struct legacy_image) + fpu_image_size + sizeof(uint32_t);
	irq_flags flags;
	bool loaded;

	if (!fpu_has_fxsr || !user_range_ok(user_addr_from(address), size))
		return false;
	flags = irq_disable_save();
	loaded = !user_fpu_load(address, address + sizeof(struct legacy_image));
	if (loaded)
		fpu_registers_loaded(thread);
	else
		fpu_registers_lost();
	irq_restore(flags);
	return loaded;
}

int signal_fpu_pop(struct arch_thread *thread, uintptr_t address)
{
	int error = 0;

	if (address && load_live(thread, address))
		return 0;
	/*
	 * From here on the image is the truth, so a switch in the middle of the copy overwrites
	 * nothing.
	 */
	fpu_forget_registers(thread);
	if (address)
		error = read_image(thread, user_addr_from(address));
	if (error || !address)
		fpu_init_image(thread->fpu);
	return error;
}

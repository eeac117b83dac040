/*
 * The forms of FPU registers in a signal frame: FNSAVE's, FXSAVE's, and XSAVE's that continues it
 * (Intel SDM vol. 1, figure 8-9, table 10-2, and 13.4).
 *
 * What XRSTOR refuses of an image (13.8): parts that are not turned on, a compact form, other bits
 * in its header, and reserved bits of MXCSR; FXRSTOR refuses the last only, FRSTOR nothing.
 */
#include "signal_fpu_image.h"
#include "lib/string.h"

enum {
	PARTS_X87_SSE = 3,	/* of FPU_XFEATURES */
	TAG_VALID = 0, TAG_ZERO = 1, TAG_SPECIAL = 2, TAG_EMPTY = 3,
};

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
static uint16_t full_tags(const struct fpu_image *image)
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

void fpu_legacy_from_image(struct fpu_legacy_image *legacy, const struct fpu_image *image)
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

void fpu_legacy_into_image(struct fpu_image *image, const struct fpu_legacy_image *legacy)
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
	struct fpu_legacy_image legacy;

	fpu_legacy_from_image(&legacy, image);
	memcpy(registers, &legacy, offsetof(struct fpu_legacy_image, status_again));
}

void signal_fpu_legacy_into(void *image, const void *registers)
{
	struct fpu_legacy_image legacy;

	memcpy(&legacy, registers, offsetof(struct fpu_legacy_image, status_again));
	fpu_legacy_into_image(image, &legacy);
}

bool fpu_image_is_extended(const struct fpu_image *image)
{
	return image->extension.magic == SIGNAL_FPU_EXTENSION_MAGIC &&
	       image->extension.image_size == FPU_XSAVE_SIZE;
}

/* x87 and SSE registers stand in the part that is always there. */
void fpu_image_clean_header(void *header, bool extended)
{
	uint8_t *parts = header;
	uint8_t good = PARTS_X87_SSE | (extended ? *parts & FPU_XFEATURES : 0);

	memset(header, 0, FPU_XSAVE_HEADER_SIZE);
	*parts = good;
}

void fpu_image_clean_mxcsr(struct fpu_image *image, uint32_t reserved)
{
	image->mxcsr &= ~reserved;
}

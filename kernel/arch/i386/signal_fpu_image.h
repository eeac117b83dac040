/*
 * The forms of FPU registers that stand in a signal frame, and what is taken of one that a program
 * may have forged. Bytes in, bytes out: user memory and the processor are signal_fpu.c's.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "internal.h"
#include "signal_fpu.h"

enum { X87_REGISTERS = 8, X87_REGISTER_SIZE = 10 };

struct fpu_legacy_image {
	uint32_t control, status, tags, ip, cs_and_opcode, operand, operand_segment;
	uint8_t registers[X87_REGISTERS][X87_REGISTER_SIZE];
	uint16_t status_again, magic;
};
_Static_assert(sizeof(struct fpu_legacy_image) == SIGNAL_FPU_LEGACY_SIZE, "Linux i386 ABI");

/* Tells that an XSAVE image follows, and how much of one: Linux's struct _fpx_sw_bytes. */
struct fpu_extension {
	uint32_t magic, extended_size;
	uint64_t parts;
	uint32_t image_size, padding[7];
};
_Static_assert(sizeof(struct fpu_extension) == 48, "Linux i386 ABI");

struct fpu_image {
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
	struct fpu_extension extension;	/* the processor leaves these bytes to software */
};
_Static_assert(sizeof(struct fpu_image) == FPU_FXSAVE_SIZE, "fixed by the processor");
_Static_assert(offsetof(struct fpu_image, extension) == SIGNAL_FPU_EXTENSION, "Linux's ABI");
_Static_assert(offsetof(struct fpu_image, extension.image_size) == SIGNAL_FPU_EXTENSION_SIZE,
	       "Linux's ABI");

/* The old form of an image's x87 registers; and back, into one whose SSE registers stay. */
void fpu_legacy_from_image(struct fpu_legacy_image *legacy, const struct fpu_image *image);
void fpu_legacy_into_image(struct fpu_image *image, const struct fpu_legacy_image *legacy);

/* Does it say that an XSAVE image goes on behind it, of the only size there is? */
bool fpu_image_is_extended(const struct fpu_image *image);

/*
 * The header of an XSAVE image, FPU_XSAVE_HEADER_SIZE bytes that lie behind the part that every
 * image has: what XRSTOR takes without a fault. If not `extended`, AVX's halves are initial.
 */
void fpu_image_clean_header(void *header, bool extended);

/* No bit of MXCSR that is in `reserved`: it would make FXRSTOR fault. */
void fpu_image_clean_mxcsr(struct fpu_image *image, uint32_t reserved);

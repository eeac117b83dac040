/*
 * The FPU image in a signal frame: Linux's struct _fpstate_32.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "core/compiler.h"

struct arch_thread;

/* The FNSAVE form of the x87 registers (108 bytes), status and magic, then the FXSAVE image. */
#define SIGNAL_FPU_LEGACY_SIZE 112
#define SIGNAL_FPU_SIZE	       (SIGNAL_FPU_LEGACY_SIZE + 512)
/* What the magic says: an FXSAVE image follows, or none does. */
#define SIGNAL_FPU_MAGIC	0x0000
#define SIGNAL_FPU_MAGIC_PLAIN	0xffff
/*
 * Where the FXSAVE image tells that an XSAVE image goes on behind it, and where how long that is;
 * and Linux's FP_XSTATE_MAGIC1 there, its MAGIC2 after the image.
 */
#define SIGNAL_FPU_EXTENSION	   464
#define SIGNAL_FPU_EXTENSION_SIZE  480
#define SIGNAL_FPU_EXTENSION_MAGIC 0x46505853
#define SIGNAL_FPU_EXTENSION_END   0x46505845

/*
 * The 108 bytes of x87 registers in FNSAVE form, made from an FXSAVE image; or put into one, whose
 * SSE registers stay.
 */
void signal_fpu_legacy_from(void *registers, const void *image);
void signal_fpu_legacy_into(void *image, const void *registers);

/* Where below `top` the registers will lie. */
uintptr_t signal_fpu_place(uintptr_t top);

/*
 * Write the running thread's registers to that place; they are initial afterwards, as a handler
 * finds them. Errors: -EFAULT; then they are as before.
 */
must_check int signal_fpu_push(struct arch_thread *thread, uintptr_t address);

/*
 * Take the running thread's registers from user memory, or initial ones if `address` is 0. Errors:
 * -EFAULT; then the registers are initial.
 */
must_check int signal_fpu_pop(struct arch_thread *thread, uintptr_t address);

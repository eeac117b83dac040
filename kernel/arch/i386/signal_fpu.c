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
#include "signal_fpu_image.h"
#include "uapi/linux/errno.h"

int user_fpu_prepare(uintptr_t image);
int user_fpu_save(uintptr_t old_form, uintptr_t image);
int user_fpu_load(uintptr_t old_form, uintptr_t image);

uintptr_t signal_fpu_place(uintptr_t top)
{
	size_t end_mark = fpu_has_xsave ? sizeof(uint32_t) : 0;

	if (!fpu_has_fxsr)
		return (top - sizeof(struct fpu_legacy_image)) & ~(uintptr_t)3;
	/* The image is aligned, the old form ends where it begins. */
	return ((top - fpu_image_size - end_mark) & ~(uintptr_t)63) - SIGNAL_FPU_LEGACY_SIZE;
}

/* Without FXSAVE, and so without SSE. */
static int push_legacy(struct arch_thread *thread, uintptr_t address)
{
	struct fpu_legacy_image legacy;
	int error;

	fpu_sync_for_read(thread);
	memcpy(&legacy, thread->fpu, offsetof(struct fpu_legacy_image, status_again));
	legacy.status_again = (uint16_t)legacy.status;
	legacy.magic = SIGNAL_FPU_MAGIC_PLAIN;
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
	error = user_fpu_save(address, address + sizeof(struct fpu_legacy_image));
	if (!error && cpu_features()->sse)
		fpu_reset_sse();
	irq_restore(flags);
	return error;
}

int signal_fpu_push(struct arch_thread *thread, uintptr_t address)
{
	user_addr at = user_addr_from(address);
	size_t size = sizeof(struct fpu_legacy_image) + fpu_image_size +
		      (fpu_has_xsave ? sizeof(uint32_t) : 0);
	int error;

	if (!fpu_has_fxsr)
		return push_legacy(thread, address);
	if (!user_range_ok(at, size))
		return -EFAULT;
	error = user_fpu_prepare(address + sizeof(struct fpu_legacy_image));
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
	uint8_t *header = (uint8_t *)thread->fpu + FPU_FXSAVE_SIZE;
	bool extended;
	uint32_t end = 0;
	int error = 0;

	if (fpu_image_is_extended(thread->fpu))
		error = copy_from_user(&end, user_addr_add(address, FPU_XSAVE_SIZE), sizeof(end));
	extended = !error && end == SIGNAL_FPU_EXTENSION_END;
	if (extended)
		error = copy_from_user(header, user_addr_add(address, FPU_FXSAVE_SIZE),
				       FPU_XSAVE_SIZE - FPU_FXSAVE_SIZE);
	fpu_image_clean_header(header, extended && !error);
	return error;
}

static int read_image(struct arch_thread *thread, user_addr address)
{
	struct fpu_legacy_image legacy;
	struct fpu_image *image = thread->fpu;
	int error = copy_from_user(&legacy, address, sizeof(legacy));

	if (error)
		return error;
	if (!fpu_has_fxsr) {
		memcpy(thread->fpu, &legacy, offsetof(struct fpu_legacy_image, status_again));
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
	fpu_legacy_into_image(image, &legacy);
	fpu_image_clean_mxcsr(image, fpu_mxcsr_reserved);
	return 0;
}

/* False: the registers hold anything. */
static bool load_live(struct arch_thread *thread, uintptr_t address)
{
	size_t size = sizeof(struct fpu_legacy_image) + fpu_image_size + sizeof(uint32_t);
	irq_flags flags;
	bool loaded;

	if (!fpu_has_fxsr || !user_range_ok(user_addr_from(address), size))
		return false;
	flags = irq_disable_save();
	loaded = !user_fpu_load(address, address + sizeof(struct fpu_legacy_image));
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

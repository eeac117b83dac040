/*
 * The kernel's side of the vDSO: which frames it is, and its data page.
 */
#include "arch/vdso.h"
#include "arch/cpu.h"
#include "core/assert.h"
#include "internal.h"
#include "lib/string.h"
#include "vdso/vdso_data.h"
#include "vdso_offsets.h"

extern char vdso_image[];	/* vdso_image.S */

/* A page of its own: every program sees all of it. */
static union {
	volatile struct vdso_data data;	/* written by one caller at a time */
	char page[PAGE_SIZE];
} data_page aligned_to(4096) = { .data = { .second = 1000000000 } };

void vdso_init(void)
{
	static const uint8_t plain_call[] = { 0xcd, 0x80, 0xc3 };	/* int $0x80; ret */

	if (!cpu_features()->sysenter)
		memcpy(vdso_image + VDSO_KERNEL_VSYSCALL, plain_call, sizeof(plain_call));
}

frame_number vdso_frame(unsigned int index)
{
	const void *page = index == 0 ? (void *)&data_page : (void *)vdso_image;

	assert(index < VDSO_PAGES);
	return (frame_number)(virt_to_phys(page) >> PAGE_SHIFT);
}

uintptr_t vdso_entry_offset(void)
{
	return VDSO_KERNEL_VSYSCALL;
}

uintptr_t vdso_sigreturn_offset(void)
{
	return VDSO_KERNEL_SIGRETURN;
}

uintptr_t vdso_rt_sigreturn_offset(void)
{
	return VDSO_KERNEL_RT_SIGRETURN;
}

uintptr_t vdso_sysenter_return_offset(void)
{
	return VDSO_SYSENTER_RETURN;
}

void vdso_set_counter(uint64_t counter_base, uint32_t multiplier, uint32_t shift)
{
	assert(shift > 0 && shift < 32);
	data_page.data.counter_base = counter_base;
	data_page.data.multiplier = multiplier;
	data_page.data.shift = shift;
}

/*
 * Readers are user mode on any CPU; x86 keeps stores in order, so only the compiler must be held
 * back.
 */
void vdso_set_realtime_offset(uint64_t offset_ns)
{
	assert(offset_ns >> 32 < VDSO_CHANGING);
	data_page.data.realtime_high = VDSO_CHANGING;
	data_page.data.realtime_low = (uint32_t)offset_ns;
	data_page.data.sequence++;
	data_page.data.realtime_high = (uint32_t)(offset_ns >> 32);
}

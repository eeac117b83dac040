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
	struct vdso_data clocks[VDSO_CLOCK_COUNT];	/* written by one caller at a time */
	char page[PAGE_SIZE];
} data_page aligned_to(4096);

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

/*
 * Readers are user mode on any CPU; x86 keeps stores in order, so only the compiler must be held
 * back.
 */
void vdso_update_clock(uint64_t counter_base, uint64_t monotonic_base_ns,
		       int64_t realtime_offset_ns, uint32_t multiplier, uint32_t shift)
{
	assert(multiplier == 0 || (shift > 0 && shift < 32));
	for (unsigned int clock = 0; clock < VDSO_CLOCK_COUNT; clock++) {
		volatile struct vdso_data *data = &data_page.clocks[clock];

		data->sequence++;
		data->multiplier = multiplier;
		data->shift = shift;
		data->counter_base = counter_base;
		data->base_ns = monotonic_base_ns;
		if (clock == VDSO_REALTIME)
			data->base_ns += (uint64_t)realtime_offset_ns;
		data->sequence++;
	}
}

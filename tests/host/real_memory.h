/*
 * For tests of mem/ itself: RAM that the real page_frame.c manages, and the machine below it.
 * Included by one source file of a test that links mem/page_frame.c, so that no fake of frames is
 * linked.
 *
 * 16 MiB with a hole; the direct map ends at 12 MiB, so the upper part is reached through windows.
 */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "arch/boot_info.h"
#include "arch/mmu.h"
#include "arch/smp.h"
#include "core/config.h"
#include "mem/page_frame.h"

enum {
	REAL_MEMORY_END = 16 << 20,
	REAL_MEMORY_DIRECT_END = 12 << 20,
};

frame_number mmu_direct_map_frames(void)
{
	return REAL_MEMORY_DIRECT_END >> PAGE_SHIFT;
}

static unsigned int windows_open;

/* The windows show what lies behind the direct map all the same. */
void *mmu_window_map(unsigned int slot, frame_number frame)
{
	if (slot != windows_open++)
		abort();
	return phys_to_virt((phys_addr)frame << PAGE_SHIFT);
}

void mmu_window_unmap(unsigned int slot)
{
	if (slot != --windows_open)
		abort();
}

void smp_call(uint32_t mask, void (*function)(void *), void *argument)
{
	(void)mask;
	(void)function;
	(void)argument;
	abort();	/* there is one CPU */
}

/* Once a program. */
static void real_memory_init(void)
{
	static struct boot_info boot = {
		.memory = { { 0x100000, 0x700000 }, { 0x900000, REAL_MEMORY_END } },
		.memory_count = 2,
		.reserved = { { 0x100000, 0x142000 }, { 0x980000, 0x983000 } },
		.reserved_count = 2,
	};
	static bool ready;

	if (ready)
		return;
	if (mmap((void *)KERNEL_BASE, REAL_MEMORY_END, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != (void *)KERNEL_BASE) {
		perror("memory at the direct map's address");
		exit(1);
	}
	page_frame_init(&boot);
	ready = true;
}

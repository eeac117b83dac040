/*
 * The real one, for nothing in it needs the kernel's privileges; but the direct map lies where the
 * address sanitizer leaves room.
 */
#pragma once
#include "../../../../kernel/arch/i386/machine/mmu.h"

#undef KERNEL_BASE
#define KERNEL_BASE	0x200000000000ull

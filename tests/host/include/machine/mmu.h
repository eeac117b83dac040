/*
 * The real one, for nothing in it needs the kernel's privileges; but the direct map lies where
 * programs may have memory whatever kernel runs them.
 */
#pragma once
#include "../../../../kernel/arch/i386/machine/mmu.h"

#undef KERNEL_BASE
#ifdef __x86_64__
#define KERNEL_BASE	0x200000000000ull
#else
#define KERNEL_BASE	0xa0000000u
#endif

/*
 * A machine that walks page tables in software, with CPUs that remember as much as real ones
 * may: translations, and directory entries (Intel SDM vol. 3, 4.10). Whatever the kernel forgets
 * to flush is used, so that a missing flush shows up as a wrong byte or as a touch of a freed
 * frame.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "arch/mmu.h"

enum { HOST_CPUS = 2 };

/* CPU `cpu` reads or writes (from *value) the word at `address`. False: a page fault. */
bool host_mmu_access(struct mmu_space *space, unsigned int cpu, uintptr_t address, bool write,
		     uint32_t *value);

/* What a fault does to the CPU's memory of that address. */
void host_mmu_forget_fault(struct mmu_space *space, unsigned int cpu, uintptr_t address);

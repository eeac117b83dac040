/*
 * How much of a new program's layout is left to chance: the settings behind
 * /proc/sys/kernel/randomize_va_space and /proc/sys/vm/mmap_rnd_bits (proc/exec_layout.c).
 */
#pragma once
#include "core/compiler.h"

enum randomize_level {
	RANDOMIZE_NOTHING = 0,
	RANDOMIZE_MAPPINGS = 1, /* stack, mappings, position-independent programs */
	RANDOMIZE_ALL = 2,	/* and the heap; greater numbers mean the same */
};

/* Any context; a change holds for programs that start from then on. */
int randomize_level(void);
void randomize_set_level(int level);

/* Bits of chance, in pages, of where mappings and position-independent programs go. */
unsigned int randomize_mmap_bits(void);
/* Errors: -EINVAL, outside Linux's bounds for 32-bit machines. */
must_check int randomize_set_mmap_bits(unsigned int bits);

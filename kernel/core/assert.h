/*
 * assert() states what we believe; a false one is a broken kernel. Never reached by user input, a
 * bad disk, a strange device, or an empty memory.
 */
#pragma once
#include "core/config.h"
#include "core/panic.h"

#define assert(condition)                                                                     \
	do {                                                                                  \
		if (CONFIG_DEBUG && !(condition))                                             \
			panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #condition); \
	} while (0)

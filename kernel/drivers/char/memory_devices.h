/*
 * /dev/null, zero, full, random, urandom, kmsg.
 */
#pragma once
#include <stddef.h>

void memory_devices_init(void);

/* Bytes that nobody can guess: for getrandom(2), AT_RANDOM, address space layout. Any thread context. */
void random_fill(void *memory, size_t size);

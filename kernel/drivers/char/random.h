/*
 * The generator behind /dev/random; for memory_devices.c. Others use random_fill.
 */
#pragma once
#include <stddef.h>

struct chacha20;

void random_init(void);
/* Bytes that may or may not be random: they cannot make it worse. */
void random_mix(const void *bytes, size_t size);
/* A stream of its own for one long request. */
void random_stream_init(struct chacha20 *cipher);

/*
 * Hashes for tables in memory: fast, well mixed, and not to be stored or sent. They do not resist
 * somebody who wants collisions; tables that users fill take a random seed.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* The finaliser of MurmurHash3: each input bit changes each output bit about half of the time. */
static inline uint32_t hash_u32(uint32_t value)
{
	value ^= value >> 16;
	value *= 0x85ebca6bu;
	value ^= value >> 13;
	value *= 0xc2b2ae35u;
	return value ^ value >> 16;
}

static inline uint32_t hash_combine(uint32_t hash, uint32_t value)
{
	return hash_u32(hash ^ value) + value;
}

static inline uint32_t hash_u64(uint64_t value)
{
	return hash_combine(hash_u32((uint32_t)value), (uint32_t)(value >> 32));
}

static inline uint32_t hash_pointer(const void *pointer)
{
	return hash_u64((uintptr_t)pointer);
}

/* `size` bytes at any alignment, a word at a time. `seed` starts the hash. */
uint32_t hash_bytes(const void *bytes, size_t size, uint32_t seed);

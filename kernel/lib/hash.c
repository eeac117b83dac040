/*
 * A hash of bytes, a word at a time, for tables of names.
 */
#include "lib/hash.h"

uint32_t hash_bytes(const void *bytes, size_t size, uint32_t seed)
{
	const uint8_t *from = bytes;
	uint32_t hash = seed ^ (uint32_t)size;
	uint32_t word = 0;

	/*
	 * Each step is a bijection of the hash: texts of one length that differ in one word differ.
	 * The factor is 2^32 divided by the golden ratio (Knuth, "The Art of Computer Programming",
	 * volume 3, 6.4).
	 */
	for (; size >= sizeof(word); size -= sizeof(word), from += sizeof(word)) {
		__builtin_memcpy(&word, from, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b1u;
		hash ^= hash >> 15;
	}
	for (word = 0; size > 0; size--)
		word = word << 8 | *from++;
	return hash_u32(hash ^ word);
}

/*
 * The ChaCha20 block function (RFC 8439, section 2.3).
 */
#include "lib/chacha20.h"

static inline uint32_t rotate_left(uint32_t value, unsigned int bits)
{
	return value << bits | value >> (32 - bits);
}

static inline uint32_t load_little_endian(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* RFC 8439, section 2.1. */
static inline void quarter_round(uint32_t x[16], int a, int b, int c, int d)
{
	x[a] += x[b];
	x[d] = rotate_left(x[d] ^ x[a], 16);
	x[c] += x[d];
	x[b] = rotate_left(x[b] ^ x[c], 12);
	x[a] += x[b];
	x[d] = rotate_left(x[d] ^ x[a], 8);
	x[c] += x[d];
	x[b] = rotate_left(x[b] ^ x[c], 7);
}

/* RFC 8439, section 2.3. */
void chacha20_init(struct chacha20 *cipher, const uint8_t key[CHACHA20_KEY_SIZE],
		   const uint8_t nonce[CHACHA20_NONCE_SIZE], uint32_t counter)
{
	static const uint32_t constants[4] = {
		0x61707865, 0x3320646e, 0x79622d32, 0x6b206574,
	};

	for (int i = 0; i < 4; i++)
		cipher->state[i] = constants[i];
	for (int i = 0; i < 8; i++)
		cipher->state[4 + i] = load_little_endian(key + 4 * i);
	cipher->state[12] = counter;
	for (int i = 0; i < 3; i++)
		cipher->state[13 + i] = load_little_endian(nonce + 4 * i);
}

void chacha20_block(struct chacha20 *cipher, uint8_t block[CHACHA20_BLOCK_SIZE])
{
	uint32_t x[16];

	for (int i = 0; i < 16; i++)
		x[i] = cipher->state[i];
	for (int i = 0; i < 10; i++) {
		quarter_round(x, 0, 4, 8, 12);
		quarter_round(x, 1, 5, 9, 13);
		quarter_round(x, 2, 6, 10, 14);
		quarter_round(x, 3, 7, 11, 15);
		quarter_round(x, 0, 5, 10, 15);
		quarter_round(x, 1, 6, 11, 12);
		quarter_round(x, 2, 7, 8, 13);
		quarter_round(x, 3, 4, 9, 14);
	}
	for (int i = 0; i < 16; i++) {
		uint32_t word = x[i] + cipher->state[i];

		for (int byte = 0; byte < 4; byte++)
			block[4 * i + byte] = (uint8_t)(word >> (8 * byte));
	}
	cipher->state[12]++;
}

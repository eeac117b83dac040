/*
 * The ChaCha20 block function and stream (RFC 8439), for the random device.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum {
	CHACHA20_KEY_SIZE = 32,
	CHACHA20_NONCE_SIZE = 12,
	CHACHA20_BLOCK_SIZE = 64,
};

struct chacha20 {
	uint32_t state[16];	/* constants, key, block counter, nonce */
};

void chacha20_init(struct chacha20 *cipher, const uint8_t key[CHACHA20_KEY_SIZE],
		   const uint8_t nonce[CHACHA20_NONCE_SIZE], uint32_t counter);

/* The next 64 bytes of the key stream. */
void chacha20_block(struct chacha20 *cipher, uint8_t block[CHACHA20_BLOCK_SIZE]);

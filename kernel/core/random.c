/*
 * The random generator.
 *
 * Idea. A 256-bit key makes a block of ChaCha20 stream; its first half becomes the next key, the
 * second half goes out. So whoever sees the state later cannot compute what was given before
 * ("fast key erasure"). The key is seeded at first use with RDRAND where there is one and always
 * with the jitter of the cycle counter, and stirred by random_add.
 *
 * Locks: random_lock protects the key; a leaf, so that interrupt handlers may stir.
 */
#include "core/random.h"
#include "arch/cpu.h"
#include "core/spinlock.h"
#include "lib/chacha20.h"
#include "lib/min_max.h"
#include "lib/string.h"

enum {
	OUTPUT_SIZE = CHACHA20_BLOCK_SIZE - CHACHA20_KEY_SIZE,
	JITTER_ROUNDS = 256, /* reads of the cycle counter that go into the first key */
};

static struct spinlock random_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "random");
static uint8_t key[CHACHA20_KEY_SIZE]; /* [random_lock] */
static bool is_seeded;		       /* [random_lock] */

/* A block from the key; the key moves on. Lock held. */
static void next_block(uint8_t output[OUTPUT_SIZE])
{
	static const uint8_t nonce[CHACHA20_NONCE_SIZE];
	uint8_t block[CHACHA20_BLOCK_SIZE];
	struct chacha20 cipher;

	chacha20_init(&cipher, key, nonce, 0);
	chacha20_block(&cipher, block);
	memcpy(key, block, sizeof(key));
	memcpy(output, block + sizeof(key), OUTPUT_SIZE);
	memset(block, 0, sizeof(block));
	memset(&cipher, 0, sizeof(cipher));
}

static void stir(const uint8_t *bytes, size_t size)
{
	uint8_t discarded[OUTPUT_SIZE];

	while (size) {
		size_t count = min_t(size_t, size, sizeof(key));

		for (size_t i = 0; i < count; i++)
			key[i] ^= bytes[i];
		next_block(discarded);
		bytes += count;
		size -= count;
	}
}

static void seed(void)
{
	uint32_t words[CHACHA20_KEY_SIZE / sizeof(uint32_t)];

	for (unsigned int round = 0; round < JITTER_ROUNDS; round += ARRAY_SIZE(words)) {
		for (unsigned int i = 0; i < ARRAY_SIZE(words); i++) {
			uint32_t hardware = 0;

			(void)cpu_random_u32(&hardware);
			words[i] = hardware ^ (uint32_t)cpu_cycles() * 2654435761u;
		}
		stir((const uint8_t *)words, sizeof(words));
	}
	is_seeded = true;
}

void random_bytes(void *to, size_t size)
{
	uint8_t output[OUTPUT_SIZE];
	uint8_t *out = to;

	while (size) {
		size_t count = min_t(size_t, size, sizeof(output));
		irq_flags flags = spin_lock_irq(&random_lock);

		if (!is_seeded)
			seed();
		next_block(output);
		spin_unlock_irq(&random_lock, flags);
		memcpy(out, output, count);
		out += count;
		size -= count;
	}
	memset(output, 0, sizeof(output));
}

uint32_t random_u32(void)
{
	uint32_t word;

	random_bytes(&word, sizeof(word));
	return word;
}

void random_add(const void *bytes, size_t size)
{
	uint64_t now = cpu_cycles();
	irq_flags flags = spin_lock_irq(&random_lock);

	stir((const uint8_t *)&now, sizeof(now));
	stir(bytes, size);
	spin_unlock_irq(&random_lock, flags);
}

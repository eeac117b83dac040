#include "arch/clock.h"
#include "arch/cpu.h"
#include "core/spinlock.h"
#include "drivers/char/memory_devices.h"
#include "drivers/char/random.h"
#include "lib/chacha20.h"
#include "lib/min_max.h"
#include "lib/string.h"

/*
 * Random bytes: ChaCha20 as a generator that forgets.
 *
 * There is one key. Each request first makes two keys of it, the next one and one for the request alone: what was given out
 * cannot be computed again from what is in memory later. Entropy is mixed in by turning the key, the new bytes and a
 * counter into another key.
 *
 * Entropy comes from RDRAND where there is one, and from the time stamp counter, whose low bits at the moment of a
 * request nobody outside knows exactly. That is weak on a machine without RDRAND until something has happened to it;
 * there are no better sources in a virtual machine's first milliseconds, and waiting for them would stop booting.
 */

enum { SEED_ROUNDS = 32 };

static struct spinlock pool_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "random");
static uint8_t pool_key[CHACHA20_KEY_SIZE];	/* [pool_lock] */
static uint32_t request_count;			/* [pool_lock] */

/* The key becomes a function of itself and of up to 32 new bytes. Lock held. */
static void mix(const void *bytes, size_t size)
{
	uint8_t nonce[CHACHA20_NONCE_SIZE] = { 0 };
	uint8_t block[CHACHA20_BLOCK_SIZE];
	struct chacha20 cipher;

	for (size_t i = 0; i < size; i++)
		pool_key[i % CHACHA20_KEY_SIZE] ^= ((const uint8_t *)bytes)[i];
	memcpy(nonce, &request_count, sizeof(request_count));
	request_count++;
	chacha20_init(&cipher, pool_key, nonce, 0);
	chacha20_block(&cipher, block);
	memcpy(pool_key, block, sizeof(pool_key));
	memset(block, 0, sizeof(block));
}

static void mix_machine(void)
{
	struct { uint64_t cycles, time; uint32_t random[4]; } seed;

	memset(&seed, 0, sizeof(seed));
	seed.cycles = cpu_cycles();
	seed.time = arch_clock_ns();
	for (unsigned int i = 0; i < ARRAY_SIZE(seed.random); i++)
		(void)cpu_random_u32(&seed.random[i]);
	mix(&seed, sizeof(seed));
}

void random_mix(const void *bytes, size_t size)
{
	irq_flags flags = spin_lock_irq(&pool_lock);

	mix(bytes, size);
	spin_unlock_irq(&pool_lock, flags);
}

void random_init(void)
{
	irq_flags flags = spin_lock_irq(&pool_lock);

	for (unsigned int i = 0; i < SEED_ROUNDS; i++)
		mix_machine();
	spin_unlock_irq(&pool_lock, flags);
}

/* A key for one request. */
static void take_key(uint8_t key[CHACHA20_KEY_SIZE])
{
	uint8_t nonce[CHACHA20_NONCE_SIZE] = { 1 };
	uint8_t block[CHACHA20_BLOCK_SIZE];
	struct chacha20 cipher;
	irq_flags flags = spin_lock_irq(&pool_lock);

	mix_machine();
	chacha20_init(&cipher, pool_key, nonce, 0);
	chacha20_block(&cipher, block);
	memcpy(pool_key, block, CHACHA20_KEY_SIZE);
	memcpy(key, block + CHACHA20_KEY_SIZE, CHACHA20_KEY_SIZE);
	spin_unlock_irq(&pool_lock, flags);
	memset(block, 0, sizeof(block));
}

void random_stream_init(struct chacha20 *cipher)
{
	static const uint8_t nonce[CHACHA20_NONCE_SIZE];
	uint8_t key[CHACHA20_KEY_SIZE];

	take_key(key);
	chacha20_init(cipher, key, nonce, 0);
	memset(key, 0, sizeof(key));
}

void random_fill(void *memory, size_t size)
{
	uint8_t block[CHACHA20_BLOCK_SIZE];
	struct chacha20 cipher;
	uint8_t *to = memory;

	random_stream_init(&cipher);
	while (size > 0) {
		size_t part = min(size, sizeof(block));

		chacha20_block(&cipher, block);
		memcpy(to, block, part);
		to += part;
		size -= part;
	}
	memset(block, 0, sizeof(block));
	memset(&cipher, 0, sizeof(cipher));
}

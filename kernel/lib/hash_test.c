#include "lib/hash.h"
#include "lib/format.h"
#include "test.h"

enum { BUCKETS = 256, NAMES = 256 * 16 };

static unsigned int counts[BUCKETS];

/* With 16 names a bucket on average, a fair hash leaves hardly any bucket beyond 40. */
static void names_spread_over_the_buckets(struct test *t)
{
	unsigned int most = 0;

	for (unsigned int i = 0; i < NAMES; i++) {
		char name[32];
		size_t size = scnprintf(name, sizeof(name), "file%u.c", i);

		counts[hash_bytes(name, size, 0) % BUCKETS]++;
	}
	for (unsigned int i = 0; i < BUCKETS; i++)
		most = counts[i] > most ? counts[i] : most;
	EXPECT(t, most < 40);
}

static void size_seed_and_each_byte_matter(struct test *t)
{
	uint32_t hash = hash_bytes("abcdefg", 7, 1);

	EXPECT(t, hash == hash_bytes("xabcdefg" + 1, 7, 1));
	EXPECT(t, hash != hash_bytes("abcdefg", 7, 2));
	EXPECT(t, hash != hash_bytes("abcdefg", 6, 1));
	EXPECT(t, hash != hash_bytes("abcdefh", 7, 1));
	EXPECT(t, hash != hash_bytes("Abcdefg", 7, 1));
	EXPECT(t, hash_bytes("", 0, 1) != hash_bytes("\0", 1, 1));
	EXPECT(t, hash_u64(1) != hash_u64((uint64_t)1 << 32));
	EXPECT(t, hash_u32(1) != hash_u32(2));
}

const struct test_case test_cases[] = {
	TEST(names_spread_over_the_buckets),
	TEST(size_seed_and_each_byte_matter),
	TEST_END
};

#include "lib/cpio.h"
#include <stdlib.h>
#include "lib/format.h"
#include "lib/string.h"
#include "test.h"
#include "uapi/linux/errno.h"

static uint8_t archive[2048];
static size_t archive_size;

static void pad(void)
{
	while (archive_size % 4)
		archive[archive_size++] = 0;
}

static void add(const char *name, uint32_t mode, const char *data)
{
	size_t name_size = strlen(name) + 1;
	size_t data_size = strlen(data);

	archive_size += scnprintf((char *)archive + archive_size, 120,
				  "070701%08x%08x%08x%08x%08x%08x%08zx"
				  "%08x%08x%08x%08x%08zx%08x",
				  7u, mode, 0u, 5u, 1u, 0u, data_size, 8u, 1u, 4u, 64u,
				  name_size, 0u);
	memcpy(archive + archive_size, name, name_size);
	archive_size += name_size;
	pad();
	memcpy(archive + archive_size, data, data_size);
	archive_size += data_size;
	pad();
}

static void make_archive(void)
{
	memset(archive, 0, sizeof(archive));
	archive_size = 0;
	add("bin", 040755, "");
	add("bin/hello", 0100644, "hello");
	add("TRAILER!!!", 0, "");
}

static void entries_come_with_names_and_contents(struct test *t)
{
	struct cpio_reader reader;
	struct cpio_entry entry;

	make_archive();
	cpio_reader_init(&reader, archive, archive_size);
	EXPECT_EQ(t, cpio_next(&reader, &entry), 1);
	EXPECT_STR(t, entry.name, "bin");
	EXPECT_EQ(t, entry.mode, 040755);
	EXPECT_EQ(t, entry.gid, 5);
	EXPECT_EQ(t, entry.target_minor, 64);
	EXPECT_EQ(t, cpio_next(&reader, &entry), 1);
	EXPECT_STR(t, entry.name, "bin/hello");
	EXPECT_EQ(t, entry.size, 5);
	EXPECT_BYTES(t, entry.data, "hello", 5);
	EXPECT_EQ(t, cpio_next(&reader, &entry), 0);
	EXPECT_EQ(t, cpio_next(&reader, &entry), 0);
}

static void archives_follow_one_another_behind_zeros(struct test *t)
{
	struct cpio_reader reader;
	struct cpio_entry entry;

	make_archive();
	archive_size = (archive_size + 511) / 512 * 512;
	add("second", 0100644, "x");
	add("TRAILER!!!", 0, "");
	cpio_reader_init(&reader, archive, sizeof(archive));
	EXPECT_EQ(t, cpio_next(&reader, &entry), 1);
	EXPECT_EQ(t, cpio_next(&reader, &entry), 1);
	EXPECT_EQ(t, cpio_next(&reader, &entry), 1);
	EXPECT_STR(t, entry.name, "second");
	EXPECT_EQ(t, cpio_next(&reader, &entry), 0);
}

/* Read all of an archive in memory of exactly its size; the sanitizer sees a byte too much. */
static int read_all(const uint8_t *bytes, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);
	struct cpio_reader reader;
	struct cpio_entry entry;
	unsigned int sum = 0;
	int result;

	memcpy(exact, bytes, size);
	cpio_reader_init(&reader, exact, size);
	do {
		result = cpio_next(&reader, &entry);
		for (uint32_t i = 0; result == 1 && i < entry.size; i++)
			sum += entry.data[i];
	} while (result == 1);
	free(exact);
	return sum == UINT32_MAX ? 1 : result;
}

static void cut_archives_are_refused(struct test *t)
{
	make_archive();
	EXPECT_EQ(t, read_all(archive, archive_size), 0);
	EXPECT_EQ(t, read_all(archive, 0), 0);
	/* Only the padding behind the last name may be missing. */
	for (size_t size = 1; size < archive_size - 3; size++)
		EXPECT_EQ(t, read_all(archive, size), -EINVAL);
}

static void damaged_archives_stay_inside(struct test *t)
{
	uint32_t seed = 9;

	for (unsigned int round = 0; round < 3000; round++) {
		make_archive();
		for (unsigned int i = 0; i <= round % 3; i++)
			archive[test_random(&seed) % archive_size] =
				"0123456789abcdefFf\0\xff"[test_random(&seed) % 20];
		EXPECT(t, read_all(archive, archive_size) <= 0);
	}
}

const struct test_case test_cases[] = {
	TEST(entries_come_with_names_and_contents),
	TEST(archives_follow_one_another_behind_zeros),
	TEST(cut_archives_are_refused),
	TEST(damaged_archives_stay_inside),
	TEST_END
};

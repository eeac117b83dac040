/*
 * Archives for the initramfs: every entry is read, names and contents to the last byte.
 */
#include "fuzz.h"
#include "lib/cpio.h"

static volatile uint8_t sink;

void fuzz_start(void)
{
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct cpio_reader reader;
	struct cpio_entry entry;

	cpio_reader_init(&reader, data, size);
	while (cpio_next(&reader, &entry) == 1) {
		for (const char *name = entry.name; *name; name++)
			sink = (uint8_t)*name;
		for (uint32_t i = 0; i < entry.size; i++)
			sink = entry.data[i];
	}
}

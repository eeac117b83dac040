/*
 * Reading cpio archives of the "newc" kind, the form of an initramfs.
 */
#include "lib/cpio.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "uapi/linux/errno.h"

/*
 * The header: a magic number, then thirteen fields of eight hexadecimal digits; the name follows
 * it, the contents follow the name, and both are padded so that the next thing is aligned to four
 * bytes.
 */
enum {
	MAGIC_SIZE = 6,
	FIELD_SIZE = 8,
	HEADER_SIZE = MAGIC_SIZE + 13 * FIELD_SIZE,
	ALIGNMENT = 4,
};

enum field {
	FIELD_INODE, FIELD_MODE, FIELD_UID, FIELD_GID, FIELD_LINK_COUNT, FIELD_MTIME,
	FIELD_SIZE_OF_DATA, FIELD_DEVICE_MAJOR, FIELD_DEVICE_MINOR, FIELD_TARGET_MAJOR,
	FIELD_TARGET_MINOR, FIELD_SIZE_OF_NAME, FIELD_CHECKSUM, FIELD_COUNT
};

_Static_assert(HEADER_SIZE == MAGIC_SIZE + FIELD_COUNT * FIELD_SIZE, "cpio header");

static const char trailer[] = "TRAILER!!!";

void cpio_reader_init(struct cpio_reader *reader, const void *archive, size_t size)
{
	*reader = (struct cpio_reader){ .archive = archive, .size = size };
}

/* Both magic numbers have the same layout; the second adds a checksum, which nobody writes. */
static bool is_header(const uint8_t *header)
{
	return memcmp(header, "070701", MAGIC_SIZE) == 0 ||
	       memcmp(header, "070702", MAGIC_SIZE) == 0;
}

static int read_fields(const uint8_t *header, uint32_t fields[FIELD_COUNT])
{
	const char *text = (const char *)header + MAGIC_SIZE;

	for (int i = 0; i < FIELD_COUNT; i++, text += FIELD_SIZE) {
		int error = parse_u32(text, FIELD_SIZE, 16, &fields[i]);

		if (error)
			return error;
	}
	return 0;
}

/*
 * Take `size` bytes at the reader's offset and the padding behind them, which may be cut off at the
 * very end. NULL if they are not there.
 */
static const uint8_t *take(struct cpio_reader *reader, size_t size)
{
	size_t left = reader->size - reader->offset;
	const uint8_t *bytes = reader->archive + reader->offset;
	size_t end;

	if (size > left)
		return NULL;
	end = reader->offset + size;
	end += (ALIGNMENT - end % ALIGNMENT) % ALIGNMENT;
	reader->offset = end < reader->size ? end : reader->size;
	return bytes;
}

/* Header, name and contents at the reader's offset. */
static int read_entry(struct cpio_reader *reader, struct cpio_entry *entry)
{
	uint32_t fields[FIELD_COUNT];
	uint32_t name_size;
	const uint8_t *header;

	if (reader->size - reader->offset < HEADER_SIZE)
		return -EINVAL;
	header = reader->archive + reader->offset;
	if (!is_header(header) || read_fields(header, fields))
		return -EINVAL;
	name_size = fields[FIELD_SIZE_OF_NAME];
	if (name_size == 0 || name_size > reader->size - reader->offset - HEADER_SIZE)
		return -EINVAL;
	entry->name = (const char *)take(reader, HEADER_SIZE + name_size) + HEADER_SIZE;
	if (entry->name[name_size - 1] != 0)
		return -EINVAL;
	entry->data = take(reader, fields[FIELD_SIZE_OF_DATA]);
	if (!entry->data)
		return -EINVAL;
	entry->size = fields[FIELD_SIZE_OF_DATA];
	entry->inode = fields[FIELD_INODE];
	entry->mode = fields[FIELD_MODE];
	entry->uid = fields[FIELD_UID];
	entry->gid = fields[FIELD_GID];
	entry->link_count = fields[FIELD_LINK_COUNT];
	entry->mtime = fields[FIELD_MTIME];
	entry->device_major = fields[FIELD_DEVICE_MAJOR];
	entry->device_minor = fields[FIELD_DEVICE_MINOR];
	entry->target_major = fields[FIELD_TARGET_MAJOR];
	entry->target_minor = fields[FIELD_TARGET_MINOR];
	return 0;
}

int cpio_next(struct cpio_reader *reader, struct cpio_entry *entry)
{
	for (;;) {
		int error;

		if (!reader->is_open) {
			while (reader->offset < reader->size && !reader->archive[reader->offset])
				reader->offset++;
			if (reader->offset == reader->size)
				return 0;
		}
		error = read_entry(reader, entry);
		if (error)
			return error;
		reader->is_open = strcmp(entry->name, trailer) != 0;
		if (reader->is_open)
			return 1;
	}
}

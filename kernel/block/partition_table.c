/*
 * Partition tables: the four entries of a PC's master boot record, and chains of extended ones.
 *
 * The table is believed only where it makes sense: a disk that begins with a file system has the
 * same signature and other things where the entries would be.
 */
#include "block/internal.h"
#include "core/printk.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "uapi/linux/errno.h"

#define TABLE_OFFSET	 446
#define SIGNATURE_OFFSET 510
#define SIGNATURE	 0xaa55
#define TABLE_ENTRY_COUNT 4
#define EXTENDED_SECTORS 2
#define FIRST_LOGICAL	 5	/* the number of the first partition inside an extended one */

enum partition_type {
	TYPE_EMPTY = 0x00,
	TYPE_EXTENDED = 0x05,
	TYPE_EXTENDED_LBA = 0x0f,
	TYPE_EXTENDED_LINUX = 0x85,
	TYPE_GPT = 0xee,	/* the whole disk, for those who do not know GUID tables */
};

struct packed table_entry {
	uint8_t boot_flag;
	uint8_t first_chs[3];
	uint8_t type;
	uint8_t last_chs[3];
	uint32_t start;
	uint32_t count;
};
_Static_assert(sizeof(struct table_entry) == 16, "as on the disk");

static bool is_extended(uint8_t type)
{
	return type == TYPE_EXTENDED || type == TYPE_EXTENDED_LBA || type == TYPE_EXTENDED_LINUX;
}

/* Read the table in `sector` into `entries`. Errors: -ENOENT (there is none), block_transfer's. */
static int read_table(struct block_device *disk, uint64_t sector, struct page_frame *frame,
		      struct table_entry entries[TABLE_ENTRY_COUNT])
{
	const uint8_t *bytes = page_frame_address(frame);
	uint16_t signature;
	int error = block_transfer(disk, BLOCK_READ, sector, frame, 0, SECTOR_SIZE);

	if (error) {
		printk(LOG_WARNING, "%s: cannot read its partition table", disk->name);
		return error;
	}
	memcpy(&signature, bytes + SIGNATURE_OFFSET, sizeof(signature));
	if (signature != SIGNATURE)
		return -ENOENT;
	memcpy(entries, bytes + TABLE_OFFSET, TABLE_ENTRY_COUNT * sizeof(*entries));
	for (unsigned int i = 0; i < TABLE_ENTRY_COUNT; i++) {
		if (entries[i].boot_flag & 0x7f)
			return -ENOENT;
	}
	return 0;
}

/* The partition's sectors as far as the disk has them; 0: none of it. */
static uint64_t count_on_disk(const struct block_device *disk, uint64_t start, uint32_t count)
{
	if (start == 0 || start >= disk->sector_count)
		return 0;
	return min_t(uint64_t, count, disk->sector_count - start);
}

/*
 * Follow a chain of extended tables: each has one partition and a link to the next table. Errors:
 * those of reading.
 */
static int scan_extended(struct block_device *disk, uint64_t first, struct page_frame *frame,
			 void (*found)(struct block_device *, unsigned int, uint64_t, uint64_t))
{
	struct table_entry entries[TABLE_ENTRY_COUNT];
	uint64_t table = first;
	int error;

	/* The number of minors also ends a chain that loops. */
	for (unsigned int number = FIRST_LOGICAL; number <= disk->max_partitions; number++) {
		uint64_t start, count;

		if (table >= disk->sector_count)
			break;
		error = read_table(disk, table, frame, entries);
		if (error)
			return error == -ENOENT ? 0 : error;
		start = table + entries[0].start;
		count = count_on_disk(disk, start, entries[0].count);
		if (entries[0].type != TYPE_EMPTY && count > 0)
			found(disk, number, start, count);
		if (!is_extended(entries[1].type) || entries[1].start == 0)
			break;
		table = first + entries[1].start;
	}
	return 0;
}

int partition_scan(struct block_device *disk,
		   void (*found)(struct block_device *disk, unsigned int number, uint64_t start,
				 uint64_t count))
{
	struct table_entry entries[TABLE_ENTRY_COUNT];
	struct page_frame *frame;
	int error;

	if (disk->sector_count == 0)
		return 0;
	frame = page_frame_alloc(FRAME_KERNEL, FRAME_ALLOC_LOW);
	if (!frame) {
		printk(LOG_ERROR, "%s: no memory to read its partition table", disk->name);
		return -ENOMEM;
	}
	error = read_table(disk, 0, frame, entries);
	for (unsigned int i = 0; !error && i < TABLE_ENTRY_COUNT; i++) {
		uint64_t count = count_on_disk(disk, entries[i].start, entries[i].count);

		if (entries[i].type == TYPE_EMPTY || entries[i].type == TYPE_GPT || count == 0)
			continue;
		if (!is_extended(entries[i].type)) {
			found(disk, i + 1, entries[i].start, count);
			continue;
		}
		/* Itself only as far as a boot loader may lie in it, lest it be taken for more. */
		found(disk, i + 1, entries[i].start, min_t(uint64_t, count, EXTENDED_SECTORS));
		error = scan_extended(disk, entries[i].start, frame, found);
	}
	page_frame_put(frame);
	return error == -ENOENT ? 0 : error;
}

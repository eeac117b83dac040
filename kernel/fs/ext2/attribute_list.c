/*
 * Lists of extended attributes as they lie on the disk: in the rest of a large inode, or a block.
 *
 * A list is a row of entries that grows from the front of its area, ended by a zero word, and
 * their values, which grow from its back. Entries are in order of prefix, length and name. An area
 * is only ever looked at in a copy: on a disk that is not in order others may write to the
 * original. Changing one means building it anew, so there is never a gap in it.
 */
#include "fs/ext2/attributes.h"

#include "lib/min_max.h"
#include "lib/string.h"
#include "uapi/linux/errno.h"

enum { NAME_HASH_SHIFT = 5, VALUE_HASH_SHIFT = 16, BLOCK_HASH_SHIFT = 16, WORD_BITS = 32 };

static uint32_t entry_size(size_t name_length)
{
	return (uint32_t)ALIGN_UP(sizeof(struct ext2_attribute_entry) + name_length, 4);
}

static struct ext2_attribute_entry *entry_at(const struct ext2_attribute_area *area, uint32_t at)
{
	return (struct ext2_attribute_entry *)(area->base + at);
}

/* The first word of an entry, which is 0 behind the last. */
static bool is_end(const struct ext2_attribute_area *area, uint32_t at)
{
	uint32_t word;

	memcpy(&word, area->base + at, sizeof(word));
	return word == 0;
}

struct ext2_attribute_entry *ext2_attribute_first(const struct ext2_attribute_area *area)
{
	if (!area->base || is_end(area, area->first))
		return NULL;
	return entry_at(area, area->first);
}

struct ext2_attribute_entry *ext2_attribute_next(const struct ext2_attribute_area *area,
						 const struct ext2_attribute_entry *entry)
{
	uint32_t at = (uint32_t)((const uint8_t *)entry - area->base);

	at += entry_size(entry->name_length);
	return is_end(area, at) ? NULL : entry_at(area, at);
}

const void *ext2_attribute_value(const struct ext2_attribute_area *area,
				 const struct ext2_attribute_entry *entry)
{
	return area->base + entry->value_offset;
}

/* *end: behind the zero word. */
static bool entries_are_good(const struct ext2_attribute_area *area, uint32_t *end)
{
	uint32_t at = area->first;

	while (at + sizeof(uint32_t) <= area->end) {
		const struct ext2_attribute_entry *entry = entry_at(area, at);

		if (is_end(area, at)) {
			*end = at + sizeof(uint32_t);
			return true;
		}
		if (at + sizeof(*entry) > area->end || entry->value_block != 0)
			return false;
		at += entry_size(entry->name_length);
	}
	return false;
}

bool ext2_attribute_area_is_good(const struct ext2_attribute_area *area)
{
	const struct ext2_attribute_entry *entry;
	uint32_t end;

	if (!entries_are_good(area, &end))
		return false;
	for (entry = ext2_attribute_first(area); entry; entry = ext2_attribute_next(area, entry)) {
		if (entry->value_size > 0 &&
		    (entry->value_offset < end || entry->value_offset > area->end ||
		     entry->value_size > area->end - entry->value_offset))
			return false;
	}
	return true;
}

/* < 0, 0, > 0: the entry stands before, is, or stands behind the attribute. */
static int compare(const struct ext2_attribute_entry *entry, const struct ext2_attribute *other)
{
	int order = (int)entry->name_index - (int)other->index;

	if (!order)
		order = (int)entry->name_length - (int)other->length;
	return order ? order : memcmp(entry->name, other->name, other->length);
}

struct ext2_attribute_entry *ext2_attribute_find(const struct ext2_attribute_area *area,
						 const struct ext2_attribute *wanted)
{
	struct ext2_attribute_entry *entry = ext2_attribute_first(area);

	while (entry && compare(entry, wanted) != 0)
		entry = ext2_attribute_next(area, entry);
	return entry;
}

/* ---- building -------------------------------------------------------------------------------- */

static uint32_t rotate(uint32_t value, unsigned int shift)
{
	return value << shift ^ value >> (WORD_BITS - shift);
}

/* Linux's, with the signed characters that it has on i386. */
static uint32_t hash_of(const struct ext2_attribute *attribute, const uint8_t *padded_value)
{
	uint32_t hash = 0, word;

	for (size_t i = 0; i < attribute->length; i++)
		hash = rotate(hash, NAME_HASH_SHIFT) ^ (uint32_t)(int8_t)attribute->name[i];
	for (size_t i = 0; i < attribute->size; i += sizeof(word)) {
		memcpy(&word, padded_value + i, sizeof(word));
		hash = rotate(hash, VALUE_HASH_SHIFT) ^ word;
	}
	return hash;
}

/* How far a new list is built: entries up to `front`, values from `back` on. */
struct building {
	struct ext2_attribute_area *area;
	uint32_t front, back;
};

/* Errors: -ENOSPC. */
static int append(struct building *building, const struct ext2_attribute *attribute)
{
	uint32_t size = entry_size(attribute->length);
	uint32_t room = (uint32_t)ALIGN_UP(attribute->size, 4);
	struct ext2_attribute_entry *entry = entry_at(building->area, building->front);

	if (building->front + size + sizeof(uint32_t) + room > building->back)
		return -ENOSPC;
	building->front += size;
	building->back -= room;
	entry->name_length = (uint8_t)attribute->length;
	entry->name_index = (uint8_t)attribute->index;
	entry->value_offset = attribute->size ? (uint16_t)building->back : 0;
	entry->value_block = 0;
	entry->value_size = (uint32_t)attribute->size;
	memcpy(entry->name, attribute->name, attribute->length);
	memcpy(building->area->base + building->back, attribute->value, attribute->size);
	entry->hash = hash_of(attribute, building->area->base + building->back);
	return 0;
}

int ext2_attribute_rebuild(const struct ext2_attribute_area *old, struct ext2_attribute_area *new,
			   const struct ext2_attribute *change)
{
	struct building building = { new, new->first, new->end };
	const struct ext2_attribute_entry *entry;
	bool is_due = change->value;
	int error = 0;

	for (entry = ext2_attribute_first(old); entry && !error;
	     entry = ext2_attribute_next(old, entry)) {
		struct ext2_attribute kept = {
			.index = entry->name_index,
			.name = entry->name,
			.length = entry->name_length,
			.value = ext2_attribute_value(old, entry),
			.size = entry->value_size,
		};
		int order = compare(entry, change);

		if (is_due && order > 0) {
			error = append(&building, change);
			is_due = false;
		}
		if (!error && order != 0)
			error = append(&building, &kept);
	}
	return !error && is_due ? append(&building, change) : error;
}

uint32_t ext2_attribute_list_hash(const struct ext2_attribute_area *area)
{
	const struct ext2_attribute_entry *entry;
	uint32_t hash = 0;

	for (entry = ext2_attribute_first(area); entry; entry = ext2_attribute_next(area, entry)) {
		if (entry->hash == 0)
			return 0;
		hash = rotate(hash, BLOCK_HASH_SHIFT) ^ entry->hash;
	}
	return hash;
}

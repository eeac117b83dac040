/*
 * ext2's extended attributes: what attributes.c (where they are kept) and attribute_list.c (how)
 * share.
 */
#pragma once
#include <stdbool.h>
#include "core/compiler.h"
#include "fs/ext2/format.h"

/*
 * Where a list of attributes lies, in a copy. All zeros: an empty list, or (base NULL) none.
 */
struct ext2_attribute_area {
	uint8_t *base;		/* offsets of values count from here */
	uint32_t first;		/* the first entry, from base */
	uint32_t end;		/* of the area, from base */
};

struct ext2_attribute {
	unsigned int index;	/* enum ext2_attribute_prefix */
	const char *name;	/* without the prefix; not terminated */
	size_t length;
	const void *value;	/* NULL: it is to go */
	size_t size;
};

/* Does it stay inside the area, entries and values? All else asks for a good one. */
bool ext2_attribute_area_is_good(const struct ext2_attribute_area *area);
struct ext2_attribute_entry *ext2_attribute_first(const struct ext2_attribute_area *area);
struct ext2_attribute_entry *ext2_attribute_next(const struct ext2_attribute_area *area,
						 const struct ext2_attribute_entry *entry);
const void *ext2_attribute_value(const struct ext2_attribute_area *area,
				 const struct ext2_attribute_entry *entry);
/* By prefix and name, or NULL. */
struct ext2_attribute_entry *ext2_attribute_find(const struct ext2_attribute_area *area,
						 const struct ext2_attribute *wanted);
/*
 * Build `new`, which is all zeros, of `old` with `change` made. Errors: -ENOSPC; `new` is of no use
 * then.
 */
must_check int ext2_attribute_rebuild(const struct ext2_attribute_area *old,
				      struct ext2_attribute_area *new,
				      const struct ext2_attribute *change);
/* For the head of a block. */
uint32_t ext2_attribute_list_hash(const struct ext2_attribute_area *area);

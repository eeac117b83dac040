/*
 * An index of a directory in memory: from the hash of a name to the places where it may be, and for
 * each block how much room it may have.
 *
 * It exists for directories of more than one block and is built when a name is first looked for
 * there; without memory for it, everything works by reading through the directory. It only ever
 * narrows the search: what it finds is compared with the entry itself, so names with equal hashes
 * are harmless.
 *
 * The table has open addressing: slots are filled from hash % capacity on, a removed one becomes a
 * tombstone, and the table is rebuilt from the disk before it is three quarters full of either.
 *
 * Lookups share the directory's lock, so two of them may build at once; the first to publish wins.
 * Changes hold it exclusively.
 */
#include "fs/ext2/internal.h"

#include "core/assert.h"
#include "lib/hash.h"
#include "lib/min_max.h"
#include "mem/kmalloc.h"
#include "mem/vmap.h"

#define SLOT_FREE      UINT32_MAX
#define SLOT_TOMBSTONE (UINT32_MAX - 1)
#define PLACE_SHIFT    2	/* entries begin at multiples of 4 */
#define FIRST_CAPACITY 256u
#define MOST_NAMES     (1u << 23) /* larger directories are read through: a table of 128 MiB */
#define LARGE_SIZE     (64u << 10)	/* from here on memory need not be contiguous */

struct slot { uint32_t hash, place; };

struct ext2_directory_index {
	uint32_t capacity;	/* slots; a power of two */
	uint32_t used_count;	/* slots that are not free, tombstones included */
	uint32_t block_count;	/* of rooms[] that are known */
	uint32_t block_capacity;
	size_t table_size, rooms_size;	/* bytes, for freeing */
	struct slot *slots;
	uint16_t *rooms;	/* upper bounds of the largest room in each block */
};

uint32_t ext2_index_hash(const struct ext2 *fs, const char *name, size_t length)
{
	return hash_bytes(name, length, fs->hash_seed);
}

static void *large_alloc(size_t size)
{
	const enum frame_alloc_flags flags = FRAME_ALLOC_NO_RECLAIM | FRAME_ALLOC_NO_KILL;

	return size < LARGE_SIZE ? kmalloc(size, flags) :
				   vmap_alloc(DIV_ROUND_UP(size, PAGE_SIZE), 1);
}

static void large_free(void *memory, size_t size)
{
	if (memory && size >= LARGE_SIZE)
		vmap_free(memory, DIV_ROUND_UP(size, PAGE_SIZE));
	else
		kfree(memory);
}

static void destroy(struct ext2_directory_index *index)
{
	large_free(index->slots, index->table_size);
	large_free(index->rooms, index->rooms_size);
	kfree(index);
}

/* Empty, with room for `names` names and `blocks` blocks. NULL: no memory, or too many names. */
static struct ext2_directory_index *create(uint64_t names, uint32_t blocks)
{
	struct ext2_directory_index *index;

	if (names > MOST_NAMES)
		return NULL;
	index = kzalloc(sizeof(*index), FRAME_ALLOC_NO_RECLAIM);
	if (!index)
		return NULL;
	index->capacity = max(FIRST_CAPACITY, 1u << log2_ceil((uint32_t)names * 2));
	index->block_capacity = blocks + blocks / 2 + 16;
	index->table_size = index->capacity * sizeof(struct slot);
	index->rooms_size = index->block_capacity * sizeof(uint16_t);
	index->slots = large_alloc(index->table_size);
	index->rooms = large_alloc(index->rooms_size);
	if (!index->slots || !index->rooms) {
		destroy(index);
		return NULL;
	}
	memset(index->slots, 0xff, index->table_size);
	return index;
}

/* False: it is too full for another one. */
static bool insert(struct ext2_directory_index *index, uint32_t hash, uint64_t offset)
{
	uint32_t at = hash & (index->capacity - 1);

	if (index->used_count >= index->capacity - index->capacity / 4)
		return false;
	while (index->slots[at].place != SLOT_FREE)
		at = (at + 1) & (index->capacity - 1);
	index->slots[at] = (struct slot){ hash, (uint32_t)(offset >> PLACE_SHIFT) };
	index->used_count++;
	return true;
}

/*
 * Enter the entries of one block. False: the block is bad or cannot be read, or the table is too
 * small.
 */
static bool enter_block(struct ext2_inode *directory, struct ext2_directory_index *index,
			uint32_t logical)
{
	struct ext2 *fs = ext2_of(directory->vfs.super);
	uint64_t start = (uint64_t)logical << fs->block_shift;
	struct ext2_buffer buffer;
	unsigned int largest = 0;
	bool good = true;

	if (ext2_directory_get_block(directory, logical, &buffer))
		return false;
	for (uint32_t offset = 0; offset < fs->block_size && good;) {
		const char *name = ext2_entry_at(&buffer, offset)->name;
		struct ext2_entry_head head;
		unsigned int room;

		good = ext2_entry_read(directory, &buffer, offset, &head);
		if (!good)
			break;
		room = head.size;
		if (head.inode) {
			room -= ext2_entry_size(head.name_length);
			good = insert(index, ext2_index_hash(fs, name, head.name_length),
				      start + offset);
		}
		largest = max(largest, room);
		offset += head.size;
	}
	ext2_metadata_put(&buffer);
	index->rooms[logical] = (uint16_t)largest;
	index->block_count = logical + 1;
	return good;
}

static struct ext2_directory_index *build(struct ext2_inode *directory)
{
	struct ext2 *fs = ext2_of(directory->vfs.super);
	uint32_t blocks = (uint32_t)(inode_size(&directory->vfs) >> fs->block_shift);
	/*
	 * Names are rarely shorter than 8 bytes; if they are, the second try has four times the
	 * room.
	 */
	uint64_t names = (uint64_t)blocks * (fs->block_size / 16);

	for (unsigned int attempt = 0; attempt < 2; attempt++, names *= 4) {
		struct ext2_directory_index *index = create(names, blocks);
		uint32_t done = 0;

		if (!index)
			return NULL;
		while (done < blocks && enter_block(directory, index, done))
			done++;
		if (done == blocks)
			return index;
		destroy(index);
		if (atomic_load_explicit(&fs->error_count, memory_order_relaxed))
			return NULL;
	}
	return NULL;
}

struct ext2_directory_index *ext2_index_get(struct ext2_inode *directory)
{
	struct ext2 *fs = ext2_of(directory->vfs.super);
	struct ext2_directory_index *index, *expected = NULL;
	uint64_t size = inode_size(&directory->vfs);

	/* Acquire: pairs with the publication below. */
	index = atomic_load_explicit(&directory->index, memory_order_acquire);
	/* Places have 32 bits; that is 16 GiB of directory. */
	if (index || size <= max(fs->block_size, 2048u) || size >> 32)
		return index;
	index = build(directory);
	if (index && !atomic_compare_exchange_strong_explicit(&directory->index, &expected, index,
							      memory_order_acq_rel,
							      memory_order_acquire)) {
		destroy(index);
		index = expected;
	}
	return index;
}

void ext2_index_drop(struct ext2_inode *directory)
{
	struct ext2_directory_index *index =
		atomic_exchange_explicit(&directory->index, NULL, memory_order_acq_rel);

	if (index)
		destroy(index);
}

bool ext2_index_next(const struct ext2_directory_index *index, uint32_t hash, uint32_t *step,
		     uint64_t *offset)
{
	const uint32_t mask = index->capacity - 1;

	/* There is always a free slot: the table never gets full. */
	for (;;) {
		const struct slot *slot = &index->slots[(hash + (*step)++) & mask];

		if (slot->place == SLOT_FREE)
			return false;
		if (slot->hash == hash && slot->place != SLOT_TOMBSTONE) {
			*offset = (uint64_t)slot->place << PLACE_SHIFT;
			return true;
		}
	}
}

static struct ext2_directory_index *present(const struct ext2_inode *directory)
{
	return atomic_load_explicit(&directory->index, memory_order_acquire);
}

void ext2_index_add(struct ext2_inode *directory, uint32_t hash, uint64_t offset)
{
	struct ext2_directory_index *index = present(directory);

	/* Too full: the next lookup builds one that fits. */
	if (index && !insert(index, hash, offset))
		ext2_index_drop(directory);
}

void ext2_index_remove(struct ext2_inode *directory, uint32_t hash, uint64_t offset)
{
	struct ext2_directory_index *index = present(directory);
	uint32_t place = (uint32_t)(offset >> PLACE_SHIFT), mask;

	if (!index)
		return;
	mask = index->capacity - 1;
	for (uint32_t at = hash & mask;; at = (at + 1) & mask) {
		struct slot *slot = &index->slots[at];

		if (unlikely(slot->place == SLOT_FREE)) {
			/* Its block is another directory's too, or lies here twice. */
			ext2_report(ext2_of(directory->vfs.super),
				    "directory %u: a block of it is not its own",
				    (uint32_t)directory->vfs.number);
			ext2_index_drop(directory);
			return;
		}
		if (slot->place != place)
			continue;
		/* The end of a chain need not be kept: nothing is looked for behind it. */
		if (index->slots[(at + 1) & mask].place == SLOT_FREE) {
			slot->place = SLOT_FREE;
			index->used_count--;
		} else {
			slot->place = SLOT_TOMBSTONE;
		}
		return;
	}
}

uint32_t ext2_index_find_room(const struct ext2_directory_index *index, uint32_t logical,
			      unsigned int size)
{
	while (logical < index->block_count && index->rooms[logical] < size)
		logical++;
	return logical < index->block_count ? logical : UINT32_MAX;
}

void ext2_index_set_room(struct ext2_inode *directory, uint32_t logical, unsigned int size)
{
	struct ext2_directory_index *index = present(directory);

	if (!index)
		return;
	if (logical >= index->block_capacity || logical > index->block_count) {
		ext2_index_drop(directory);	/* the next lookup makes a larger one */
		return;
	}
	index->rooms[logical] = (uint16_t)size;
	index->block_count = max(index->block_count, logical + 1);
}

void ext2_index_raise_room(struct ext2_inode *directory, uint32_t logical, unsigned int size)
{
	struct ext2_directory_index *index = present(directory);

	if (index && index->rooms[logical] < size)
		index->rooms[logical] = (uint16_t)size;
}

/*
 * ext2 on the disk: structures and constants, little-endian as on i386.
 * Source: "The Second Extended File System", Dave Poirier, and the documentation of e2fsprogs.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "lib/compiler.h"

#define EXT2_SUPER_OFFSET	1024u	/* bytes from the start of the device */
#define EXT2_SUPER_SIZE		1024u
#define EXT2_MAGIC		0xef53u
#define EXT2_ROOT_INODE		2u
#define EXT2_REV0_FIRST_INODE	11u
#define EXT2_REV0_INODE_SIZE	128u
#define EXT2_LINK_MAX		32000u
#define EXT2_NAME_MAX		255u
#define EXT2_MIN_BLOCK_SHIFT	10u
#define EXT2_MAX_BLOCK_SHIFT	12u

/* s_state */
#define EXT2_STATE_VALID	1u	/* cleanly unmounted */
#define EXT2_STATE_ERROR	2u	/* something was found wrong */

/*
 * Features. Unknown ones: compatible: no matter; incompatible: hands off; read-only: do not write.
 */
#define EXT2_COMPAT_HAS_JOURNAL	 0x0004u
#define EXT2_COMPAT_ATTRIBUTES	 0x0008u	/* some file may have a block of them */
#define EXT2_INCOMPAT_FILETYPE	 0x0002u
#define EXT2_INCOMPAT_RECOVER	 0x0004u	/* the journal holds what is not in place yet */
#define EXT2_RO_SPARSE_SUPER	 0x0001u
#define EXT2_RO_LARGE_FILE	 0x0002u
#define EXT2_RO_BTREE_DIR	 0x0004u	/* never came to be */

struct ext2_superblock {
	uint32_t inode_count;
	uint32_t block_count;
	uint32_t reserved_block_count;
	uint32_t free_block_count;
	uint32_t free_inode_count;
	uint32_t first_data_block;
	uint32_t log_block_size;	/* block size is 1024 << this */
	uint32_t log_fragment_size;
	uint32_t blocks_per_group;
	uint32_t fragments_per_group;
	uint32_t inodes_per_group;
	uint32_t mount_time;
	uint32_t write_time;
	uint16_t mount_count;
	uint16_t max_mount_count;
	uint16_t magic;
	uint16_t state;
	uint16_t errors;
	uint16_t minor_revision;
	uint32_t last_check;
	uint32_t check_interval;
	uint32_t creator;
	uint32_t revision;
	uint16_t reserved_uid;
	uint16_t reserved_gid;
	/* From here on revision 1 only. */
	uint32_t first_inode;
	uint16_t inode_size;
	uint16_t block_group;
	uint32_t features_compatible;
	uint32_t features_incompatible;
	uint32_t features_read_only;
	uint8_t uuid[16];
	char volume_name[16];
	char last_mounted[64];
	uint32_t compression;
	uint8_t preallocate_blocks;
	uint8_t preallocate_directory_blocks;
	uint16_t reserved_descriptor_blocks;
	uint8_t journal_uuid[16];
	uint32_t journal_inode;
	uint32_t journal_device;
	uint32_t last_orphan;
	uint8_t rest[788];
};
_Static_assert(offsetof(struct ext2_superblock, reserved_descriptor_blocks) == 0xce, "layout");
_Static_assert(sizeof(struct ext2_superblock) == EXT2_SUPER_SIZE, "layout");

struct ext2_descriptor {
	uint32_t block_bitmap;
	uint32_t inode_bitmap;
	uint32_t inode_table;
	uint16_t free_block_count;
	uint16_t free_inode_count;
	uint16_t directory_count;
	uint16_t flags;
	uint32_t reserved[3];
};
_Static_assert(sizeof(struct ext2_descriptor) == 32, "layout");

/* i_block: twelve blocks, then the roots of trees of one, two and three levels. */
enum {
	EXT2_DIRECT_COUNT = 12,
	EXT2_TREE_COUNT = 3,
	EXT2_ROOT_COUNT = EXT2_DIRECT_COUNT + EXT2_TREE_COUNT,
};

struct ext2_disk_inode {
	uint16_t mode;
	uint16_t uid_low;
	uint32_t size_low;
	uint32_t accessed;
	uint32_t changed;
	uint32_t modified;
	uint32_t deleted;
	uint16_t gid_low;
	uint16_t link_count;
	uint32_t sector_count;
	uint32_t flags;
	uint32_t version;
	uint32_t blocks[EXT2_ROOT_COUNT];
	uint32_t generation;
	uint32_t attribute_block;	/* i_file_acl */
	uint32_t size_high;		/* regular files; i_dir_acl of others */
	uint32_t fragment;
	uint8_t fragment_number;
	uint8_t fragment_size;
	uint16_t padding;
	uint16_t uid_high;
	uint16_t gid_high;
	uint32_t reserved;
};
_Static_assert(sizeof(struct ext2_disk_inode) == 128, "layout");
_Static_assert(offsetof(struct ext2_disk_inode, blocks) == 40, "layout");

/* i_flags, as FS_IOC_GETFLAGS shows them. */
#define EXT2_FLAG_SYNC		0x00000008u
#define EXT2_FLAG_IMMUTABLE	0x00000010u
#define EXT2_FLAG_APPEND	0x00000020u
#define EXT2_FLAG_NO_DUMP	0x00000040u
#define EXT2_FLAG_NO_ATIME	0x00000080u
/* a directory with a hash tree; we do not keep it up */
#define EXT2_FLAG_INDEXED	0x00001000u
#define EXT2_FLAG_TOP_DIRECTORY 0x00020000u
#define EXT2_FLAGS_INHERITED	(EXT2_FLAG_SYNC | EXT2_FLAG_NO_DUMP | EXT2_FLAG_NO_ATIME)
#define EXT2_FLAGS_VISIBLE	0x0003dfffu
#define EXT2_FLAGS_CHANGEABLE	0x000380ffu

struct ext2_entry {
	uint32_t inode;			/* 0: unused */
	uint16_t size;			/* to the next entry; a multiple of 4 */
	uint8_t name_length;
	/* enum ext2_entry_type; high byte of the length without FILETYPE */
	uint8_t type;
	char name[];
};
_Static_assert(sizeof(struct ext2_entry) == 8, "layout");

enum ext2_entry_type {
	EXT2_TYPE_UNKNOWN, EXT2_TYPE_REGULAR, EXT2_TYPE_DIRECTORY, EXT2_TYPE_CHARACTER,
	EXT2_TYPE_BLOCK, EXT2_TYPE_FIFO, EXT2_TYPE_SOCKET, EXT2_TYPE_LINK, EXT2_TYPE_COUNT
};

/* The bytes that an entry with a name of `length` needs. */
static inline unsigned int ext2_entry_size(size_t length)
{
	return ALIGN_UP((unsigned int)(sizeof(struct ext2_entry) + length), 4);
}

/* The start of a block of extended attributes, which several inodes may share. */
struct ext2_attribute_header {
	uint32_t magic;
	uint32_t reference_count;
	uint32_t block_count;
	uint32_t hash;
	uint32_t checksum;		/* of newer systems */
	uint32_t reserved[3];
};
_Static_assert(sizeof(struct ext2_attribute_header) == 32, "layout");
#define EXT2_ATTRIBUTE_MAGIC 0xea020000u

struct ext2_attribute_entry {
	uint8_t name_length;
	uint8_t name_index;		/* enum ext2_attribute_prefix */
	uint16_t value_offset;
	uint32_t value_block;		/* 0: the value is where the entries are */
	uint32_t value_size;
	uint32_t hash;			/* of name and value */
	char name[];			/* without the prefix */
};
_Static_assert(sizeof(struct ext2_attribute_entry) == 16, "layout");

enum ext2_attribute_prefix {
	EXT2_ATTRIBUTE_USER = 1, EXT2_ATTRIBUTE_TRUSTED = 4, EXT2_ATTRIBUTE_SECURITY = 6,
};

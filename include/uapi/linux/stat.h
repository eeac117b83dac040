/*
 * The forms of stat that i386 programs use.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* stat64(2), lstat64, fstat64, fstatat64. */
struct stat64 {
	uint64_t st_dev;
	uint8_t pad0[4];
	uint32_t st_ino_low;
	uint32_t st_mode;
	uint32_t st_nlink;
	uint32_t st_uid;
	uint32_t st_gid;
	uint64_t st_rdev;
	uint8_t pad3[4];
	int64_t st_size __attribute__((__aligned__(4), __packed__));
	uint32_t st_blksize;
	uint64_t st_blocks __attribute__((__aligned__(4), __packed__));
	uint32_t st_atime, st_atime_nsec;
	uint32_t st_mtime, st_mtime_nsec;
	uint32_t st_ctime, st_ctime_nsec;
	uint64_t st_ino __attribute__((__aligned__(4), __packed__));
} __attribute__((__packed__, __aligned__(4)));
_Static_assert(sizeof(struct stat64) == 96, "struct stat64 of i386");
_Static_assert(offsetof(struct stat64, st_size) == 44, "struct stat64 of i386");
_Static_assert(offsetof(struct stat64, st_ino) == 88, "struct stat64 of i386");

/* stat(2) and friends, numbers 106 to 108. */
struct stat32 {
	uint32_t st_dev;
	uint32_t st_ino;
	uint16_t st_mode, st_nlink, st_uid, st_gid;
	uint32_t st_rdev;
	uint32_t st_size;
	uint32_t st_blksize;
	uint32_t st_blocks;
	uint32_t st_atime, st_atime_nsec;
	uint32_t st_mtime, st_mtime_nsec;
	uint32_t st_ctime, st_ctime_nsec;
	uint32_t unused[2];
};
_Static_assert(sizeof(struct stat32) == 64, "struct stat of i386");

/* The oldest, numbers 18, 28 and 84. */
struct old_stat {
	uint16_t st_dev, st_ino, st_mode, st_nlink, st_uid, st_gid, st_rdev;
	uint16_t pad;
	uint32_t st_size;
	uint32_t st_atime, st_mtime, st_ctime;
};
_Static_assert(sizeof(struct old_stat) == 32, "struct __old_kernel_stat");

struct statx_timestamp {
	int64_t seconds;
	uint32_t nanoseconds;
	int32_t reserved;
};

struct statx {
	uint32_t stx_mask;
	uint32_t stx_blksize;
	uint64_t stx_attributes;
	uint32_t stx_nlink;
	uint32_t stx_uid;
	uint32_t stx_gid;
	uint16_t stx_mode;
	uint16_t spare0;
	uint64_t stx_ino;
	uint64_t stx_size;
	uint64_t stx_blocks;
	uint64_t stx_attributes_mask;
	struct statx_timestamp stx_atime, stx_btime, stx_ctime, stx_mtime;
	uint32_t stx_rdev_major, stx_rdev_minor;
	uint32_t stx_dev_major, stx_dev_minor;
	uint64_t stx_mnt_id;
	uint32_t stx_dio_mem_align, stx_dio_offset_align;
	uint64_t spare3[12];
};
_Static_assert(sizeof(struct statx) == 256, "struct statx");

#define STATX_BASIC_STATS 0x7ffu
#define STATX_BTIME	  0x800u
#define STATX_MNT_ID	  0x1000u
#define STATX_RESERVED	  0x80000000u

struct statfs32 {
	uint32_t f_type, f_bsize, f_blocks, f_bfree, f_bavail, f_files, f_ffree;
	int32_t f_fsid[2];
	uint32_t f_namelen, f_frsize, f_flags, f_spare[4];
};
_Static_assert(sizeof(struct statfs32) == 64, "struct statfs of i386");

struct statfs64 {
	uint32_t f_type, f_bsize;
	uint64_t f_blocks, f_bfree, f_bavail, f_files, f_ffree;
	int32_t f_fsid[2];
	uint32_t f_namelen, f_frsize, f_flags, f_spare[4];
} __attribute__((__packed__, __aligned__(4)));
_Static_assert(sizeof(struct statfs64) == 84, "struct statfs64 of i386");

/*
 * For tests of file systems in loop devices: a small ext2, made without a tool, and files that can
 * be known again.
 */
#pragma once
#include "loop.h"

enum { BLOCK = 1024, BLOCKS = 2048, INODES = 128, TABLE = 5, TABLE_BLOCKS = INODES * 128 / BLOCK,
	ROOT_BLOCK = TABLE + TABLE_BLOCKS, USED = ROOT_BLOCK + 1, RESERVED_INODES = 10 };

static inline void put(unsigned char *at, unsigned int value, int size)
{
	for (int i = 0; i < size; i++)
		at[i] = (unsigned char)(value >> 8 * i);
}

static inline void put_entry(unsigned char *at, const char *name, int length)
{
	put(at, 2, 4);
	put(at + 4, length, 2);
	put(at + 6, strlen(name), 2);
	memcpy(at + 8, name, strlen(name));
}

/* An empty ext2 of one group, as it was in the beginning. */
static inline void make_ext2(int fd)
{
	static unsigned char image[USED * BLOCK];
	unsigned char *super = image + BLOCK, *group = super + BLOCK;
	unsigned char *inode = image + TABLE * BLOCK + 128;

	memset(image, 0, sizeof(image));
	put(super, INODES, 4);
	put(super + 4, BLOCKS, 4);
	put(super + 12, BLOCKS - USED, 4);
	put(super + 16, INODES - RESERVED_INODES, 4);
	put(super + 20, 1, 4);
	put(super + 32, 8192, 4);
	put(super + 36, 8192, 4);
	put(super + 40, INODES, 4);
	put(super + 54, 0xffff, 2);
	put(super + 56, 0xef53, 2);
	put(super + 58, 1, 2);
	put(super + 60, 1, 2);
	put(group, 3, 4);
	put(group + 4, 4, 4);
	put(group + 8, TABLE, 4);
	put(group + 12, BLOCKS - USED, 2);
	put(group + 14, INODES - RESERVED_INODES, 2);
	put(group + 16, 1, 2);
	for (int block = 0; block < 8 * BLOCK; block++) {
		if (block < USED - 1 || block >= BLOCKS - 1)
			image[3 * BLOCK + block / 8] |= 1 << block % 8;
		if (block < RESERVED_INODES || block >= INODES)
			image[4 * BLOCK + block / 8] |= 1 << block % 8;
	}
	put(inode, 040755, 2);
	put(inode + 4, BLOCK, 4);
	put(inode + 26, 2, 2);
	put(inode + 28, BLOCK / 512, 4);
	put(inode + 40, ROOT_BLOCK, 4);
	put_entry(image + ROOT_BLOCK * BLOCK, ".", 12);
	put_entry(image + ROOT_BLOCK * BLOCK + 12, "..", BLOCK - 12);
	CHECK_EQ(pwrite(fd, image, sizeof(image), 0), sizeof(image));
}

static inline const char *device_name(int number)
{
	static char path[32];

	snprintf(path, sizeof(path), "/dev/loop%d", number);
	return path;
}

static inline void fill(const char *name, int size, int seed)
{
	int fd = MUST(open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644));
	unsigned char bytes[1000];

	for (int done = 0; done < size; done += sizeof(bytes)) {
		for (unsigned int i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)(done + i * seed);
		CHECK_EQ(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	}
	CHECK(close(fd) == 0);
}

static inline void verify(const char *name, int size, int seed)
{
	int fd = MUST(open(name, O_RDONLY));
	unsigned char bytes[1000];

	for (int done = 0; done < size; done += sizeof(bytes)) {
		CHECK_EQ(read(fd, bytes, sizeof(bytes)), sizeof(bytes));
		for (unsigned int i = 0; i < sizeof(bytes); i++)
			CHECK_EQ(bytes[i], (unsigned char)(done + i * seed));
	}
	CHECK(close(fd) == 0);
}

static inline bool is_attached(int number)
{
	int loop = MUST(loop_open(number, O_RDONLY));
	struct loop_info64 info;
	bool is = ioctl(loop, LOOP_GET_STATUS64, &info) == 0;

	CHECK(close(loop) == 0);
	return is;
}

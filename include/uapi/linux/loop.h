/* Calls on /dev/loop-control and on /dev/loop0 and so on. */
#pragma once
#include <stdint.h>

#define LO_NAME_SIZE 64
#define LO_KEY_SIZE  32

#define LO_FLAGS_READ_ONLY 1u
#define LO_FLAGS_AUTOCLEAR 4u	/* detached by the last close */
#define LO_FLAGS_PARTSCAN  8u
#define LO_FLAGS_DIRECT_IO 16u

#define LO_CRYPT_NONE 0u

struct loop_info64 {
	uint64_t lo_device;	/* of the file, as st_dev */
	uint64_t lo_inode;
	uint64_t lo_rdevice;
	uint64_t lo_offset;
	uint64_t lo_sizelimit;	/* in bytes; 0: up to the file's end */
	uint32_t lo_number;
	uint32_t lo_encrypt_type;
	uint32_t lo_encrypt_key_size;
	uint32_t lo_flags;
	uint8_t lo_file_name[LO_NAME_SIZE];
	uint8_t lo_crypt_name[LO_NAME_SIZE];
	uint8_t lo_encrypt_key[LO_KEY_SIZE];
	uint64_t lo_init[2];
};
_Static_assert(sizeof(struct loop_info64) == 232, "struct loop_info64");

/* The same of old programs. */
struct loop_info {
	int32_t lo_number;
	uint16_t lo_device;
	uint32_t lo_inode;
	uint16_t lo_rdevice;
	int32_t lo_offset;
	int32_t lo_encrypt_type;
	int32_t lo_encrypt_key_size;
	int32_t lo_flags;
	uint8_t lo_name[LO_NAME_SIZE];
	uint8_t lo_encrypt_key[LO_KEY_SIZE];
	uint32_t lo_init[2];
	uint8_t reserved[4];
};
_Static_assert(sizeof(struct loop_info) == 140, "struct loop_info");

struct loop_config {
	uint32_t fd;
	uint32_t block_size;
	struct loop_info64 info;
	uint64_t reserved[8];
};
_Static_assert(sizeof(struct loop_config) == 304, "struct loop_config");

#define LOOP_SET_FD	    0x4c00u
#define LOOP_CLR_FD	    0x4c01u
#define LOOP_SET_STATUS	    0x4c02u
#define LOOP_GET_STATUS	    0x4c03u
#define LOOP_SET_STATUS64   0x4c04u
#define LOOP_GET_STATUS64   0x4c05u
#define LOOP_CHANGE_FD	    0x4c06u
#define LOOP_SET_CAPACITY   0x4c07u
#define LOOP_SET_DIRECT_IO  0x4c08u
#define LOOP_SET_BLOCK_SIZE 0x4c09u
#define LOOP_CONFIGURE	    0x4c0au

#define LOOP_CTL_ADD	    0x4c80u
#define LOOP_CTL_REMOVE	    0x4c81u
#define LOOP_CTL_GET_FREE   0x4c82u

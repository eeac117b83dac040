/*
 * Opening files: flags of open(2), commands of fcntl(2), the *at family, seeking, locking. i386.
 */
#pragma once
#include <stdint.h>

/* clang-format off */
#define O_ACCMODE	00000003
#define O_RDONLY	00000000
#define O_WRONLY	00000001
#define O_RDWR		00000002
#define O_CREAT		00000100
#define O_EXCL		00000200
#define O_NOTIFICATION_PIPE O_EXCL	/* of pipe2 */
#define O_NOCTTY	00000400
#define O_TRUNC		00001000
#define O_APPEND	00002000
#define O_NONBLOCK	00004000
#define O_DSYNC		00010000
#define FASYNC		00020000
#define O_ASYNC		FASYNC
#define O_DIRECT	00040000
#define O_LARGEFILE	00100000
#define O_DIRECTORY	00200000
#define O_NOFOLLOW	00400000
#define O_NOATIME	01000000
#define O_CLOEXEC	02000000
#define O_SYNC		(04000000 | O_DSYNC)
#define O_PATH		010000000
#define O_TMPFILE	(020000000 | O_DIRECTORY)
#define O_TMPFILE_BIT	020000000

#define F_DUPFD		0
#define F_GETFD		1
#define F_SETFD		2
#define F_GETFL		3
#define F_SETFL		4
#define F_GETLK		5
#define F_SETLK		6
#define F_SETLKW	7
#define F_SETOWN	8
#define F_GETOWN	9
#define F_SETSIG	10
#define F_GETSIG	11
#define F_GETLK64	12
#define F_SETLK64	13
#define F_SETLKW64	14
#define F_SETOWN_EX	15
#define F_GETOWN_EX	16
#define F_GETOWNER_UIDS	17
#define F_OFD_GETLK	36
#define F_OFD_SETLK	37
#define F_OFD_SETLKW	38
#define F_SETLEASE	1024
#define F_GETLEASE	1025
#define F_NOTIFY	1026
#define F_CANCELLK	1029

/* What F_NOTIFY tells of. */
#define DN_ACCESS	0x00000001u
#define DN_MODIFY	0x00000002u
#define DN_CREATE	0x00000004u
#define DN_DELETE	0x00000008u
#define DN_RENAME	0x00000010u
#define DN_ATTRIB	0x00000020u
#define DN_KINDS	0x7fffffffu
#define DN_MULTISHOT	0x80000000u	/* not only the first time */

#define F_DUPFD_CLOEXEC	1030
#define F_SETPIPE_SZ	1031
#define F_GETPIPE_SZ	1032
#define F_ADD_SEALS	1033
#define F_GET_SEALS	1034
#define F_GET_RW_HINT	1035	/* how long what is written is expected to live */
#define F_SET_RW_HINT	1036
#define RWH_WRITE_LIFE_EXTREME 5	/* the last of them */

#define F_SEAL_SEAL		0x0001
#define F_SEAL_SHRINK		0x0002
#define F_SEAL_GROW		0x0004
#define F_SEAL_WRITE		0x0008
#define F_SEAL_FUTURE_WRITE	0x0010
#define F_SEAL_EXEC		0x0020

#define FD_CLOEXEC	1

#define F_RDLCK		0
#define F_WRLCK		1
#define F_UNLCK		2

#define LOCK_SH		1
#define LOCK_EX		2
#define LOCK_NB		4
#define LOCK_UN		8
#define LOCK_MAND	32

#define SEEK_SET	0
#define SEEK_CUR	1
#define SEEK_END	2
#define SEEK_DATA	3
#define SEEK_HOLE	4

#define AT_FDCWD		(-100)
#define AT_SYMLINK_NOFOLLOW	0x100
#define AT_EACCESS		0x200
#define AT_REMOVEDIR		0x200
#define AT_SYMLINK_FOLLOW	0x400
#define AT_NO_AUTOMOUNT		0x800
#define AT_EMPTY_PATH		0x1000
#define AT_STATX_SYNC_TYPE	0x6000
#define AT_RECURSIVE		0x8000

#define R_OK		4
#define W_OK		2
#define X_OK		1
#define F_OK		0

#define DT_UNKNOWN	0
#define DT_FIFO		1
#define DT_CHR		2
#define DT_DIR		4
#define DT_BLK		6
#define DT_REG		8
#define DT_LNK		10
#define DT_SOCK		12

#define RENAME_NOREPLACE	1
#define RENAME_EXCHANGE		2
#define RENAME_WHITEOUT		4

#define RESOLVE_NO_XDEV		0x01
#define RESOLVE_NO_MAGICLINKS	0x02
#define RESOLVE_NO_SYMLINKS	0x04
#define RESOLVE_BENEATH		0x08
#define RESOLVE_IN_ROOT		0x10
#define RESOLVE_CACHED		0x20

#define PATH_MAX	4096
#define NAME_MAX	255
#define PIPE_BUF	4096
/* clang-format on */

struct open_how {
	uint64_t flags;
	uint64_t mode;
	uint64_t resolve;
};

struct flock {
	int16_t l_type;
	int16_t l_whence;
	int32_t l_start;
	int32_t l_len;
	int32_t l_pid;
};

struct flock64 {
	int16_t l_type;
	int16_t l_whence;
	int64_t l_start;
	int64_t l_len;
	int32_t l_pid;
} __attribute__((__packed__, __aligned__(4)));

/* fallocate(2) */
#define FALLOC_FL_KEEP_SIZE	0x01
#define FALLOC_FL_PUNCH_HOLE	0x02
#define FALLOC_FL_COLLAPSE_RANGE	0x08
#define FALLOC_FL_ZERO_RANGE	0x10
#define FALLOC_FL_INSERT_RANGE	0x20
#define FALLOC_FL_UNSHARE_RANGE	0x40
#define FALLOC_FL_ALL		0x7b

struct f_owner_ex {
	int32_t type;
	int32_t pid;
};

_Static_assert(sizeof(struct flock) == 16, "struct flock");
_Static_assert(sizeof(struct flock64) == 24, "struct flock64");

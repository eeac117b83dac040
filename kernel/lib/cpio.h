/*
 * Reading a cpio archive ("newc", the format of Linux's initramfs) that lies in memory.
 *
 * The archive is not trusted: nothing outside [archive, archive + size) is read, whatever it says.
 * Names and contents point into the archive; nothing is copied.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/compiler.h"

struct cpio_reader {
	const uint8_t *archive;
	size_t size;
	size_t offset;		/* of the next header */
	bool is_open;		/* entries were read, their trailer was not yet */
};

struct cpio_entry {
	const char *name;	/* ends with a 0 */
	const uint8_t *data;	/* `size` bytes; of a symbolic link, its target without a 0 */
	uint32_t size;
	uint32_t inode;
	uint32_t mode;		/* type and permissions, numbered as Linux does */
	uint32_t uid;
	uint32_t gid;
	uint32_t link_count;
	uint32_t mtime;		/* seconds since 1970 */
	uint32_t device_major;	/* together with `inode`, what hard links have in common */
	uint32_t device_minor;
	uint32_t target_major;	/* of a device node */
	uint32_t target_minor;
};

void cpio_reader_init(struct cpio_reader *reader, const void *archive, size_t size);

/*
 * The next entry. Returns 1 if there is one, 0 at the end; archives may follow one another, with
 * zeros in between. Errors: -EINVAL if the archive is damaged or cut.
 */
must_check int cpio_next(struct cpio_reader *reader, struct cpio_entry *entry);

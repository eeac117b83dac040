/*
 * Disks for tests of file systems: an image in a file that is also memory, made and checked by
 * e2fsprogs, so that strangers judge what we write.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Are mke2fs, e2fsck and debugfs on this machine? */
bool disk_image_has_tools(void);

/* A new image of `size` bytes, all zeros; in memory until disk_image_close. One at a time. */
uint8_t *disk_image_open(size_t size);
void disk_image_close(void);

/*
 * The image number `index` of those that the environment's QUARTET_REPLAY lists, opened to be
 * changed in place; NULL: there are no more.
 */
uint8_t *disk_image_open_listed(unsigned int index, size_t *size);

/* Run mke2fs with `options` on it. */
bool disk_image_format(const char *options);

/* Run e2fsck -fn. True: clean; else what it found is printed. */
bool disk_image_is_clean(void);
/* The same, and nothing is printed. */
bool disk_image_seems_clean(void);

/* Run e2fsck -fy, which mends. False: it could not mend all. What it found is printed nowhere. */
bool disk_image_mend(void);

/* Run one debugfs request, with writing allowed; its output goes to `output`. */
bool disk_image_debugfs(const char *request, char *output, size_t size);

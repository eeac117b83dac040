/*
 * The virtual file system as a whole.
 */
#pragma once

/* The slabs and tables of this folder; before any file system is registered. */
void vfs_init(void);

struct path;

/* The root of the whole tree, as it is now, referenced: what the first process starts from. */
void vfs_get_root(struct path *out);

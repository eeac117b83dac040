/*
 * The virtual file system as a whole.
 */
#pragma once

/* The slabs and tables of this folder; before any file system is registered. */
void vfs_init(void);

/* Shared anonymous memory and memfds: after tmpfs is registered. */
void anonymous_memory_init(void);

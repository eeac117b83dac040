/*
 * The kernel on the simulated machine, before and after what is played on it.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "vfs/path_walk.h"

extern struct walk_context sim_root;	/* of a process of root's */

/* At /m: a file system of this format on the disk, or NULL: in memory. */
void sim_mount(const char *format);
void sim_unmount(void);

/* What the kernel has handed out, once caches are empty. */
struct in_use {
	size_t files, page_cache, anonymous, page_tables, objects[64];
	size_t promised;		/* pages of private memory */
};
void sim_count_in_use(struct in_use *out);
/* The kernel, with a disk if there is a format; what is in use then; and that mounted. */
void sim_kernel_start(const char *format, struct in_use *before);
/* Nothing more than then is left. `all_pages`: no disk caches anything. */
void sim_check_leaks(const struct in_use *before, bool all_pages);

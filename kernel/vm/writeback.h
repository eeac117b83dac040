/*
 * Writeback: dirty pages go to the disk in the background and on sync; and reclaim: memory is found
 * again.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "core/compiler.h"
#include "vm/page_cache.h"

/* Start the background threads (writeback, reclaim) and give mem its reclaim_ops. */
void writeback_init(void);

/*
 * Whoever has things to write registers: a mounted file system, a block device. `write_back` writes
 * dirty data (all, or what is older than `age_ns`) and `wait`s or not; returns pages written or an
 * error. May sleep.
 */
struct writeback_client {
	struct list_node node;		/* writeback.c's */
	int (*write_back)(struct writeback_client *client, uint64_t age_ns, bool wait);
};
void writeback_register(struct writeback_client *client);
void writeback_unregister(struct writeback_client *client);	/* waits until not in use */

/* There is something dirty: the background thread will come in time. Any context. */
void writeback_kick(void);
/* Dirtied more than memory bears: the writer waits a while. May sleep. */
void writeback_throttle(void);
/*
 * From now on the calling kernel thread carries out what others write back, by writing to a file
 * (loop devices): it is not slowed down as one that makes pages dirty.
 */
void writeback_serve(void);
/* More is dirty than memory bears: whoever serves should start to write his file back. */
bool writeback_is_pressing(void);
/* Sleep until some writing has finished, at most `limit_ns`. */
void writeback_wait_progress(uint64_t limit_ns);

/*
 * Caches of things besides pages (dentries, inodes) that can shrink: called by reclaim, returns
 * objects freed. May sleep.
 */
struct shrinker {
	struct list_node node;		/* reclaim.c's */
	const char *name;
	size_t (*shrink)(size_t wanted);
};
void reclaim_register_shrinker(struct shrinker *shrinker);

/* Drop all clean page-cache pages, dentries and inodes that nobody uses: before counting leaks. */
void reclaim_drop_caches(void);

/* proc fills it in: kill the process with most memory. True if one was (or is) dying. */
void reclaim_set_killer(bool (*kill)(void));

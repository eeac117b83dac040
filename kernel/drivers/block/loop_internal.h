/*
 * What the files of the loop driver share. (Theory: loop.c, loop_requests.c.)
 */
#pragma once
#include "block/block_device.h"
#include "sched/completion.h"
#include "sched/mutex.h"
#include "sched/rwlock.h"
#include "uapi/linux/fcntl.h"
#include "uapi/linux/loop.h"
#include "vfs/file.h"
#include "vfs/inode.h"

struct loop;

/*
 * One thread and the requests that it carries out. [I] set by loop_start  [q] the disk's queue lock
 */
struct loop_lane {
	struct loop *loop;			/* [I] */
	struct page_frame *bounce;		/* [I] for frames above the direct map */
	struct wait_queue waiters;		/* the thread, for requests */
	struct list requests;			/* [q] by age_node */
	bool ends;				/* [q] there will be no more */
	struct completion ended;
};
enum { LOOP_LANE_READ, LOOP_LANE_WRITE, LOOP_LANES };

enum loop_state {
	LOOP_FREE,
	LOOP_ATTACHED,
	LOOP_LEAVING,	/* being detached, by one thread */
};

/*
 * [I] immutable  [L] loop_mutex  [F] file_lock and, exclusively and with loop_mutex, to change
 * [a] atomic
 */
struct loop {
	struct block_device block;
	struct list_node node;			/* [L] in order of number, until removed */
	unsigned int number;			/* [I] */
	enum loop_state state;			/* [L] */
	uint32_t flags;				/* [L] LO_FLAGS_ */
	uint8_t name[LO_NAME_SIZE];		/* [L] of the file, as a program says */
	/* LOCK_RANK_LOOP_FILE: requests being carried out, shared */
	struct rwlock file_lock;
	struct file *file;			/* [F] what is shown, referenced */
	uint64_t offset;			/* [F] where in it */
	uint64_t size_limit;			/* [L] bytes; 0: none */
	struct loop_lane lanes[LOOP_LANES];
	atomic_bool is_ending;			/* [a] somebody waits for the last request */
	struct wait_queue idle_waiters;
	struct block_reserve reserve;
	struct block_request spare;		/* the reserve's */
};

/* loop.c: LOCK_RANK_LOOP: which loop devices there are, and what each of them shows. */
extern struct mutex loop_mutex;
/* The loop device that `device`, be it one or a partition of one, belongs to; or NULL. */
struct loop *loop_of(const struct block_device *device);
extern const struct block_device_ops loop_ops;

/* Whether what is written to `file` goes to its end instead of its place. (Theory: loop.c.) */
static inline bool loop_file_appends(const struct file *file)
{
	return atomic_load_explicit(&file->flags, memory_order_relaxed) & O_APPEND &&
	       inode_is(file->inode, MODE_REGULAR);
}

/* loop_ioctl.c: as block_device_ops.ioctl. */
int loop_ioctl(struct block_device *device, struct file *through, unsigned int command,
	       uintptr_t argument);

/*
 * loop.c: what the calls on a device do. `through` is the open file of the device that they come
 * by. May sleep; no locks held. Errors: as Linux's ioctls of these names.
 */
must_check int loop_attach(struct loop *loop, struct file *through, struct file *file,
			   const struct loop_config *config);
must_check int loop_detach(struct loop *loop, bool by_partition);
must_check int loop_change_file(struct loop *loop, const struct file *through, struct file *file);
must_check int loop_set_status(struct loop *loop, const struct file *through,
			       const struct loop_info64 *info);
must_check int loop_get_status(struct loop *loop, struct loop_info64 *out);
must_check int loop_update_size(struct loop *loop);
must_check int loop_set_direct(struct loop *loop, bool is_direct);
must_check int loop_set_sector_size(struct loop *loop, uintptr_t size);
void loop_unused(struct block_device *disk);	/* block_device_ops.unused */

/* loop_requests.c: make the threads, with nothing to do yet. May sleep. Errors: -ENOMEM. */
must_check int loop_start(struct loop *loop);
/* The disk has no sectors any more: wait for the last requests, and end the threads. */
void loop_stop(struct loop *loop);
void loop_submit(struct block_device *device, struct block_request *request);

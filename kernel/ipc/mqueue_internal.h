/*
 * What the two files of message queues share: the queue itself (mqueue.c) and its name
 * (mqueue_names.c).
 */
#pragma once
#include "core/spinlock.h"
#include "ipc/mqueue.h"
#include "lib/list.h"
#include "lib/rbtree.h"
#include "sched/wait_queue.h"
#include "vfs/inode.h"

struct process;
struct user_count;

/* [l] lock  [I] immutable  [i] the inode's lock */
struct mqueue {
	struct spinlock lock;			/* LOCK_RANK_IPC_OBJECT */
	struct rbtree messages;			/* [l] highest priority first, then oldest */
	uint32_t message_count;			/* [l] */
	size_t bytes;				/* [l] in all messages */
	struct list senders, receivers;		/* [l] who waits, in the order of their turns */
	struct wait_queue pollers;
	struct mqueue_attributes limits;	/* [I] */
	struct user_count *user;		/* [I] who is charged; reference */
	uint32_t charge;			/* [I] bytes */
	struct process *listener;		/* [l] reference; NULL: nobody */
	int listener_signal;			/* [l] 0: it only keeps others out */
	uint32_t listener_value;		/* [l] */
};

struct mqueue_inode {
	struct inode inode;			/* first: what vfs sees */
	struct mqueue queue;			/* of a regular file */
	struct list names;			/* [i] of the directory, in order of creation */
	uint64_t next_position;			/* [i] of the directory */
};

static inline struct mqueue_inode *mqueue_inode(struct inode *inode)
{
	return container_of(inode, struct mqueue_inode, inode);
}

extern const struct file_ops mqueue_file_ops;
/*
 * A queue with these limits, charged to the current user. Errors: -EINVAL, -EOVERFLOW, -EMFILE
 * (LIMIT_MESSAGE_QUEUE), -ENOMEM.
 */
must_check int mqueue_setup(struct mqueue *queue, const struct mqueue_attributes *limits);
/* Its messages go, and the charge. Nobody uses it. */
void mqueue_clear(struct mqueue *queue);

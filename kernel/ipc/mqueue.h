/*
 * POSIX message queues: mq_overview(7). They are files of a file system of their own, `mqueue`, of
 * which there is one instance; programs may mount it to list and remove queues by name.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"
#include "lib/rbtree.h"

struct credentials;
struct file;

enum {
	MQUEUE_PRIORITIES = 32768,
	MQUEUE_COUNT_MAX = 256,		/* queues, unless CAP_SYS_RESOURCE */
	/* in a queue, the same; and what it gets if nothing is said */
	MQUEUE_MESSAGES_MAX = 10,
	MQUEUE_SIZE_MAX = 8192,		/* bytes in a message, the same */
	MQUEUE_MESSAGES_HARD = 65536,	/* for everyone */
	MQUEUE_SIZE_HARD = 1 << 24,
};

struct mqueue_attributes {
	int32_t messages_max;
	int32_t size_max;		/* bytes in a message */
};

/* One message; the sender's until it is sent, the receiver's once it is received. */
struct mqueue_message {
	struct rbtree_node node;
	uint32_t priority;
	size_t size;
	char text[];
};
struct mqueue_message *mqueue_message_create(size_t size);	/* NULL: no memory */
void mqueue_message_destroy(struct mqueue_message *message);

void mqueue_init(void);

/*
 * `name` without a slash; `flags`: access mode, O_CREAT, O_EXCL, O_NONBLOCK. A new queue gets
 * `wish` (NULL: the usual). Errors as mq_open(3).
 */
must_check int mqueue_open(const char *name, uint32_t flags, file_mode mode,
			   const struct mqueue_attributes *wish,
			   const struct credentials *credentials, struct file **out);
must_check int mqueue_unlink(const char *name, const struct credentials *credentials);

bool mqueue_is(const struct file *file);
/* Of a file that is one: */
void mqueue_status(struct file *file, struct mqueue_attributes *out, int32_t *message_count);
/* The file's attributes were set or read: its times. */
void mqueue_touch(struct file *file);
/* Takes the message over on success. Errors: -EAGAIN (!wait), -ETIMEDOUT, -ERESTARTSYS. */
must_check int mqueue_send(struct file *file, struct mqueue_message *message, bool wait,
			   uint64_t deadline_ns);
must_check int mqueue_receive(struct file *file, bool wait, uint64_t deadline_ns,
			      struct mqueue_message **out);
/*
 * The current process hears of the next message that comes into the empty queue: by `signal` with
 * `value`, or 0: not at all, but nobody else can. Errors: -EBUSY. It hears no more.
 */
must_check int mqueue_listen(struct file *file, int signal, uint32_t value);
void mqueue_stop_listening(struct file *file);

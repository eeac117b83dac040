/*
 * POSIX message queues: the queue.
 *
 * Messages stand in a tree, by priority and age. Who finds the queue empty (or full) enters a line
 * of those who wait, the most urgent thread first, and sleeps on a queue of his own. A message that
 * comes while a receiver waits is handed to him and never enters the tree; the room that a message
 * leaves goes to the first sender who waits. So nobody overtakes, and nobody is woken in vain.
 *
 * One process may listen: when a message enters the empty queue and nobody waits for it, the
 * process is told by a signal, once. It stops listening when it closes any description of the
 * queue.
 *
 * Locks. queue->lock protects it all. The listener is told with the lock held: whoever finds the
 * message there has been told, and whoever stops listening is not told later. What has become
 * useless is freed after the lock was given back. A waiter lies on the stack of its thread: who has
 * served it wakes it with the lock held, and it takes the lock before it goes.
 */
#include "ipc/mqueue.h"

#include "ipc/mqueue_internal.h"
#include "lib/format.h"
#include "lib/min_max.h"
#include "mem/kmalloc.h"
#include "proc/process.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/signal.h"
#include "vfs/credentials.h"
#include "vfs/file.h"
#include "vfs/poll.h"
#include "vfs/user_count.h"
#include "vm/io_buffer.h"

struct mqueue_message *mqueue_message_create(size_t size)
{
	struct mqueue_message *message = kmalloc(sizeof(*message) + size, 0);

	if (message)
		message->size = size;
	return message;
}

void mqueue_message_destroy(struct mqueue_message *message)
{
	kfree(message);
}

static struct mqueue *queue_of(struct file *file)
{
	return &mqueue_inode(file->inode)->queue;
}

/* ---- making and ending ----------------------------------------------------------------------- */

/* What Linux counts for a queue on i386: the bytes, and its own structures for each message. */
static int charge_of(const struct mqueue_attributes *limits, uint32_t *out)
{
	const uint32_t message_struct = 24, priority_struct = 24;
	uint64_t messages = (uint32_t)limits->messages_max;
	uint64_t total = messages * (uint32_t)limits->size_max;

	if (total > UINT32_MAX)
		return -EOVERFLOW;
	total += messages * message_struct +
		 min_t(uint64_t, messages, MQUEUE_PRIORITIES) * priority_struct;
	if (total > UINT32_MAX)
		return -EOVERFLOW;
	*out = (uint32_t)total;
	return 0;
}

static bool are_allowed(const struct mqueue_attributes *limits)
{
	bool is_privileged = credentials_capable(credentials_current(), CAP_SYS_RESOURCE);

	return limits->messages_max > 0 && limits->size_max > 0 &&
	       limits->messages_max <=
		       (is_privileged ? MQUEUE_MESSAGES_HARD : MQUEUE_MESSAGES_MAX) &&
	       limits->size_max <= (is_privileged ? MQUEUE_SIZE_HARD : MQUEUE_SIZE_MAX);
}

int mqueue_setup(struct mqueue *queue, const struct mqueue_attributes *limits)
{
	uint64_t most = limits_current(&process_current()->limits, LIMIT_MESSAGE_QUEUE);
	int error;

	if (!are_allowed(limits))
		return -EINVAL;
	error = charge_of(limits, &queue->charge);
	if (error)
		return error;
	queue->user = user_count_get(credentials_current()->uid);
	if (!queue->user)
		return -ENOMEM;
	if (!user_count_try_charge_many(queue->user, USER_MESSAGE_QUEUES, queue->charge, most)) {
		user_count_put(queue->user);
		queue->user = NULL;
		return -EMFILE;
	}
	queue->limits = *limits;
	spin_init(&queue->lock, LOCK_RANK_IPC_OBJECT, "message queue");
	rbtree_init(&queue->messages);
	list_init(&queue->senders);
	list_init(&queue->receivers);
	wait_queue_init(&queue->pollers);
	return 0;
}

/* The message that is received next is taken out. The queue is not empty, and locked. */
static struct mqueue_message *take_first(struct mqueue *queue)
{
	struct rbtree_node *node = rbtree_first(&queue->messages);
	struct mqueue_message *message = rbtree_entry(node, struct mqueue_message, node);

	rbtree_remove(&queue->messages, node);
	queue->message_count--;
	queue->bytes -= message->size;
	return message;
}

void mqueue_clear(struct mqueue *queue)
{
	if (!queue->user)
		return; /* it never came to be one */
	while (!rbtree_is_empty(&queue->messages))
		mqueue_message_destroy(take_first(queue));
	/* Whoever listens through a table that others share may not have been the last to close. */
	if (queue->listener)
		process_put(queue->listener);
	user_count_uncharge_many(queue->user, USER_MESSAGE_QUEUES, queue->charge);
	user_count_put(queue->user);
}

/* ---- waiting for one's turn ------------------------------------------------------------------ */

/* A sender or receiver that waits. [l] the queue's lock  [I] immutable */
struct waiter {
	struct list_node node;			/* [l] in senders or receivers */
	int urgency;				/* [I] less is more urgent: Linux's priority */
	struct mqueue_message *message;		/* [l] a sender's, or what a receiver got */
	atomic_bool is_served;			/* [l] to set; read by its own thread */
	struct wait_queue sleep;		/* its own */
};

static int urgency_of(const struct thread *thread)
{
	return thread->realtime_priority ? 99 - thread->realtime_priority : 120 + thread->nice;
}

/* Behind all that are as urgent. The queue is locked. */
static void stand_in_line(struct list *line, struct waiter *waiter)
{
	struct list_node *node = line->head.previous;

	while (node != &line->head &&
	       container_of(node, struct waiter, node)->urgency > waiter->urgency)
		node = node->previous;
	list_insert_after(node, &waiter->node);
}

static struct waiter *first_in_line(struct list *line)
{
	return list_is_empty(line) ? NULL : container_of(line->head.next, struct waiter, node);
}

/* It leaves the line with what it waited for. The queue is locked. */
static void serve(struct waiter *waiter)
{
	list_remove(&waiter->node);
	atomic_store_explicit(&waiter->is_served, true, memory_order_release);
	wait_queue_wake_all(&waiter->sleep, 0);
}

/* Called with the queue locked; gives the lock back. */
static int wait_turn(struct mqueue *queue, struct list *line, struct waiter *waiter,
		     uint64_t deadline_ns)
{
	int error;

	waiter->urgency = urgency_of(thread_current());
	atomic_init(&waiter->is_served, false);
	wait_queue_init(&waiter->sleep);
	stand_in_line(line, waiter);
	spin_unlock(&queue->lock);
	/* Acquire: pairs with serve(). */
	error = wait_event_interruptible_until(
		&waiter->sleep,
		atomic_load_explicit(&waiter->is_served, memory_order_acquire), deadline_ns);
	spin_lock(&queue->lock);
	if (atomic_load_explicit(&waiter->is_served, memory_order_relaxed))
		error = 0;
	else
		list_remove(&waiter->node);
	spin_unlock(&queue->lock);
	return error == -EINTR ? -ERESTARTSYS : error;
}

/* ---- telling the listener -------------------------------------------------------------------- */

/*
 * Whoever listens is told, and listens no longer; NULL, or its reference, to be put once the queue,
 * which is locked, is not.
 */
static struct process *tell_listener(struct mqueue *queue)
{
	struct linux_siginfo info = { .signo = queue->listener_signal, .code = SI_MESGQ };
	struct process *listener = queue->listener;

	if (!listener)
		return NULL;
	queue->listener = NULL;
	info.user.pid = process_current()->id;
	info.user.uid = credentials_current()->uid;
	info.user.value.pointer = queue->listener_value;
	if (info.signo)
		(void)signal_send_process(listener, &info);
	return listener;
}

int mqueue_listen(struct file *file, int signal, uint32_t value)
{
	struct mqueue *queue = queue_of(file);
	struct process *process = process_current();
	int error = 0;

	spin_lock(&queue->lock);
	if (queue->listener) {
		error = -EBUSY;
	} else {
		process_get(process);
		queue->listener = process;
		queue->listener_signal = signal;
		queue->listener_value = value;
	}
	spin_unlock(&queue->lock);
	return error;
}

void mqueue_stop_listening(struct file *file)
{
	struct mqueue *queue = queue_of(file);
	struct process *process = process_current();
	bool was_listening;

	spin_lock(&queue->lock);
	was_listening = queue->listener == process;
	if (was_listening)
		queue->listener = NULL;
	spin_unlock(&queue->lock);
	if (was_listening)
		process_put(process);
}

/* ---- sending and receiving ------------------------------------------------------------------- */

/* The queue is locked, and has room. */
static void put_in(struct mqueue *queue, struct mqueue_message *message)
{
	struct rbtree_node *parent = NULL, **link = &queue->messages.node;

	while (*link) {
		parent = *link;
		link = rbtree_entry(parent, struct mqueue_message, node)->priority <
				       message->priority ?
			       &parent->left :
			       &parent->right;
	}
	rbtree_link(&message->node, parent, link);
	rbtree_insert_fixup(&queue->messages, &message->node);
	queue->message_count++;
	queue->bytes += message->size;
}

static bool is_full(const struct mqueue *queue)
{
	return queue->message_count == (uint32_t)queue->limits.messages_max;
}

int mqueue_send(struct file *file, struct mqueue_message *message, bool wait, uint64_t deadline_ns)
{
	struct mqueue *queue = queue_of(file);
	struct waiter own = { .message = message }, *receiver;
	struct process *told = NULL;

	spin_lock(&queue->lock);
	if (is_full(queue)) {
		if (wait)
			return wait_turn(queue, &queue->senders, &own, deadline_ns);
		spin_unlock(&queue->lock);
		return -EAGAIN;
	}
	receiver = first_in_line(&queue->receivers);
	if (receiver) {
		receiver->message = message;
		serve(receiver);
	} else {
		put_in(queue, message);
		if (queue->message_count == 1)
			told = tell_listener(queue);
	}
	spin_unlock(&queue->lock);
	if (!receiver)
		wait_queue_wake_all(&queue->pollers, POLL_IN);
	if (told)
		process_put(told);
	inode_touch(file->inode, true, true, true);
	return 0;
}

int mqueue_receive(struct file *file, bool wait, uint64_t deadline_ns, struct mqueue_message **out)
{
	struct mqueue *queue = queue_of(file);
	struct waiter own = { .message = NULL }, *sender;
	int error;

	spin_lock(&queue->lock);
	if (queue->message_count == 0) {
		if (!wait) {
			spin_unlock(&queue->lock);
			return -EAGAIN;
		}
		error = wait_turn(queue, &queue->receivers, &own, deadline_ns);
		if (!error)
			*out = own.message;
		return error;
	}
	*out = take_first(queue);
	sender = first_in_line(&queue->senders);
	if (sender) {
		put_in(queue, sender->message);
		serve(sender);
	}
	spin_unlock(&queue->lock);
	if (!sender)
		wait_queue_wake_all(&queue->pollers, POLL_OUT);
	inode_touch(file->inode, true, true, true);
	return 0;
}

void mqueue_touch(struct file *file)
{
	inode_touch(file->inode, true, false, true);
}

void mqueue_status(struct file *file, struct mqueue_attributes *out, int32_t *message_count)
{
	struct mqueue *queue = queue_of(file);

	*out = queue->limits;
	spin_lock(&queue->lock);
	*message_count = (int32_t)queue->message_count;
	spin_unlock(&queue->lock);
}

/* ---- as a file ------------------------------------------------------------------------------- */

static ssize_t mqueue_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct mqueue *queue = queue_of(file);
	process_id listener;
	int signal;
	size_t bytes, length, left;
	char text[80];

	spin_lock(&queue->lock);
	bytes = queue->bytes;
	listener = queue->listener ? queue->listener->id : 0;
	signal = queue->listener ? queue->listener_signal : 0;
	spin_unlock(&queue->lock);
	length = (size_t)snprintf(text, sizeof(text),
				  "QSIZE:%-10zu NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n", bytes,
				  listener && !signal ? SIGEV_NONE : SIGEV_SIGNAL, signal,
				  listener);
	if (*position < 0 || (uint64_t)*position >= length)
		return 0;
	left = min(length - (size_t)*position, buffer->remaining);
	if (io_buffer_put(buffer, text + *position, left))
		return -EFAULT;
	*position += (file_offset)left;
	inode_touch(file->inode, true, false, true);
	return (ssize_t)left;
}

static uint32_t mqueue_poll(struct file *file, struct poll_table *table)
{
	struct mqueue *queue = queue_of(file);
	uint32_t events;

	poll_register(table, &queue->pollers);
	spin_lock(&queue->lock);
	events = (queue->message_count ? POLL_IN : 0) | (is_full(queue) ? 0 : POLL_OUT);
	spin_unlock(&queue->lock);
	return events;
}

static int open_file(struct file *file)
{
	file->mode |= FILE_FLUSHES;
	return 0;
}

const struct file_ops mqueue_file_ops = {
	.read = mqueue_read,
	.poll = mqueue_poll,
	.open = open_file,
	.flush = mqueue_stop_listening,
};

bool mqueue_is(const struct file *file)
{
	return file->ops == &mqueue_file_ops;
}

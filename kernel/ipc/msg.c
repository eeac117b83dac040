/*
 * System V messages: queues of typed pieces of bytes.
 *
 * A queue is a list under its object's spinlock. Messages are made and freed outside of it; the
 * lock is held to look, to take out and to put in.
 *
 * A message that a receiver waits for never enters the queue: it is handed to the first who wants
 * it, in the section in which it is sent. So he has it even if the queue is removed, or he is
 * interrupted, before he runs; and nobody else gets it. Receivers stand in a line, each on its own
 * stack, and leave it under the lock: served, or because they give up.
 *
 * Senders who find no room all look again when some is made.
 */
#include "ipc/msg.h"

#include "core/assert.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "mem/slab.h"
#include "proc/process.h"
#include "sched/wait_queue.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/ipc.h"
#include "vfs/credentials.h"

/* [o] object.lock */
struct msg_queue {
	struct ipc_object object;
	struct list messages;			/* [o] oldest first */
	size_t bytes, count;			/* [o] of the messages */
	size_t queue_bytes;			/* [o] how many bytes it may hold */
	int64_t sent, received, changed;	/* [o] seconds */
	process_id last_sender, last_receiver;	/* [o] */
	struct wait_queue senders;
	atomic_uint changes;			/* [a] of room or rights: what senders watch */
	struct list receivers;			/* [o] struct receiver, first come first served */
};

/* One who waits. [o] the object's lock  [I] immutable */
struct receiver {
	struct list_node node;				/* [o] in the line until it is served */
	const struct msg_receive_request *request;	/* [I] */
	process_id pid;					/* [I] */
	struct message *message;			/* [o] what it got */
	int result;					/* [o] once served; -EAGAIN: look again */
	atomic_bool is_served;				/* [o] to set; read by its own thread */
	struct wait_queue sleep;			/* its own */
};

static struct ipc_table table;
static struct slab_cache *queue_slab;
static atomic_size_t total_messages, total_bytes;

static struct msg_queue *queue_of(struct ipc_object *object)
{
	return container_of(object, struct msg_queue, object);
}

struct message *message_create(size_t size)
{
	struct message *message = kmalloc(sizeof(*message) + size, 0);

	if (message)
		message->size = size;
	return message;
}

void message_destroy(struct message *message)
{
	kfree(message);
}

static void destroy(struct ipc_object *object)
{
	struct msg_queue *queue = queue_of(object);
	struct message *message;

	assert(list_is_empty(&queue->receivers));
	while ((message = list_pop_head_entry(&queue->messages, struct message, node))) {
		atomic_fetch_sub_explicit(&total_messages, 1, memory_order_relaxed);
		atomic_fetch_sub_explicit(&total_bytes, message->size, memory_order_relaxed);
		message_destroy(message);
	}
	slab_free(queue_slab, queue);
}

void msg_init(void)
{
	queue_slab = slab_cache_create("msg queue", sizeof(struct msg_queue), 0);
	ipc_table_init(&table, "msg table", MSG_QUEUES_MAX, destroy);
}

static int create(const struct ipc_get_request *request, struct ipc_object **out)
{
	struct msg_queue *queue = slab_alloc_zeroed(queue_slab, 0);

	(void)request;
	if (!queue)
		return -ENOMEM;
	list_init(&queue->messages);
	queue->queue_bytes = MSG_QUEUE_BYTES;
	queue->changed = ipc_now();
	wait_queue_init(&queue->senders);
	list_init(&queue->receivers);
	*out = &queue->object;
	return 0;
}

static int check(const struct ipc_get_request *request, struct ipc_object *object)
{
	(void)request;
	(void)object;
	return 0;
}

int msg_get(int32_t key, int flags, const struct credentials *credentials)
{
	struct ipc_get_request request = {
		.key = key,
		.flags = flags,
		.credentials = credentials,
		.create = create,
		.check = check,
	};

	return ipc_get(&table, &request);
}

/* ---- what both sides look at. The object is locked ------------------------------------------- */

static int check_use(struct msg_queue *queue, const struct credentials *credentials, uint32_t wish)
{
	int error = ipc_check_permission(&queue->object, credentials, wish);

	if (error)
		return error;
	return queue->object.removed ? -EIDRM : 0;
}

static bool is_wanted(const struct message *message, const struct msg_receive_request *request)
{
	if (request->type == 0)
		return true;
	if (request->type > 0)
		return (message->type == request->type) != request->except;
	return message->type <= -(int64_t)request->type;
}

static bool is_too_large(const struct message *message, const struct msg_receive_request *request)
{
	return message->size > request->size && !request->cut;
}

/* It leaves the line. */
static void serve(struct receiver *receiver, int result)
{
	list_remove(&receiver->node);
	receiver->result = result;
	atomic_store_explicit(&receiver->is_served, true, memory_order_release);
	wait_queue_wake_all(&receiver->sleep, 0);
}

static void serve_all(struct msg_queue *queue, int result)
{
	struct receiver *receiver, *following;

	list_for_each_entry_safe(receiver, following, &queue->receivers, node)
		serve(receiver, result);
}

/* ---- sending --------------------------------------------------------------------------------- */

/* What a sleeper compares: read before it looks, so that no change is missed. Object locked. */
static unsigned int changes_seen(const struct msg_queue *queue)
{
	return atomic_load_explicit(&queue->changes, memory_order_relaxed);
}

static void note_change(struct msg_queue *queue)
{
	atomic_fetch_add_explicit(&queue->changes, 1, memory_order_release);
}

static bool has_changed(const struct msg_queue *queue, unsigned int seen)
{
	return atomic_load_explicit(&queue->changes, memory_order_acquire) != seen;
}

static bool fits(const struct msg_queue *queue, const struct message *message)
{
	return queue->bytes + message->size <= queue->queue_bytes &&
	       queue->count + 1 <= queue->queue_bytes;
}

static void put_in(struct msg_queue *queue, struct message *message)
{
	list_add_tail(&queue->messages, &message->node);
	queue->bytes += message->size;
	queue->count++;
	atomic_fetch_add_explicit(&total_messages, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&total_bytes, message->size, memory_order_relaxed);
}

/* To the first who wants it. Those before him who have no room for it are told so, as on Linux. */
static bool hand_over(struct msg_queue *queue, struct message *message)
{
	struct receiver *receiver, *following;

	list_for_each_entry_safe(receiver, following, &queue->receivers, node) {
		if (!is_wanted(message, receiver->request))
			continue;
		if (is_too_large(message, receiver->request)) {
			serve(receiver, -E2BIG);
			continue;
		}
		queue->received = ipc_now();
		queue->last_receiver = receiver->pid;
		receiver->message = message;
		serve(receiver, 0);
		return true;
	}
	return false;
}

/* 0, -EAGAIN with *seen: wait for a change; or an error. */
static int try_send(struct msg_queue *queue, struct message *message,
		    const struct credentials *credentials, unsigned int *seen)
{
	int error;

	spin_lock(&queue->object.lock);
	error = check_use(queue, credentials, 0222);
	*seen = changes_seen(queue);
	if (!error && !fits(queue, message))
		error = -EAGAIN;
	if (!error) {
		queue->sent = ipc_now();
		queue->last_sender = process_current()->id;
		if (!hand_over(queue, message))
			put_in(queue, message);
	}
	spin_unlock(&queue->object.lock);
	return error;
}

int msg_send(int id, struct message *message, bool wait, const struct credentials *credentials)
{
	struct ipc_object *object;
	struct msg_queue *queue;
	unsigned int seen;
	int error = ipc_find(&table, id, &object);

	if (error)
		return error;
	queue = queue_of(object);
	for (;;) {
		error = try_send(queue, message, credentials, &seen);
		if (error != -EAGAIN || !wait)
			break;
		if (wait_event_interruptible(&queue->senders, has_changed(queue, seen))) {
			error = -ERESTARTNOHAND;
			break;
		}
	}
	ipc_put(&table, object);
	return error;
}

/* ---- receiving ------------------------------------------------------------------------------- */

/* The message that is asked for, or NULL. Object locked. */
static struct message *find_message(struct msg_queue *queue,
				    const struct msg_receive_request *request)
{
	struct message *message, *best = NULL;
	int32_t number = 0;

	list_for_each_entry(message, &queue->messages, node) {
		if (request->copy) {
			if (number++ == request->type)
				return message;
		} else if (!is_wanted(message, request)) {
			continue;
		} else if (request->type >= 0) {
			return message;
		} else if (!best || message->type < best->type) {
			best = message;
		}
	}
	return best;
}

static void take_out(struct msg_queue *queue, struct message *message)
{
	list_remove(&message->node);
	queue->bytes -= message->size;
	queue->count--;
	queue->received = ipc_now();
	queue->last_receiver = process_current()->id;
	atomic_fetch_sub_explicit(&total_messages, 1, memory_order_relaxed);
	atomic_fetch_sub_explicit(&total_bytes, message->size, memory_order_relaxed);
	note_change(queue);
}

/* `spare`: memory for a copy. -ENOMSG: there is none; or an error. Object locked. */
static int try_receive(struct msg_queue *queue, const struct msg_receive_request *request,
		       const struct credentials *credentials, struct message *spare,
		       struct message **out)
{
	struct message *message = NULL;
	int error = check_use(queue, credentials, 0444);

	if (!error) {
		message = find_message(queue, request);
		error = message ? 0 : -ENOMSG;
	}
	if (!error && is_too_large(message, request))
		error = -E2BIG;
	if (!error && request->copy) {
		spare->type = message->type;
		spare->size = message->size < request->size ? message->size : request->size;
		memcpy(spare->text, message->text, spare->size);
		*out = spare;
	} else if (!error) {
		take_out(queue, message);
		*out = message;
	}
	return error;
}

/* Called with the object locked; gives the lock back. -EAGAIN: look again; -ERESTARTNOHAND... */
static int wait_in_line(struct msg_queue *queue, const struct msg_receive_request *request,
			struct message **out)
{
	struct receiver own = { .request = request, .pid = process_current()->id };

	wait_queue_init(&own.sleep);
	list_add_tail(&queue->receivers, &own.node);
	spin_unlock(&queue->object.lock);
	/* Acquire: pairs with serve(). Whether it was in vain is decided under the lock. */
	(void)!wait_event_interruptible(
		&own.sleep, atomic_load_explicit(&own.is_served, memory_order_acquire));
	spin_lock(&queue->object.lock);
	if (!atomic_load_explicit(&own.is_served, memory_order_relaxed)) {
		list_remove(&own.node);
		own.result = -ERESTARTNOHAND;
	}
	spin_unlock(&queue->object.lock);
	*out = own.message;
	return own.result;
}

static int receive(struct msg_queue *queue, const struct msg_receive_request *request,
		   const struct credentials *credentials, struct message *spare,
		   struct message **out)
{
	int error;

	do {
		spin_lock(&queue->object.lock);
		error = try_receive(queue, request, credentials, spare, out);
		if (error == -ENOMSG && request->wait)
			error = wait_in_line(queue, request, out);
		else
			spin_unlock(&queue->object.lock);
	} while (error == -EAGAIN);
	return error;
}

int msg_receive(int id, const struct msg_receive_request *request,
		const struct credentials *credentials, struct message **out)
{
	struct message *spare = NULL;
	struct ipc_object *object;
	int error;

	if (request->copy) {
		spare = message_create(request->size < MSG_SIZE_MAX ? request->size
								    : MSG_SIZE_MAX);
		if (!spare)
			return -ENOMEM;
	}
	error = ipc_find(&table, id, &object);
	if (error) {
		message_destroy(spare);
		return error;
	}
	error = receive(queue_of(object), request, credentials, spare, out);
	if (error)
		message_destroy(spare);
	else if (!request->copy)
		wait_queue_wake_all(&queue_of(object)->senders, 0);
	ipc_put(&table, object);
	return error;
}

/* ---- msgctl ---------------------------------------------------------------------------------- */

int msg_remove(int id, const struct credentials *credentials)
{
	struct ipc_object *object;
	int error = ipc_begin_as_owner(&table, id, credentials, &object);

	if (error)
		return error;
	object->removed = true;
	note_change(queue_of(object));
	serve_all(queue_of(object), -EIDRM);
	spin_unlock(&object->lock);
	wait_queue_wake_all(&queue_of(object)->senders, 0);
	ipc_remove(&table, object);
	ipc_put(&table, object);
	return 0;
}

int msg_set_owner(int id, user_id uid, group_id gid, uint32_t mode, size_t queue_bytes,
		  const struct credentials *credentials)
{
	struct ipc_object *object;
	struct msg_queue *queue;
	int error = ipc_begin_as_owner(&table, id, credentials, &object);

	if (error)
		return error;
	queue = queue_of(object);
	if (queue_bytes > MSG_QUEUE_BYTES &&
	    !credentials_capable(credentials, CAP_SYS_RESOURCE))
		error = -EPERM;
	if (!error)
		error = ipc_set_owner(object, uid, gid, mode);
	if (!error) {
		queue->queue_bytes = queue_bytes;
		queue->changed = ipc_now();
		/* There may be room now, or no permission any more. */
		note_change(queue);
		serve_all(queue, -EAGAIN);
	}
	spin_unlock(&object->lock);
	if (!error)
		wait_queue_wake_all(&queue->senders, 0);
	ipc_put(&table, object);
	return error;
}

/* Object locked. */
static void fill_status(const struct msg_queue *queue, struct msg_status *out)
{
	const struct ipc_object *object = &queue->object;

	*out = (struct msg_status){
		.id = object->id,
		.key = object->key,
		.uid = object->uid,
		.cuid = object->cuid,
		.gid = object->gid,
		.cgid = object->cgid,
		.mode = object->mode,
		.bytes = queue->bytes,
		.count = queue->count,
		.queue_bytes = queue->queue_bytes,
		.sent = queue->sent,
		.received = queue->received,
		.changed = queue->changed,
		.last_sender = queue->last_sender,
		.last_receiver = queue->last_receiver,
	};
}

int msg_stat(int id, bool by_index, bool ask, const struct credentials *credentials,
	     struct msg_status *out)
{
	struct ipc_object *object;
	int error = ipc_begin(&table, id, by_index, ask ? 0444 : 0, credentials, &object);

	if (error)
		return error;
	fill_status(queue_of(object), out);
	ipc_end(&table, object);
	return 0;
}

bool msg_next(unsigned int *index, struct msg_status *out)
{
	struct ipc_object *object = ipc_next(&table, index);

	if (!object)
		return false;
	fill_status(queue_of(object), out);
	ipc_end(&table, object);
	return true;
}

void msg_totals(struct msg_totals *out)
{
	*out = (struct msg_totals){ .used = table.used,
				    .highest_index = ipc_highest_index(&table),
				    .messages = atomic_load(&total_messages),
				    .bytes = atomic_load(&total_bytes) };
}

/*
 * Ids and keys of System V objects.
 *
 * An id is an index and a sequence number. The next free index after the one taken last is taken,
 * in a circle that is half as large again as what is used, at least IPC_CYCLE; when it is not above
 * the last one, the sequence goes on, so that an id comes back only after very many others. Who
 * holds an old id learns that its object was removed (EIDRM) where the index has a new owner, and
 * that there is none (EINVAL) otherwise; as on Linux.
 *
 * The table's mutex protects slots and keys; each object's spinlock what is in it. An object is
 * found under the mutex and used under its own lock, where `removed` is looked at first: between
 * the two it may have gone. References keep the memory, nothing else.
 */
#include "ipc/ipc_table.h"

#include "lib/min_max.h"
#include "lib/math64.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "sched/clock.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/ipc.h"
#include "vfs/credentials.h"

enum { FIRST_SLOTS = 16, SEQUENCE_MAX = INT32_MAX / IPC_INDEX_COUNT };

void ipc_table_init(struct ipc_table *table, const char *name, unsigned int limit,
		    void (*destroy)(struct ipc_object *object))
{
	*table = (struct ipc_table){ .limit = limit, .last_index = -1, .destroy = destroy };
	mutex_init(&table->mutex, LOCK_RANK_IPC_TABLE, name);
	rbtree_init(&table->by_key);
}

int64_t ipc_now(void)
{
	return (int64_t)div64_u32((uint64_t)clock_realtime_ns(), 1000000000, NULL);
}

/* ---- permissions ----------------------------------------------------------------------------- */

int ipc_check_permission(const struct ipc_object *object, const struct credentials *credentials,
			 uint32_t wish)
{
	uint32_t wanted = (wish >> 6 | wish >> 3 | wish) & 07;
	uint32_t granted = object->mode;

	if (credentials->euid == object->cuid || credentials->euid == object->uid)
		granted >>= 6;
	else if (credentials_in_group(credentials, object->cgid) ||
		 credentials_in_group(credentials, object->gid))
		granted >>= 3;
	if ((wanted & ~granted) && !credentials_capable(credentials, CAP_IPC_OWNER))
		return -EACCES;
	return 0;
}

/* Is it theirs to remove and change? Object locked. */
static int check_owner(const struct ipc_object *object, const struct credentials *credentials)
{
	if (credentials->euid == object->cuid || credentials->euid == object->uid ||
	    credentials_capable(credentials, CAP_SYS_ADMIN))
		return 0;
	return -EPERM;
}

int ipc_set_owner(struct ipc_object *object, user_id uid, group_id gid, uint32_t mode)
{
	if (uid == UINT32_MAX || gid == UINT32_MAX)
		return -EINVAL;
	object->uid = uid;
	object->gid = gid;
	object->mode = (object->mode & ~0777u) | (mode & 0777);
	return 0;
}

/* ---- finding --------------------------------------------------------------------------------- */

void ipc_put(struct ipc_table *table, struct ipc_object *object)
{
	if (refcount_put(&object->references))
		table->destroy(object);
}

int ipc_find_index(struct ipc_table *table, int index, struct ipc_object **out)
{
	int error = -EINVAL;

	if (index < 0)
		return error;
	index %= IPC_INDEX_COUNT;
	mutex_lock(&table->mutex);
	if ((unsigned int)index < table->slot_count && table->slots[index]) {
		*out = table->slots[index];
		refcount_get(&(*out)->references);
		error = 0;
	}
	mutex_unlock(&table->mutex);
	return error;
}

int ipc_find(struct ipc_table *table, int id, struct ipc_object **out)
{
	int error = id < 0 ? -EINVAL : ipc_find_index(table, id % IPC_INDEX_COUNT, out);

	if (!error && (*out)->id != id) {
		ipc_put(table, *out);
		error = -EIDRM;
	}
	return error;
}

/* It can be used: the object is there and the first check said yes. Gives it back otherwise. */
static int begin(struct ipc_table *table, struct ipc_object *object, int error)
{
	if (!error && object->removed)
		error = -EIDRM;
	if (error)
		ipc_end(table, object);
	return error;
}

int ipc_begin(struct ipc_table *table, int id, bool by_index, uint32_t wish,
	      const struct credentials *credentials, struct ipc_object **out)
{
	int error = by_index ? ipc_find_index(table, id, out) : ipc_find(table, id, out);

	if (error)
		return error;
	spin_lock(&(*out)->lock);
	return begin(table, *out, ipc_check_permission(*out, credentials, wish));
}

int ipc_begin_as_owner(struct ipc_table *table, int id, const struct credentials *credentials,
		       struct ipc_object **out)
{
	int error = ipc_find(table, id, out);

	if (error)
		return error;
	spin_lock(&(*out)->lock);
	return begin(table, *out, check_owner(*out, credentials));
}

void ipc_end(struct ipc_table *table, struct ipc_object *object)
{
	spin_unlock(&object->lock);
	ipc_put(table, object);
}

int ipc_highest_index(struct ipc_table *table)
{
	unsigned int count;

	mutex_lock(&table->mutex);
	count = table->slot_count;
	while (count > 0 && !table->slots[count - 1])
		count--;
	mutex_unlock(&table->mutex);
	return count > 0 ? (int)count - 1 : 0;
}

struct ipc_object *ipc_next(struct ipc_table *table, unsigned int *index)
{
	struct ipc_object *object = NULL;

	mutex_lock(&table->mutex);
	while (!object && *index < table->slot_count)
		object = table->slots[(*index)++];
	if (object)
		refcount_get(&object->references);
	mutex_unlock(&table->mutex);
	if (object)
		spin_lock(&object->lock);
	return object;
}

/* ---- keys. The table's mutex is held --------------------------------------------------------- */

static struct ipc_object *find_key(struct ipc_table *table, int32_t key)
{
	struct rbtree_node *node = table->by_key.node;

	while (node) {
		struct ipc_object *object = rbtree_entry(node, struct ipc_object, key_node);

		if (object->key == key)
			return object;
		node = key < object->key ? node->left : node->right;
	}
	return NULL;
}

static void insert_key(struct ipc_table *table, struct ipc_object *fresh)
{
	struct rbtree_node **link = &table->by_key.node, *parent = NULL;

	while (*link) {
		struct ipc_object *object = rbtree_entry(*link, struct ipc_object, key_node);

		parent = *link;
		link = fresh->key < object->key ? &parent->left : &parent->right;
	}
	rbtree_link(&fresh->key_node, parent, link);
	rbtree_insert_fixup(&table->by_key, &fresh->key_node);
}

static void remove_key(struct ipc_table *table, struct ipc_object *object)
{
	if (object->key == IPC_PRIVATE)
		return;
	rbtree_remove(&table->by_key, &object->key_node);
	object->key = IPC_PRIVATE;
}

void ipc_forget_key(struct ipc_table *table, struct ipc_object *object)
{
	mutex_lock(&table->mutex);
	remove_key(table, object);
	mutex_unlock(&table->mutex);
}

/* ---- coming and going ------------------------------------------------------------------------ */

/* The circle is never full: it is larger than what is used, or that is below the limit. */
static unsigned int next_free_index(const struct ipc_table *table)
{
	unsigned int circle = max_t(unsigned int, table->used + table->used / 2, IPC_CYCLE);
	unsigned int index = (unsigned int)(table->last_index + 1);

	circle = min(circle, table->limit);
	for (;; index++) {
		if (index >= circle)
			index = 0;
		if (index >= table->slot_count || !table->slots[index])
			return index;
	}
}

/* A free index, with room in the table for it. Errors: -ENOMEM. */
static int reserve_index(struct ipc_table *table, unsigned int *out)
{
	unsigned int index = next_free_index(table), count = table->slot_count;
	struct ipc_object **slots;

	if (index >= count) {
		count = max_t(unsigned int, count * 2, FIRST_SLOTS);
		while (count <= index)
			count *= 2;
		slots = kmalloc_array(count, sizeof(slots[0]), 0);
		if (!slots)
			return -ENOMEM;
		memset(slots, 0, count * sizeof(slots[0]));
		if (table->slot_count)
			memcpy(slots, table->slots, table->slot_count * sizeof(slots[0]));
		kfree(table->slots);
		table->slots = slots;
		table->slot_count = count;
	}
	*out = index;
	return 0;
}

/* Many came and went, or the first was refused: the table need not stay. */
static void free_if_empty(struct ipc_table *table)
{
	if (table->used > 0)
		return;
	kfree(table->slots);
	table->slots = NULL;
	table->slot_count = 0;
}

static void enter(struct ipc_table *table, struct ipc_object *object, unsigned int index,
		  const struct ipc_get_request *request)
{
	const struct credentials *credentials = request->credentials;

	if ((int)index <= table->last_index)
		table->sequence = (table->sequence + 1) % SEQUENCE_MAX;
	table->last_index = (int)index;
	refcount_set(&object->references, 1);
	spin_init(&object->lock, LOCK_RANK_IPC_OBJECT, "ipc object");
	object->id = (int)(table->sequence * IPC_INDEX_COUNT + index);
	object->key = request->key;
	object->uid = object->cuid = credentials->euid;
	object->gid = object->cgid = credentials->egid;
	object->mode = (uint32_t)request->flags & 0777;
	object->removed = false;
	if (object->key != IPC_PRIVATE)
		insert_key(table, object);
	table->slots[index] = object;
	table->used++;
}

static int create(struct ipc_table *table, const struct ipc_get_request *request)
{
	struct ipc_object *object;
	unsigned int index;
	int error;

	if (table->used >= table->limit)
		return -ENOSPC;
	error = reserve_index(table, &index);
	if (!error)
		error = request->create(request, &object);
	if (error) {
		free_if_empty(table);
		return error;
	}
	enter(table, object, index, request);
	return object->id;
}

static int check_existing(const struct ipc_get_request *request, struct ipc_object *object)
{
	int error;

	if ((request->flags & (IPC_CREAT | IPC_EXCL)) == (IPC_CREAT | IPC_EXCL))
		return -EEXIST;
	error = request->check(request, object);
	if (error)
		return error;
	spin_lock(&object->lock);
	error = ipc_check_permission(object, request->credentials, (uint32_t)request->flags);
	spin_unlock(&object->lock);
	return error ? error : object->id;
}

int ipc_get(struct ipc_table *table, const struct ipc_get_request *request)
{
	struct ipc_object *object = NULL;
	int result;

	mutex_lock(&table->mutex);
	if (request->key != IPC_PRIVATE)
		object = find_key(table, request->key);
	if (object)
		result = check_existing(request, object);
	else if (request->key != IPC_PRIVATE && !(request->flags & IPC_CREAT))
		result = -ENOENT;
	else
		result = create(table, request);
	mutex_unlock(&table->mutex);
	return result;
}

void ipc_remove(struct ipc_table *table, struct ipc_object *object)
{
	int index = object->id % IPC_INDEX_COUNT;
	bool was_there;

	mutex_lock(&table->mutex);
	was_there = table->slots[index] == object;
	if (was_there) {
		remove_key(table, object);
		table->slots[index] = NULL;
		table->used--;
		free_if_empty(table);
	}
	mutex_unlock(&table->mutex);
	if (was_there)
		ipc_put(table, object);
}

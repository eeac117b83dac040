/*
 * System V semaphores: sets of counters, and arrays of operations that happen all or not at all.
 *
 * Everything of a set is under its object's spinlock. An array of operations is tried on the
 * values and taken back at the first that cannot be; then its thread puts itself on the set's list
 * and sleeps. Whoever changes values tries, for them, the arrays of all who sleep, in order of
 * arrival, and again from the first after one that changed something: so who came first goes first,
 * and a sleeper is woken when its work is done already.
 *
 * A sleeper lies on its own stack and is taken off the list under the lock, by whoever finishes it,
 * or by itself when it gives up.
 */
#include "ipc/sem_internal.h"

#include "core/assert.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "proc/process.h"
#include "sched/thread.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/ipc.h"
#include "vfs/credentials.h"

struct ipc_table sem_table;
static atomic_uint total_semaphores;

/* [o] the object's lock */
struct waiter {
	struct list_node node;			/* [o] linked until finished */
	struct thread *thread;			/* [I] */
	process_id pid;				/* [I] */
	const struct sembuf *operations;	/* [I] */
	unsigned int count;			/* [I] */
	struct sem_undo *undo;			/* [I] or NULL */
	unsigned int blocked_at;		/* [o] which operation could not be */
	int result;				/* [o] once finished */
	atomic_bool finished;			/* [a] set under the lock */
};

static void destroy(struct ipc_object *object)
{
	struct sem_set *set = sem_set_of(object);

	atomic_fetch_sub_explicit(&total_semaphores, set->count, memory_order_relaxed);
	assert(list_is_empty(&set->waiters) && list_is_empty(&set->undos));
	kfree(set);
}

static const struct thread_ipc_ops thread_ops = {
	.share = sem_undo_share,
	.release = sem_undo_release,
};

void sem_init(void)
{
	ipc_table_init(&sem_table, "sem table", SEM_SETS_MAX, destroy);
	process_set_ipc_ops(&thread_ops);
}

/* ---- semget ---------------------------------------------------------------------------------- */

static int create(const struct ipc_get_request *request, struct ipc_object **out)
{
	size_t size = sizeof(struct sem_set) + request->size * sizeof(struct semaphore);
	struct sem_set *set;

	if (request->size == 0)
		return -EINVAL;
	if (atomic_load(&total_semaphores) + request->size > SEM_TOTAL_MAX)
		return -ENOSPC;
	set = kzalloc(size, 0);
	if (!set)
		return -ENOMEM;
	set->count = request->size;
	set->changed = ipc_now();
	list_init(&set->waiters);
	list_init(&set->undos);
	atomic_fetch_add_explicit(&total_semaphores, set->count, memory_order_relaxed);
	*out = &set->object;
	return 0;
}

static int check(const struct ipc_get_request *request, struct ipc_object *object)
{
	return request->size > sem_set_of(object)->count ? -EINVAL : 0;
}

int sem_get(int32_t key, int count, int flags, const struct credentials *credentials)
{
	struct ipc_get_request request = {
		.key = key,
		.flags = flags,
		.credentials = credentials,
		.create = create,
		.check = check,
		.size = (uint32_t)count,
	};

	if (count < 0 || count > SEM_PER_SET_MAX)
		return -EINVAL;
	return ipc_get(&sem_table, &request);
}

/* ---- operating. The object is locked --------------------------------------------------------- */

static int undo_adjust(const struct sem_undo *undo, const struct sembuf *operation)
{
	return undo->adjust[operation->sem_num] - operation->sem_op;
}

/* One operation. 0, 1: it cannot be now; or -ERANGE. */
static int try_one(struct sem_set *set, const struct sembuf *operation, struct sem_undo *undo)
{
	struct semaphore *semaphore = &set->semaphores[operation->sem_num];
	int value = semaphore->value + operation->sem_op;

	if ((operation->sem_op == 0 && semaphore->value != 0) || value < 0)
		return 1;
	if (value > SEM_VALUE_MAX)
		return -ERANGE;
	if (operation->sem_flg & SEM_UNDO) {
		int adjust = undo_adjust(undo, operation);

		if (adjust < -SEM_VALUE_MAX - 1 || adjust > SEM_VALUE_MAX)
			return -ERANGE;
		undo->adjust[operation->sem_num] = adjust;
	}
	semaphore->value = value;
	return 0;
}

static void take_back(struct sem_set *set, const struct sembuf *operation, struct sem_undo *undo)
{
	set->semaphores[operation->sem_num].value -= operation->sem_op;
	if (operation->sem_flg & SEM_UNDO)
		undo->adjust[operation->sem_num] += operation->sem_op;
}

/* All or nothing. 0, 1: not now (blocked_at), -EAGAIN: not now and IPC_NOWAIT, -ERANGE. */
static int try_all(struct sem_set *set, struct waiter *waiter)
{
	const struct sembuf *operations = waiter->operations;
	unsigned int i;
	int result = 0;

	for (i = 0; i < waiter->count && result == 0; i++)
		result = try_one(set, &operations[i], waiter->undo);
	if (result == 0) {
		for (i = 0; i < waiter->count; i++)
			set->semaphores[operations[i].sem_num].last = waiter->pid;
		set->operated = ipc_now();
		return 0;
	}
	waiter->blocked_at = --i;
	if (result == 1 && (operations[i].sem_flg & IPC_NOWAIT))
		result = -EAGAIN;
	while (i > 0)
		take_back(set, &operations[--i], waiter->undo);
	return result;
}

static bool changes_values(const struct sembuf *operations, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (operations[i].sem_op != 0)
			return true;
	}
	return false;
}

static void finish(struct waiter *waiter, int result)
{
	list_remove(&waiter->node);
	waiter->result = result;
	atomic_store(&waiter->finished, true);
	(void)thread_wake(waiter->thread);
}

/* One round over the sleepers. True: values have changed, and earlier ones may go on now. */
static bool try_waiters(struct sem_set *set)
{
	struct waiter *waiter, *following;

	list_for_each_entry_safe(waiter, following, &set->waiters, node) {
		bool changes = changes_values(waiter->operations, waiter->count);
		int result = try_all(set, waiter);

		if (result == 1)
			continue;
		finish(waiter, result);
		if (result == 0 && changes)
			return true;
	}
	return false;
}

void sem_wake_waiters(struct sem_set *set)
{
	while (try_waiters(set)) {
		/* A long chain of them does not keep all others from the CPU. */
		spin_unlock(&set->object.lock);
		spin_lock(&set->object.lock);
	}
}

/* ---- semop ----------------------------------------------------------------------------------- */

/* Until somebody has finished us, or we give up. No locks. */
static int sleep_on(struct sem_set *set, struct waiter *waiter, uint64_t deadline_ns)
{
	bool in_time = true;

	for (;;) {
		thread_prepare_sleep(THREAD_SLEEPING_INTERRUPTIBLE);
		if (atomic_load(&waiter->finished) || !in_time ||
		    thread_is_interrupted(waiter->thread)) {
			thread_cancel_sleep();
			break;
		}
		in_time = thread_sleep_until(deadline_ns);
	}
	/* The lock is taken even if we are finished: whoever did it still looks at us under it. */
	spin_lock(&set->object.lock);
	if (!atomic_load(&waiter->finished)) {
		list_remove(&waiter->node);
		waiter->result = in_time ? -EINTR : -EAGAIN;
	}
	spin_unlock(&set->object.lock);
	return waiter->result;
}

static int check_operations(const struct sem_set *set, const struct waiter *waiter,
			    const struct credentials *credentials)
{
	bool changes = changes_values(waiter->operations, waiter->count);
	int error;

	for (unsigned int i = 0; i < waiter->count; i++) {
		if (waiter->operations[i].sem_num >= set->count)
			return -EFBIG;
	}
	error = ipc_check_permission(&set->object, credentials, changes ? 0222 : 0444);
	if (error)
		return error;
	return set->object.removed ? -EIDRM : 0;
}

static int operate(struct sem_set *set, struct waiter *waiter, uint64_t deadline_ns,
		   const struct credentials *credentials)
{
	int result;

	spin_lock(&set->object.lock);
	result = check_operations(set, waiter, credentials);
	if (!result)
		result = try_all(set, waiter);
	if (result == 0 && changes_values(waiter->operations, waiter->count))
		sem_wake_waiters(set);
	if (result == 1)
		list_add_tail(&set->waiters, &waiter->node);
	spin_unlock(&set->object.lock);
	return result == 1 ? sleep_on(set, waiter, deadline_ns) : result;
}

static bool wants_undo(const struct sembuf *operations, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (operations[i].sem_flg & SEM_UNDO)
			return true;
	}
	return false;
}

/* The entry stays while we sleep: only the end of the list's last thread takes it away. */
static int prepare_undo(struct sem_set *set, struct semaphore_undo_list **list,
			struct sem_undo **out)
{
	int error = sem_undo_list_get(list);

	if (error)
		return error;
	mutex_lock(&(*list)->mutex);
	*out = sem_undo_get(*list, set);
	mutex_unlock(&(*list)->mutex);
	return *out ? 0 : -ENOMEM;
}

int sem_operate(int id, const struct sembuf *operations, unsigned int count, uint64_t deadline_ns,
		const struct credentials *credentials, struct semaphore_undo_list **undo)
{
	struct waiter waiter = {
		.thread = thread_current(),
		.pid = process_current()->id,
		.operations = operations,
		.count = count,
	};
	struct ipc_object *object;
	struct sem_set *set;
	int error = ipc_find(&sem_table, id, &object);

	if (error)
		return error;
	set = sem_set_of(object);
	/* Before memory is spent on it: a semaphore that is not there cannot be undone. */
	for (unsigned int i = 0; i < count && !error; i++)
		error = operations[i].sem_num >= set->count ? -EFBIG : 0;
	if (!error && wants_undo(operations, count))
		error = prepare_undo(set, undo, &waiter.undo);
	if (!error)
		error = operate(set, &waiter, deadline_ns, credentials);
	ipc_put(&sem_table, object);
	return error;
}

/* ---- semctl ---------------------------------------------------------------------------------- */

/* Found, locked, permitted and not removed; else an error and nothing to put. */
static int begin(int id, uint32_t wish, const struct credentials *credentials,
		 struct sem_set **out)
{
	struct ipc_object *object;
	int error = ipc_begin(&sem_table, id, false, wish, credentials, &object);

	if (!error)
		*out = sem_set_of(object);
	return error;
}

static void end(struct sem_set *set)
{
	ipc_end(&sem_table, &set->object);
}

int sem_remove(int id, const struct credentials *credentials)
{
	struct ipc_object *object;
	struct waiter *waiter, *following;
	struct sem_set *set;
	int error = ipc_begin_as_owner(&sem_table, id, credentials, &object);

	if (error)
		return error;
	set = sem_set_of(object);
	object->removed = true;
	sem_undo_detach(set);
	list_for_each_entry_safe(waiter, following, &set->waiters, node)
		finish(waiter, -EIDRM);
	spin_unlock(&object->lock);
	ipc_remove(&sem_table, object);
	ipc_put(&sem_table, object);
	return 0;
}

int sem_set_owner(int id, user_id uid, group_id gid, uint32_t mode,
		  const struct credentials *credentials)
{
	struct ipc_object *object;
	int error = ipc_begin_as_owner(&sem_table, id, credentials, &object);

	if (error)
		return error;
	error = ipc_set_owner(object, uid, gid, mode);
	if (!error)
		sem_set_of(object)->changed = ipc_now();
	ipc_end(&sem_table, object);
	return error;
}

/* How many sleep because semaphore `number` is too low, or not zero. */
static int count_waiters(struct sem_set *set, unsigned int number, bool for_zero)
{
	struct waiter *waiter;
	int count = 0;

	list_for_each_entry(waiter, &set->waiters, node) {
		const struct sembuf *operation = &waiter->operations[waiter->blocked_at];

		if (operation->sem_num == number && (operation->sem_op == 0) == for_zero)
			count++;
	}
	return count;
}

int sem_ask(int id, int number, enum sem_question question, const struct credentials *credentials)
{
	struct sem_set *set;
	int result = begin(id, 0444, credentials, &set);

	if (result)
		return result;
	if (number < 0 || (unsigned int)number >= set->count)
		result = -EINVAL;
	else if (question == SEM_ASK_VALUE)
		result = set->semaphores[number].value;
	else if (question == SEM_ASK_PID)
		result = set->semaphores[number].last;
	else
		result = count_waiters(set, (unsigned int)number, question == SEM_ASK_ZERO_WAITERS);
	end(set);
	return result;
}

int sem_set_value(int id, int number, int value, const struct credentials *credentials)
{
	struct sem_set *set;
	int error;

	if (value < 0 || value > SEM_VALUE_MAX)
		return -ERANGE;
	error = begin(id, 0, credentials, &set);
	if (error)
		return error;
	if (number < 0 || (unsigned int)number >= set->count)
		error = -EINVAL;
	else
		error = ipc_check_permission(&set->object, credentials, 0222);
	if (!error) {
		sem_undo_forget(set, (unsigned int)number, 1);
		set->semaphores[number].value = value;
		set->semaphores[number].last = process_current()->id;
		set->changed = ipc_now();
		sem_wake_waiters(set);
	}
	end(set);
	return error;
}

int sem_set_all(int id, const uint16_t *values, unsigned int count,
		const struct credentials *credentials)
{
	struct sem_set *set;
	int error;

	for (unsigned int i = 0; i < count; i++) {
		if (values[i] > SEM_VALUE_MAX)
			return -ERANGE;
	}
	error = begin(id, 0222, credentials, &set);
	if (error)
		return error;
	if (count != set->count) {
		error = -EINVAL;
	} else {
		for (unsigned int i = 0; i < count; i++) {
			set->semaphores[i].value = values[i];
			set->semaphores[i].last = process_current()->id;
		}
		sem_undo_forget(set, 0, count);
		set->changed = ipc_now();
		sem_wake_waiters(set);
	}
	end(set);
	return error;
}

int sem_get_all(int id, uint16_t *values, unsigned int count,
		const struct credentials *credentials)
{
	struct sem_set *set;
	int error = begin(id, 0444, credentials, &set);

	if (error)
		return error;
	if (count != set->count)
		error = -EINVAL;
	for (unsigned int i = 0; i < count && !error; i++)
		values[i] = (uint16_t)set->semaphores[i].value;
	end(set);
	return error;
}

/* Object locked. */
static void fill_status(const struct sem_set *set, struct sem_status *out)
{
	const struct ipc_object *object = &set->object;

	*out = (struct sem_status){
		.id = object->id,
		.key = object->key,
		.uid = object->uid,
		.cuid = object->cuid,
		.gid = object->gid,
		.cgid = object->cgid,
		.mode = object->mode,
		.operated = set->operated,
		.changed = set->changed,
		.count = set->count,
	};
}

int sem_stat(int id, bool by_index, uint32_t wish, const struct credentials *credentials,
	     struct sem_status *out)
{
	struct ipc_object *object;
	int error = ipc_begin(&sem_table, id, by_index, wish, credentials, &object);

	if (error)
		return error;
	fill_status(sem_set_of(object), out);
	ipc_end(&sem_table, object);
	return 0;
}

bool sem_next(unsigned int *index, struct sem_status *out)
{
	struct ipc_object *object = ipc_next(&sem_table, index);

	if (!object)
		return false;
	fill_status(sem_set_of(object), out);
	ipc_end(&sem_table, object);
	return true;
}

void sem_totals(unsigned int *sets, unsigned int *semaphores, int *highest_index)
{
	*sets = sem_table.used;
	*semaphores = atomic_load(&total_semaphores);
	*highest_index = ipc_highest_index(&sem_table);
}

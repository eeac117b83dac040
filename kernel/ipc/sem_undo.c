/*
 * SEM_UNDO: what a process did to semaphores is taken back when it ends.
 *
 * Each thread has a list, perhaps shared (CLONE_SYSVSEM), with an entry for each set that it has
 * operated on so; an entry holds a reference to its set. A set that is removed lets go of its
 * entries; their memory goes when the list is next searched, or ends.
 */
#include "ipc/sem_internal.h"

#include "lib/min_max.h"
#include "mem/kmalloc.h"
#include "proc/process.h"
#include "uapi/linux/errno.h"

int sem_undo_list_get(struct semaphore_undo_list **undo)
{
	struct semaphore_undo_list *list;

	if (*undo)
		return 0;
	list = kmalloc(sizeof(*list), 0);
	if (!list)
		return -ENOMEM;
	refcount_set(&list->references, 1);
	mutex_init(&list->mutex, LOCK_RANK_IPC_UNDO, "semaphore undo list");
	list_init(&list->undos);
	*undo = list;
	return 0;
}

int sem_undo_share(struct semaphore_undo_list **from, struct semaphore_undo_list **to)
{
	int error = sem_undo_list_get(from);

	if (error)
		return error;
	refcount_get(&(*from)->references);
	*to = *from;
	return 0;
}

static void entry_free(struct sem_undo *undo)
{
	list_remove(&undo->list_node);
	ipc_put(&sem_table, &undo->set->object);
	kfree(undo);
}

static bool is_removed(struct sem_set *set)
{
	bool removed;

	spin_lock(&set->object.lock);
	removed = set->object.removed;
	spin_unlock(&set->object.lock);
	return removed;
}

struct sem_undo *sem_undo_get(struct semaphore_undo_list *list, struct sem_set *set)
{
	struct sem_undo *undo, *following;

	mutex_assert_held(&list->mutex);
	list_for_each_entry_safe(undo, following, &list->undos, list_node) {
		if (undo->set == set)
			return undo;
		/* Whoever still has this entry in hand finds its set removed, and leaves it be. */
		if (is_removed(undo->set))
			entry_free(undo);
	}
	undo = kzalloc(sizeof(*undo) + set->count * sizeof(undo->adjust[0]), 0);
	if (!undo)
		return NULL;
	list_node_init(&undo->set_node);
	undo->set = set;
	refcount_get(&set->object.references);
	list_add_tail(&list->undos, &undo->list_node);
	spin_lock(&set->object.lock);
	if (!set->object.removed)
		list_add_tail(&set->undos, &undo->set_node);
	spin_unlock(&set->object.lock);
	return undo;
}

void sem_undo_forget(struct sem_set *set, unsigned int first, unsigned int count)
{
	struct sem_undo *undo;

	spin_assert_held(&set->object.lock);
	list_for_each_entry(undo, &set->undos, set_node) {
		for (unsigned int i = first; i < first + count; i++)
			undo->adjust[i] = 0;
	}
}

void sem_undo_detach(struct sem_set *set)
{
	struct list_node *node;

	spin_assert_held(&set->object.lock);
	while ((node = list_pop_head(&set->undos)))
		list_node_init(node);
}

/* Take back what one entry says, as far as a semaphore's range allows. */
static void apply(struct sem_undo *undo)
{
	struct sem_set *set = undo->set;
	bool changed = false;

	spin_lock(&set->object.lock);
	if (!set->object.removed) {
		list_remove(&undo->set_node);
		for (unsigned int i = 0; i < set->count; i++) {
			struct semaphore *semaphore = &set->semaphores[i];

			if (!undo->adjust[i])
				continue;
			semaphore->value = clamp(semaphore->value + undo->adjust[i], 0,
						 (int)SEM_VALUE_MAX);
			semaphore->last = process_current()->id;
			changed = true;
		}
		if (changed) {
			set->operated = ipc_now();
			sem_wake_waiters(set);
		}
	}
	spin_unlock(&set->object.lock);
}

void sem_undo_release(struct semaphore_undo_list *list)
{
	struct sem_undo *undo, *following;

	if (!list || !refcount_put(&list->references))
		return;
	list_for_each_entry_safe(undo, following, &list->undos, list_node) {
		apply(undo);
		entry_free(undo);
	}
	kfree(list);
}

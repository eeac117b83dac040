/*
 * ioprio_set and ioprio_get: with which urgency a thread's requests go to a disk.
 *
 * The word is checked, kept, inherited by children and told again, by Linux's rules. The disks' own
 * queue takes requests in order of place and age alone and pays no regard to it, as Linux's does
 * with the "none" scheduler, which it uses for virtual disks.
 */
#include "proc/process.h"
#include "syscall/syscalls.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"

enum { IOPRIO_WHO_PROCESS = 1, IOPRIO_WHO_PGRP, IOPRIO_WHO_USER };
enum { IOPRIO_CLASS_NONE, IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, IOPRIO_CLASS_IDLE };
enum { IOPRIO_CLASS_SHIFT = 13, IOPRIO_CLASS_MASK = 7, IOPRIO_LEVELS = 8 };

static int class_of(int priority)
{
	return priority >> IOPRIO_CLASS_SHIFT & IOPRIO_CLASS_MASK;
}

static int level_of(int priority)
{
	return priority & ((1 << IOPRIO_CLASS_SHIFT) - 1);
}

/* Errors: -EPERM, -EINVAL. */
static int check(int priority)
{
	const struct credentials *own = credentials_current();

	switch (class_of(priority)) {
	case IOPRIO_CLASS_RT:
		if (!credentials_capable(own, CAP_SYS_NICE) &&
		    !credentials_capable(own, CAP_SYS_ADMIN))
			return -EPERM;
		/* fall through */
	case IOPRIO_CLASS_BE:
		return level_of(priority) < IOPRIO_LEVELS ? 0 : -EINVAL;
	case IOPRIO_CLASS_IDLE:
		return 0;
	case IOPRIO_CLASS_NONE:
		return level_of(priority) ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static int set_thread(struct user_thread *thread, int priority)
{
	const struct credentials *own = credentials_current();
	const struct credentials *theirs = atomic_load(&thread->credentials);

	if (!credentials_capable(own, CAP_SYS_NICE) &&
	    ((theirs->uid != own->euid && theirs->uid != own->uid) ||
	     !credentials_cover(own, theirs)))
		return -EPERM;
	atomic_store_explicit(&thread->io_priority, (unsigned int)priority,
			      memory_order_relaxed);
	return 0;
}

/* What a thread without a word of its own has: it follows from policy and nice value. */
static int effective(const struct user_thread *thread)
{
	int own = (int)atomic_load_explicit(&thread->io_priority, memory_order_relaxed);
	int class = IOPRIO_CLASS_BE;

	if (class_of(own) != IOPRIO_CLASS_NONE)
		return own;
	if (thread->thread.policy == SCHED_POLICY_IDLE)
		class = IOPRIO_CLASS_IDLE;
	else if (thread->thread.realtime_priority)
		class = IOPRIO_CLASS_RT;
	return class << IOPRIO_CLASS_SHIFT | (thread->thread.nice + 20) / 5;
}

/* ---- many threads ---------------------------------------------------------------------------- */

struct walk {
	process_id group;	/* 0: by user */
	user_id user;
	bool is_set;
	int priority;		/* to set; or the most urgent found */
	int result;		/* -ESRCH until one matched */
};

static void visit_thread(struct walk *walk, struct user_thread *thread)
{
	const struct credentials *theirs = atomic_load(&thread->credentials);

	/* One that is about to be gone has none. */
	if (!theirs || (!walk->group && theirs->uid != walk->user))
		return;
	if (walk->is_set) {
		/* As on Linux the first refusal ends it; what was set stays. */
		if (walk->result == 0 || walk->result == -ESRCH)
			walk->result = set_thread(thread, walk->priority);
		return;
	}
	if (walk->result == -ESRCH || effective(thread) < walk->priority)
		walk->priority = effective(thread);
	walk->result = 0;
}

static bool visit(struct process *process, void *argument)
{
	struct walk *walk = argument;
	irq_flags flags;

	/* The tree's lock is held: groups stay. */
	if (walk->group && (!process->group || process->group->id != walk->group))
		return true;
	flags = spin_lock_irq(&process->signal_lock);
	for (struct list_node *node = process->threads.head.next; node != &process->threads.head;
	     node = node->next)
		visit_thread(walk, container_of(node, struct user_thread, process_node));
	spin_unlock_irq(&process->signal_lock, flags);
	return true;
}

/* Errors: -ESRCH, -EPERM, -EINVAL (kind). */
static int walk_all(int kind, int who, struct walk *walk)
{
	walk->result = -ESRCH;
	if (kind == IOPRIO_WHO_PGRP) {
		walk->group = who;
		if (!who && process_get_group(0, &walk->group))
			return -ESRCH;
	} else if (kind == IOPRIO_WHO_USER) {
		/* 0 means oneself to get, but root to set. */
		walk->user = who || walk->is_set ? (user_id)who : credentials_current()->uid;
	} else {
		return -EINVAL;
	}
	process_for_each(visit, walk);
	return walk->result;
}

static int of_thread(process_id id, bool is_set, int priority)
{
	struct user_thread *found = id ? user_thread_find_get(id) : NULL;
	struct user_thread *thread = id ? found : user_thread_current();
	int result = -ESRCH;
	irq_flags flags;

	if (!thread)
		return -ESRCH;
	flags = spin_lock_irq(&thread->process->signal_lock);
	if (!atomic_load(&thread->credentials))
		result = -ESRCH;
	else if (is_set)
		result = set_thread(thread, priority);
	else
		result = (int)atomic_load_explicit(&thread->io_priority, memory_order_relaxed);
	spin_unlock_irq(&thread->process->signal_lock, flags);
	if (found)
		user_thread_put(found);
	return result;
}

int sys_ioprio_set(int kind, int who, int priority)
{
	struct walk walk = { .is_set = true, .priority = priority };
	int error = check(priority);

	if (error)
		return error;
	if (kind == IOPRIO_WHO_PROCESS)
		return of_thread(who, true, priority);
	return walk_all(kind, who, &walk);
}

int sys_ioprio_get(int kind, int who)
{
	struct walk walk = { .is_set = false };
	int error;

	if (kind == IOPRIO_WHO_PROCESS)
		return of_thread(who, false, 0);
	error = walk_all(kind, who, &walk);
	return error ? error : walk.priority;
}

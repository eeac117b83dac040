/*
 * The table of ids: one number space for threads, processes, process groups and sessions.
 *
 * Idea. A number is in use as long as anything bears it: a live thread, a process that is not
 * yet forgiven, a group with members, a session with groups. So each number in use has one slot
 * with four pointers, and the slot goes when all four are NULL. That is why the id of a dead
 * session leader is not given to a new process while its background jobs live on.
 *
 * Numbers are handed out in a circle, from the last one on, so that a freed one is not seen
 * again soon.
 *
 * Locks. process_tree_lock protects all of it. Slots and tree nodes are allocated before it is
 * taken.
 */
#include "core/assert.h"
#include "mem/slab.h"
#include "mem/tree_stock.h"
#include "proc/internal.h"
#include "uapi/linux/errno.h"

enum {
	/* after the first round, low numbers stay the system's (as Linux does) */
	ID_FIRST_REUSED = 300,
};

/* [T] process_tree_lock */
struct process_table_slot {
	process_id id;		     /* [I] */
	bool reserved;		     /* [T] being given out: nobody bears it yet */
	bool kept;		     /* [T] of a thread that has ended, for its tracer */
	struct user_thread *thread;  /* [T] */
	struct process *process;     /* [T] holds a reference to it */
	struct process_group *group; /* [T] */
	struct session *session;     /* [T] */
};

struct rwspinlock process_tree_lock = RWSPINLOCK_INIT(LOCK_RANK_PROCESS_TREE, "process tree");

static struct radix_tree table; /* [T] id -> slot */
static process_id last_id;	/* [T] */
static unsigned int processes;	/* [T] slots with a process */
static unsigned int threads;	/* [T] slots with a thread */
static struct slab_cache *slot_cache;
static struct slab_cache *node_cache;

static struct radix_tree_node *table_node_alloc(void *stock)
{
	return tree_stock_take(stock, node_cache);
}

static void table_node_free(void *context, struct radix_tree_node *node)
{
	(void)context;
	slab_free(node_cache, node);
}

static const struct radix_tree_ops table_ops = {
	.node_alloc = table_node_alloc,
	.node_free = table_node_free,
};

void process_table_init(void)
{
	slot_cache = slab_cache_create("process_id", sizeof(struct process_table_slot), 0);
	node_cache = slab_cache_create("process_id_node", sizeof(struct radix_tree_node), 0);
	radix_tree_init(&table, &table_ops, NULL);
}

/* The next free number after the last one given, or 0. */
static process_id choose_free_id(void)
{
	process_id id = last_id;

	for (unsigned int tries = 0; tries < PROCESS_ID_LIMIT; tries++) {
		if (++id >= PROCESS_ID_LIMIT)
			id = ID_FIRST_REUSED;
		if (!radix_tree_find(&table, (uint32_t)id))
			return id;
	}
	return 0;
}

static int insert_slot(struct process_table_slot *slot, process_id wanted, struct tree_stock *stock)
{
	irq_flags flags = rwspin_write_lock_irq(&process_tree_lock);
	int error = -EAGAIN;

	slot->id = wanted ? wanted : choose_free_id();
	if (slot->id) {
		table.context = stock;
		error = radix_tree_insert(&table, (uint32_t)slot->id, slot);
		table.context = NULL;
	}
	if (!error && !wanted)
		last_id = slot->id;
	rwspin_write_unlock_irq(&process_tree_lock, flags);
	return error;
}

static noinline int insert_with_stock(struct process_table_slot *slot, process_id wanted)
{
	struct tree_stock stock;
	int error;

	if (!tree_stock_fill(&stock, node_cache, 0))
		return -ENOMEM;
	error = insert_slot(slot, wanted, &stock);
	tree_stock_empty(&stock, node_cache);
	return error;
}

int process_table_reserve(process_id wanted, struct process_table_slot **out)
{
	struct process_table_slot *slot = slab_alloc_zeroed(slot_cache, 0);
	int error;

	if (!slot)
		return -ENOMEM;
	slot->reserved = true;
	error = insert_slot(slot, wanted, NULL);
	if (unlikely(error == -ENOMEM))
		error = insert_with_stock(slot, wanted);
	if (error) {
		slab_free(slot_cache, slot);
		return error;
	}
	*out = slot;
	return 0;
}

static void slot_drop_if_unused(struct process_table_slot *slot)
{
	if (slot->reserved || slot->kept || slot->thread || slot->process || slot->group ||
	    slot->session)
		return;
	radix_tree_remove(&table, (uint32_t)slot->id);
	slab_free(slot_cache, slot);
}

void process_table_cancel(struct process_table_slot *slot)
{
	irq_flags flags = rwspin_write_lock_irq(&process_tree_lock);

	slot->reserved = false;
	slot_drop_if_unused(slot);
	rwspin_write_unlock_irq(&process_tree_lock, flags);
}

process_id process_table_slot_id(const struct process_table_slot *slot)
{
	return slot->id;
}

static struct process_table_slot *slot_of(process_id id)
{
	struct process_table_slot *slot = radix_tree_find(&table, (uint32_t)id);

	assert(slot);
	slot->reserved = false;
	return slot;
}

void process_table_set_thread(process_id id, struct user_thread *thread)
{
	struct process_table_slot *slot = slot_of(id);

	threads += !!thread - !!slot->thread;
	slot->thread = thread;
	slot_drop_if_unused(slot);
}

void process_table_set_process(process_id id, struct process *process)
{
	struct process_table_slot *slot = slot_of(id);

	processes += !!process - !!slot->process;
	slot->process = process;
	slot_drop_if_unused(slot);
}

void process_table_set_group(process_id id, struct process_group *group)
{
	struct process_table_slot *slot = slot_of(id);

	slot->group = group;
	slot_drop_if_unused(slot);
}

void process_table_set_session(process_id id, struct session *session)
{
	struct process_table_slot *slot = slot_of(id);

	slot->session = session;
	slot_drop_if_unused(slot);
}

void process_table_keep_id(process_id id)
{
	slot_of(id)->kept = true;
}

void process_table_release_id(process_id id)
{
	struct process_table_slot *slot = slot_of(id);

	slot->kept = false;
	slot_drop_if_unused(slot);
}

static struct process_table_slot *find(process_id id)
{
	if (id <= 0)
		return NULL;
	return radix_tree_find(&table, (uint32_t)id);
}

struct process *process_table_process(process_id id)
{
	struct process_table_slot *slot = find(id);

	return slot ? slot->process : NULL;
}

struct user_thread *process_table_thread(process_id id)
{
	struct process_table_slot *slot = find(id);

	return slot ? slot->thread : NULL;
}

struct session *process_table_session(process_id id)
{
	struct process_table_slot *slot = find(id);

	return slot ? slot->session : NULL;
}

struct process_group *process_group_find(process_id id)
{
	struct process_table_slot *slot = find(id);

	return slot ? slot->group : NULL;
}

/* Programs mostly ask for themselves: raise(3) and abort(3). */
struct process *process_find_get(process_id id)
{
	struct process *process;
	irq_flags flags;

	if (user_thread_is_current() && process_current()->id == id) {
		process_get(process_current());
		return process_current();
	}
	flags = rwspin_read_lock_irq(&process_tree_lock);
	process = process_table_process(id);
	if (process)
		process_get(process);
	rwspin_read_unlock_irq(&process_tree_lock, flags);
	return process;
}

struct user_thread *user_thread_find_get(process_id id)
{
	struct user_thread *thread;
	irq_flags flags;

	if (user_thread_is_current() && user_thread_current()->id == id) {
		user_thread_get(user_thread_current());
		return user_thread_current();
	}
	flags = rwspin_read_lock_irq(&process_tree_lock);
	thread = process_table_thread(id);
	if (thread)
		user_thread_get(thread);
	rwspin_read_unlock_irq(&process_tree_lock, flags);
	return thread;
}

struct user_thread *user_thread_find_get_ended(process_id id)
{
	struct user_thread *thread;
	struct process *process;
	irq_flags flags;

	flags = rwspin_read_lock_irq(&process_tree_lock);
	thread = process_table_thread(id);
	process = thread ? NULL : process_table_process(id);
	if (process)
		thread = process->ended_leader;
	if (thread)
		user_thread_get(thread);
	rwspin_read_unlock_irq(&process_tree_lock, flags);
	return thread;
}

bool process_id_is_used(process_id id)
{
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);
	const struct process_table_slot *slot = find(id);
	bool used = slot && !slot->reserved;

	rwspin_read_unlock_irq(&process_tree_lock, flags);
	return used;
}

struct process *process_next_get(process_id id)
{
	uint32_t index = id < 1 ? 1 : (uint32_t)id;
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);
	struct process_table_slot *slot;
	struct process *process = NULL;

	while ((slot = radix_tree_find_next(&table, &index)) != NULL) {
		if (slot->process) {
			process = slot->process;
			process_get(process);
			break;
		}
		index++;
	}
	rwspin_read_unlock_irq(&process_tree_lock, flags);
	return process;
}

void process_for_each(bool (*visit)(struct process *process, void *argument), void *argument)
{
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);
	struct process_table_slot *slot;
	uint32_t index = 1;

	while ((slot = radix_tree_find_next(&table, &index)) != NULL) {
		if (slot->process && !visit(slot->process, argument))
			break;
		index++;
	}
	rwspin_read_unlock_irq(&process_tree_lock, flags);
}

unsigned int process_count(void)
{
	return processes;
}

unsigned int user_thread_count(void)
{
	return threads;
}

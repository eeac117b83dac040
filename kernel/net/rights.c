/*
 * Rights: making sets of files, and dropping them without recursion.
 *
 * Dropping a file may release a socket, whose queue holds more rights, whose files are sockets, and
 * so on for as long as a program cares to build it. So a thread that drops is noted down for as
 * long as it does; rights that come up meanwhile in the same thread go to its list, and the
 * outermost call works the list off. The threads that drop at one moment are few, so they are found
 * by a walk.
 */
#include "net/rights.h"
#include "core/assert.h"
#include "mem/kmalloc.h"
#include "net/socket.h"
#include "sched/thread.h"
#include "vfs/file.h"

/* On the stack of a thread that drops. [d] drops_lock */
struct drop {
	struct list_node node;		/* [d] */
	struct thread *thread;		/* [I] */
	struct list waiting;		/* of its own thread: struct socket_rights.node */
};

static struct spinlock drops_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "rights being dropped");
static struct list drops = LIST_INIT(drops); /* [drops_lock] */

struct socket_rights *socket_rights_create(unsigned int capacity)
{
	struct socket_rights *rights =
		kmalloc(sizeof(*rights) + capacity * sizeof(rights->files[0]), 0);

	if (!rights)
		return NULL;
	rights->count = 0;
	rights->capacity = capacity;
	rights->payer = NULL;
	rights->packet = NULL;
	rights->is_noted = false;
	list_node_init(&rights->node);
	return rights;
}

struct socket_rights *socket_rights_copy(const struct socket_rights *rights)
{
	struct socket_rights *copy =
		kmalloc(sizeof(*copy) + rights->count * sizeof(copy->files[0]), FRAME_ALLOC_ATOMIC);

	if (!copy)
		return NULL;
	copy->count = copy->capacity = rights->count;
	copy->payer = NULL;
	copy->packet = NULL;
	copy->is_noted = false;
	list_node_init(&copy->node);
	for (unsigned int i = 0; i < rights->count; i++) {
		copy->files[i] = rights->files[i];
		file_get(copy->files[i]);
	}
	return copy;
}

static void drop_one(struct socket_rights *rights)
{
	assert(!rights->payer); /* not in flight any more */
	for (unsigned int i = 0; i < rights->count; i++)
		file_put(rights->files[i]);
	kfree(rights);
}

/* Is this thread dropping already? Its own entry, which only it takes off. */
static struct drop *find_own(void)
{
	struct drop *found = NULL;
	struct drop *drop;
	irq_flags flags = spin_lock_irq(&drops_lock);

	list_for_each_entry(drop, &drops, node) {
		if (drop->thread == thread_current()) {
			found = drop;
			break;
		}
	}
	spin_unlock_irq(&drops_lock, flags);
	return found;
}

static void link_drop(struct drop *drop, bool on)
{
	irq_flags flags = spin_lock_irq(&drops_lock);

	if (on)
		list_add_head(&drops, &drop->node);
	else
		list_remove(&drop->node);
	spin_unlock_irq(&drops_lock, flags);
}

void socket_rights_drop(struct socket_rights *rights)
{
	struct drop drop = { .thread = thread_current() };
	struct drop *outer;

	if (!rights)
		return;
	outer = find_own();
	if (outer) {
		list_add_tail(&outer->waiting, &rights->node);
		return;
	}
	list_init(&drop.waiting);
	link_drop(&drop, true);
	do {
		drop_one(rights);
		rights = list_pop_head_entry(&drop.waiting, struct socket_rights, node);
	} while (rights);
	link_drop(&drop, false);
}

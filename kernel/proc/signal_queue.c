/*
 * Pending signals: a set for what is pending, and a queue for what is known about each.
 *
 * A standard signal is pending at most once. Realtime ones queue up, each with its siginfo, in
 * order; a queue entry costs its payer's LIMIT_PENDING_SIGNALS. When no entry can be had, a
 * standard signal is still set in the set (and delivered with a bare siginfo): kill() never
 * loses one. A realtime signal from sigqueue() is refused.
 *
 * Mostly a signal comes alone and is taken before the next. So the first of an empty queue needs
 * no entry but lies in the set itself, if it is one that no limit concerns: that takes 260
 * instructions from sig_self's 1,740.
 *
 * However many are queued, the next of a signal is found at once: the oldest entry of each signal
 * is on a list of its own, which is never longer than there are signals, and leads the ring of
 * those with the same number.
 */
#include "core/assert.h"
#include "lib/bitmap.h"
#include "mem/slab.h"
#include "proc/internal.h"
#include "proc/posix_timers.h"
#include "lib/string.h"
#include "uapi/linux/errno.h"

struct signal_entry {
	struct list_node node;	   /* [signal lock] in signal_pending.queue */
	struct list_node twins;	   /* [signal lock] ring of the same signal, oldest first */
	struct list_node first;	   /* [signal lock] in signal_pending.firsts if the oldest of it */
	struct user_count *payer;  /* [I] reference */
	struct posix_timer *timer; /* [I] whose own entry it is, used again and again; else NULL */
	struct linux_siginfo info; /* [I]; of a timer's: [signal lock] */
};

/* One bit of one half: shifting 64 bits by a variable takes ten instructions. */
static inline void set_bit(struct signal_pending *pending, int signal)
{
	bitmap_set((uint32_t *)&pending->set, (size_t)signal - 1);
}

static inline void clear_bit(struct signal_pending *pending, int signal)
{
	bitmap_clear((uint32_t *)&pending->set, (size_t)signal - 1);
}

static struct slab_cache *entry_cache;

void signal_queue_init(void)
{
	entry_cache = slab_cache_create("signal_entry", sizeof(struct signal_entry), 0);
}

void signal_pending_init(struct signal_pending *pending)
{
	pending->set = 0;
	list_init(&pending->queue);
	list_init(&pending->firsts);
	pending->single.signo = 0;
}

/* ---- entries in a queue; signal lock held ---- */

static struct signal_entry *find_first(const struct signal_pending *pending, int signal)
{
	struct signal_entry *entry;

	list_for_each_entry(entry, &pending->firsts, first) {
		if (entry->info.signo == signal)
			return entry;
	}
	return NULL;
}

static void enqueue(struct signal_pending *pending, struct signal_entry *entry)
{
	struct signal_entry *first = find_first(pending, entry->info.signo);

	list_add_tail(&pending->queue, &entry->node);
	if (unlikely(first != NULL)) {
		list_insert_before(&first->twins, &entry->twins);
		return;
	}
	entry->twins.next = entry->twins.previous = &entry->twins;
	list_add_tail(&pending->firsts, &entry->first);
}

/* True: it was the last one of its signal. */
static bool dequeue(struct signal_entry *entry)
{
	struct signal_entry *next = list_entry(entry->twins.next, struct signal_entry, twins);
	bool is_last = next == entry;

	list_remove(&entry->node);
	list_remove(&entry->twins);
	if (list_node_is_linked(&entry->first)) {
		if (!is_last)
			list_insert_after(&entry->first, &next->first);
		list_remove(&entry->first);
	}
	return is_last;
}

void signal_entry_free(struct signal_entry *entry)
{
	user_count_uncharge(entry->payer, USER_SIGNALS);
	user_count_put(entry->payer);
	slab_free(entry_cache, entry);
}

/* It has left its queue: a timer's goes back to it, which may add to `info`. Signal lock held. */
static void entry_done(struct signal_entry *entry, struct linux_siginfo *info)
{
	if (entry->timer)
		posix_timer_signal_taken(entry->timer, info);
	else
		signal_entry_free(entry);
}

static struct signal_entry *entry_create(struct user_count *payer, uint64_t limit,
					 enum frame_alloc_flags flags)
{
	struct signal_entry *entry;

	if (!user_count_charge(payer, USER_SIGNALS, limit))
		return NULL;
	entry = slab_alloc(entry_cache, flags);
	if (!entry) {
		user_count_uncharge(payer, USER_SIGNALS);
		return NULL;
	}
	user_count_hold(payer);
	list_node_init(&entry->node);
	list_node_init(&entry->first);
	entry->payer = payer;
	entry->timer = NULL;
	return entry;
}

struct signal_entry *signal_entry_create_for_timer(struct posix_timer *timer,
						   struct user_count *payer, uint64_t limit)
{
	struct signal_entry *entry = entry_create(payer, limit, 0);

	if (entry)
		entry->timer = timer;
	return entry;
}

void signal_pending_add_prepared(struct signal_pending *pending, struct signal_entry *entry,
				 const struct linux_siginfo *info)
{
	/* A timer that was set anew while its signal was pending: that is this one's as well. */
	if (list_node_is_linked(&entry->node)) {
		entry->info.timer.overrun++;
		return;
	}
	entry->info = *info;
	enqueue(pending, entry);
	pending->set |= SIGNAL_BIT(info->signo);
}

void signal_pending_remove_prepared(struct signal_pending *pending, struct signal_entry *entry)
{
	if (list_node_is_linked(&entry->node) && dequeue(entry) &&
	    pending->single.signo != entry->info.signo)
		clear_bit(pending, entry->info.signo);
}

bool signal_pending_add(struct signal_pending *pending, const struct linux_siginfo *info,
			struct user_count *payer, uint64_t limit, int *error)
{
	bool standard = info->signo < SIGNAL_FIRST_REALTIME;
	struct signal_entry *entry;

	*error = 0;
	if (standard && signal_is_in(pending->set, info->signo))
		return false;
	/* The kernel's own signals may not fail for a limit; memory may still be short. */
	if (standard && info->code >= 0) {
		if (likely(!pending->single.signo && list_is_empty(&pending->queue))) {
			pending->single = *info;
			set_bit(pending, info->signo);
			return true;
		}
		limit = UINT64_MAX;
	}
	entry = entry_create(payer, limit, FRAME_ALLOC_ATOMIC);
	if (entry) {
		entry->info = *info;
		enqueue(pending, entry);
	} else if (!standard && info->code != SI_USER) {
		*error = -EAGAIN;
		return false;
	}
	set_bit(pending, info->signo);
	return true;
}

/* Faults of the program itself come first, then the lowest number. By halves: both fit one. */
static int choose(signal_set set)
{
	uint32_t low = (uint32_t)set;

	_Static_assert(SIGNALS_FAULT <= UINT32_MAX, "faults are in the lower half");
	if (low & (uint32_t)SIGNALS_FAULT)
		low &= (uint32_t)SIGNALS_FAULT;
	return low ? __builtin_ctz(low) + 1 : __builtin_ctz((uint32_t)(set >> 32)) + 33;
}

int signal_pending_take(struct signal_pending *pending, signal_set allowed,
			struct linux_siginfo *info)
{
	struct signal_entry *first;
	int signal;

	if (!(pending->set & allowed))
		return 0;
	signal = choose(pending->set & allowed);
	if (likely(pending->single.signo == signal)) {
		*info = pending->single;
		pending->single.signo = 0;
		/* A timer's of the same number may have come since. */
		if (likely(list_is_empty(&pending->queue)) || !find_first(pending, signal))
			clear_bit(pending, signal);
		return signal;
	}
	first = find_first(pending, signal);
	if (!first || dequeue(first))
		clear_bit(pending, signal);
	if (first) {
		*info = first->info;
		entry_done(first, info);
	} else {
		memset(info, 0, sizeof(*info));
		info->signo = signal;
		info->code = SI_USER;
	}
	return signal;
}

bool signal_pending_peek(const struct signal_pending *pending, uint64_t nth,
			 struct linux_siginfo *info)
{
	if (pending->single.signo && nth-- == 0) {
		*info = pending->single;
		return true;
	}
	for (const struct list_node *node = pending->queue.head.next;
	     node != &pending->queue.head; node = node->next) {
		if (nth-- == 0) {
			*info = container_of(node, struct signal_entry, node)->info;
			return true;
		}
	}
	return false;
}

void signal_pending_flush(struct signal_pending *pending, signal_set which)
{
	struct list_node *next;

	pending->set &= ~which;
	if (pending->single.signo && signal_is_in(which, pending->single.signo))
		pending->single.signo = 0;
	for (struct list_node *node = pending->queue.head.next; node != &pending->queue.head;
	     node = next) {
		struct signal_entry *entry = container_of(node, struct signal_entry, node);

		next = node->next;
		if (signal_is_in(which, entry->info.signo)) {
			(void)dequeue(entry);
			entry_done(entry, &entry->info);
		}
	}
}

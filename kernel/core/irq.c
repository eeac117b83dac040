/*
 * Interrupt lines and their handlers.
 *
 * Handlers are added and never taken away, so that irq_dispatch walks a line's list without a lock:
 * an entry is complete before a release store links it in. PCI lines are shared; every handler of a
 * line is asked, because an edge could come from several devices at once. A line that keeps
 * striking with nobody caring would stop the machine, so it is masked in the end.
 */
#include "core/irq.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include "arch/irq.h"
#include "core/config.h"
#include "core/printk.h"
#include "core/spinlock.h"
#include "uapi/linux/errno.h"

enum {
	/* Strikes in a row that nobody wanted until the line is masked. */
	UNWANTED_MAX = 10000,
};

struct irq_line {
	_Atomic(struct irq_handler *) first;	/* [a] */
	atomic_uint unwanted;			/* [a] strikes in a row without a taker; a hint */
	atomic_uint counts[CPU_MAX];		/* [a] strikes on each CPU */
};

static struct spinlock register_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "irq handlers");
static struct irq_line lines[IRQ_LINES];

int irq_register(unsigned int irq, struct irq_handler *handler)
{
	_Atomic(struct irq_handler *) *link;
	irq_flags flags;
	bool is_first;

	if (irq >= IRQ_LINES)
		return -EINVAL;
	atomic_store_explicit(&handler->next, NULL, memory_order_relaxed);
	flags = spin_lock_irq(&register_lock);
	link = &lines[irq].first;
	is_first = atomic_load_explicit(link, memory_order_relaxed) == NULL;
	while (atomic_load_explicit(link, memory_order_relaxed))
		link = &atomic_load_explicit(link, memory_order_relaxed)->next;
	/* Release: pairs with the acquire in irq_dispatch. */
	atomic_store_explicit(link, handler, memory_order_release);
	spin_unlock_irq(&register_lock, flags);
	if (is_first)
		arch_irq_unmask(irq);
	return 0;
}

static void note_unwanted(unsigned int irq)
{
	struct irq_line *line = &lines[irq];

	if (atomic_fetch_add_explicit(&line->unwanted, 1, memory_order_relaxed) + 1 != UNWANTED_MAX)
		return;
	arch_irq_mask(irq);
	printk(LOG_ERROR, "irq %u: nobody wants it; masked", irq);
}

void irq_dispatch(unsigned int irq)
{
	struct irq_line *line = &lines[irq];
	/* Acquire, here and below: pairs with the release in irq_register. */
	struct irq_handler *handler = atomic_load_explicit(&line->first, memory_order_acquire);
	bool wanted = false;

	atomic_fetch_add_explicit(&line->counts[cpu_index()], 1, memory_order_relaxed);
	while (handler) {
		wanted |= handler->handle(handler->argument);
		handler = atomic_load_explicit(&handler->next, memory_order_acquire);
	}
	if (wanted)
		atomic_store_explicit(&line->unwanted, 0, memory_order_relaxed);
	else
		note_unwanted(irq);
}

uint64_t irq_count(unsigned int irq, const char **name)
{
	struct irq_handler *handler;
	uint64_t count = 0;

	*name = NULL;
	if (irq >= IRQ_LINES)
		return 0;
	/* Acquire: as in irq_dispatch. */
	handler = atomic_load_explicit(&lines[irq].first, memory_order_acquire);
	if (handler)
		*name = handler->name;
	for (unsigned int cpu = 0; cpu < CPU_MAX; cpu++)
		count += atomic_load_explicit(&lines[irq].counts[cpu], memory_order_relaxed);
	return count;
}

/*
 * Writing events, and what a viewer outside finds them by.
 *
 * A CPU's ring is written by that CPU alone, with interrupts off: by threads, and by interrupts
 * between two of their records. So nobody waits for anybody. A viewer may come while a record is
 * written: its sequence is 0 then, and has another value when it was written anew.
 *
 * Not done. The rings do not grow, and a slow viewer loses the oldest records: it sees that by
 * their numbers. Waking a reader from every context that records (with the run queue locked, say)
 * cannot be had without polling somewhere, so whoever reads looks when it likes.
 */
#include "core/event_ring.h"
#include <stdatomic.h>
#include "arch/clock.h"
#include "arch/irq_flags.h"
#include "core/assert.h"
#include "core/config.h"
#include "core/stack_header.h"
#include "lib/string.h"

enum { TEXT_RECORDS_MAX = 4 };

_Static_assert(CPU_MAX <= QUARTET_CPU_MAX, "each CPU has a ring");

struct quartet_directory event_directory = {
	.magic = { QUARTET_MAGIC_1, QUARTET_MAGIC_2 },
	.version = QUARTET_VERSION,
	.size = sizeof(struct quartet_directory),
	.event_size = sizeof(struct quartet_event),
};

static struct quartet_event *rings[CPU_MAX];	/* [I] once attached; NULL before */

void event_record(enum quartet_event_kind kind, const uint32_t *words)
{
	/* On one CPU from the choice of the ring to the end: a preempted writer might move. */
	irq_flags flags = irq_disable_save();
	struct stack_header *header = stack_header();
	struct quartet_event *ring = rings[header->cpu];
	struct quartet_event *record;
	uint32_t place;

	if (ring) {
		place = event_directory.rings[header->cpu].written++;
		record = &ring[place & (event_directory.event_capacity - 1)];
		atomic_store_explicit((_Atomic uint32_t *)&record->sequence, 0,
				      memory_order_relaxed);
		/* Release: who sees any of the new words, and then looks again, sees the 0. */
		atomic_thread_fence(memory_order_release);
		record->time_ns = arch_clock_ns();
		record->thread = header->event_thread;
		record->kind = (uint16_t)kind;
		record->cpu = (uint16_t)header->cpu;
		memcpy(record->words, words, sizeof(record->words));
		/* Release: pairs with a viewer's look at the sequence before it copies the rest. */
		atomic_store_explicit((_Atomic uint32_t *)&record->sequence, place + 1,
				      memory_order_release);
	}
	irq_restore(flags);
}

void event_record_text(const char *text, size_t size)
{
	uint32_t words[QUARTET_EVENT_WORDS];
	size_t length = strnlen(text, size);

	for (unsigned int i = 0; i < TEXT_RECORDS_MAX; i++) {
		size_t part = length < sizeof(words) ? length : sizeof(words);

		memset(words, 0, sizeof(words));
		memcpy(words, text, part);
		event_record(QUARTET_EVENT_TEXT, words);
		text += part;
		length -= part;
		if (length == 0)
			break;
	}
}

void event_set_thread(void *stack, uint32_t number)
{
	((struct stack_header *)stack)->event_thread = number;
}

void event_ring_attach(unsigned int cpu, struct quartet_event *events, uint32_t physical,
		       uint32_t capacity)
{
	assert(cpu < CPU_MAX && !rings[cpu] && (capacity & (capacity - 1)) == 0);
	event_directory.event_capacity = capacity;
	event_directory.rings[cpu].events = physical;
	rings[cpu] = events;
}

bool event_ring_is_attached(void)
{
	return rings[0] != NULL;
}

void event_set_mask(uint32_t mask)
{
	/* Relaxed: it orders nothing; a record more or less does no harm. */
	atomic_store_explicit((_Atomic uint32_t *)&event_directory.event_mask, mask,
			      memory_order_relaxed);
}

uint32_t event_mask(void)
{
	return atomic_load_explicit((_Atomic uint32_t *)&event_directory.event_mask,
				    memory_order_relaxed);
}

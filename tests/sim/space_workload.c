/*
 * Drawing a workload for address spaces.
 *
 * Who does an operation is drawn among those who live then, in the order of the list, so that most
 * of it can be played: a fork gives life to another process, an exit ends it (space_player.c says
 * what happens if the order of things is another). Pages are drawn near a few places, the borders
 * of page tables above all, so that the same ones are met again and again.
 */
#include <string.h>
#include "scenario.h"

enum { FIRST_MAPS = 6 };	/* before all else */

/* How often each kind comes, and its order is enum space_operation_kind's. */
static const uint8_t weights[SPACE_KINDS] = {
	60, 70, 18, 6, 10, 8, 6, 3, 4, 4, 3, 5, 6, 5, 5, 3, 2, 1, 1, 1, 1
};

static uint8_t draw_kind(void)
{
	uint32_t sum = 0, pick;
	uint8_t kind = 0;

	for (unsigned int i = 0; i < SPACE_KINDS; i++)
		sum += weights[i];
	for (pick = draw_below(sum); pick >= weights[kind]; kind++)
		pick -= weights[kind];
	return kind;
}

/* What is mapped, as far as the list says: a hint. */
static bool is_mapped[SPACES][ARENA_PAGES];

static void set_mapped(unsigned int process, unsigned int page, unsigned int count, bool value)
{
	for (unsigned int i = page; i < page + count && i < ARENA_PAGES; i++)
		is_mapped[process][i] = value;
}

static void note_mapped(const struct space_operation *o)
{
	unsigned int process = o->actor / THREADS;

	switch (o->kind) {
	case SPACE_MAP:
		if (o->is_fixed)
			set_mapped(process, o->page, o->count, true);
		break;
	case SPACE_UNMAP: set_mapped(process, o->page, o->count, false); break;
	case SPACE_BRK: set_mapped(process, 0, o->new_count, true); break;
	case SPACE_FORK:
		memcpy(is_mapped[o->target], is_mapped[process], sizeof(is_mapped[0]));
		break;
	default: break;
	}
}

static uint16_t draw_any_page(void)
{
	static const uint16_t places[] = { 4, 504, 512, 1016, 1024, 1030, 1532, 2030 };
	static const uint8_t reaches[] = { 4, 8, 8, 16 };

	return (uint16_t)(places[draw_below(8)] + draw_below(reaches[draw_below(4)]));
}

/* One that is mapped, more often than not, where the kind of operation wants that. */
static uint16_t draw_page(unsigned int process, uint8_t kind)
{
	uint16_t page = draw_any_page();

	for (unsigned int tries = 0; tries < 6 && !is_mapped[process][page]; tries++) {
		if (kind == SPACE_MAP || draw_below(12) == 0)
			break;
		page = draw_any_page();
	}
	return page;
}

static uint16_t draw_count(uint16_t page)
{
	uint32_t count = 1 + draw_below(draw_below(3) ? 8 : 24);

	if (draw_below(30) == 0)
		count = 512 + draw_below(3) * 256;
	return (uint16_t)(page + count > ARENA_PAGES ? (uint32_t)ARENA_PAGES - page : count);
}

static uint8_t draw_protection(void)
{
	static const uint8_t all[] = { 3, 3, 3, 3, 3, 3, 1, 1, 0, 2, 7, 5 };

	return all[draw_below(sizeof(all))];
}

static void draw_file_part(struct space_operation *o)
{
	static const uint32_t limits[] = { 100, 1500, 9000, 40000 };

	o->size = 1 + draw_below(limits[draw_below(4)]);
	o->offset = draw_below(OBJECT_SIZE_MAX - o->size + 1);
	if (draw_below(2))
		o->offset = draw_below(limits[draw_below(4)]);
	if (o->kind == SPACE_TRUNCATE && draw_below(3) == 0)
		o->offset = draw_below(OBJECT_PAGES + 1) * 4096;
	if (o->kind == SPACE_USER_READ || o->kind == SPACE_USER_WRITE)
		o->size = 1 + draw_below(4096 * 3);
	if (o->offset + o->size > OBJECT_SIZE_MAX)
		o->offset = OBJECT_SIZE_MAX - o->size;
	/* All of the memory lies in the arena. */
	if (o->page + 5 > ARENA_PAGES)
		o->page = ARENA_PAGES - 5;
	o->seed = draw_below(UINT32_MAX);
}

static void draw_operation(struct space_operation *o)
{
	o->page = draw_page(o->actor / THREADS, o->kind);
	o->count = draw_count(o->page);
	o->to = draw_any_page();
	o->new_count = draw_count(o->to);
	if (o->kind == SPACE_REMAP && draw_below(3) == 0)
		o->new_count = (uint16_t)(o->to + o->count > ARENA_PAGES ? 1 : o->count);
	if (o->kind == SPACE_BRK)
		o->new_count = (uint16_t)draw_below(30);
	o->byte = (uint16_t)(draw_below(16) ? draw_below(SLOTS) * SLOT_STEP : draw_below(4096));
	o->value = (uint8_t)(1 + draw_below(255));
	o->protection = draw_protection();
	o->is_fixed = draw_below(3) > 0;
	o->may_move = draw_below(4) > 0;
	o->file = (uint8_t)(draw_below(2) ? FILES : draw_below(FILES));
	o->is_read_only = draw_below(4) == 0;
	o->is_shared = draw_below(o->file < FILES ? 2 : 4) == 0;
	o->index = (uint16_t)(draw_below(3) ? draw_below(4) : draw_below(OBJECT_PAGES));
	o->advice = (uint8_t)(draw_below(2) ? ADVICE_DONTNEED : draw_below(ADVICE_KINDS));
	if (o->kind >= SPACE_READ && o->kind <= SPACE_TRUNCATE)
		draw_file_part(o);
	if (o->kind == SPACE_MAP && o->count > OBJECT_PAGES && o->is_shared)
		o->count = OBJECT_PAGES;
	if (o->kind == SPACE_ADVISE && o->advice >= ADVICE_POPULATE_READ && o->count > 24)
		o->count = 24;
	if (o->kind >= SPACE_READ && o->kind <= SPACE_FSYNC)
		o->file %= FILES;
	if (o->kind == SPACE_SLEEP)
		o->size = draw_below(4) ? draw_below(200) : draw_below(40000);
	if (o->kind == SPACE_STORE)
		o->byte = (uint16_t)(draw_below(SLOTS) * SLOT_STEP);
}

/* Who lives, as far as the list goes. */
struct living {
	bool processes[SPACES];
	bool seconds[SPACES];		/* and have a second thread */
};

static unsigned int draw_actor(const struct living *living)
{
	unsigned int process, thread;

	do {
		process = draw_below(SPACES);
		thread = draw_below(THREADS);
	} while (!living->processes[process] || (thread && !living->seconds[process]));
	return process * THREADS + thread;
}

static unsigned int count_processes(const struct living *living)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < SPACES; i++)
		count += living->processes[i];
	return count;
}

/* What this kind does to who lives; false: not now. */
static bool change_living(struct living *living, struct space_operation *o)
{
	unsigned int process = o->actor / THREADS;

	switch (o->kind) {
	case SPACE_FORK:
		if (count_processes(living) == SPACES)
			return false;
		do {
			o->target = (uint8_t)draw_below(SPACES);
		} while (living->processes[o->target]);
		living->processes[o->target] = true;
		return true;
	case SPACE_THREAD:
		if (living->seconds[process])
			return false;
		return living->seconds[process] = true;
	case SPACE_EXIT:
		if (count_processes(living) == 1)
			return false;
		living->processes[process] = living->seconds[process] = false;
		return true;
	default:
		return true;
	}
}

void scenario_draw_memory(struct scenario *s)
{
	struct living living = { .processes = { true } };
	unsigned int count = 100 + draw_below(draw_below(3) ? 1500 : SPACE_OPERATIONS_MAX - 100);

	memset(is_mapped, 0, sizeof(is_mapped));
	s->machine.cpus = 1 + draw_below(4);
	s->machine.memory_pages = 3072 + draw_below(3) * 1024;
	s->machine.low_pages = draw_below(2) ? s->machine.memory_pages : 2048;
	s->machine.switch_every = 2u << draw_below(8);
	s->machine.allocation_failures = draw_below(3) ? 0 : 10u << draw_below(6);
	s->workers = SPACES;
	if (draw_below(4) == 0)
		scenario_draw_disk(s, false);
	for (unsigned int i = 0; i < FILES; i++)
		s->file_sizes[i] = draw_below(3) ? draw_below(OBJECT_SIZE_MAX) : 0;
	s->start_count = 1;
	while (s->operation_count < count) {
		struct space_operation *o = &s->space_operations[s->operation_count];

		o->kind = s->operation_count < FIRST_MAPS ? SPACE_MAP : draw_kind();
		o->actor = (uint8_t)draw_actor(&living);
		if (!change_living(&living, o))
			continue;
		draw_operation(o);
		note_mapped(o);
		s->operation_count++;
	}
	s->starts[0].end = s->operation_count;
}

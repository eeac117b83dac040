/*
 * Drawing a run from its seed.
 *
 * Paths have one to three parts out of four letters, so that names are met again: about half of the
 * operations succeed, the others run into what is there or is not.
 */
#include <stdio.h>
#include <string.h>
#include "scenario.h"

static uint64_t state;

/* splitmix64, as sim_random. */
static uint32_t below(uint32_t limit)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return (uint32_t)((z ^ (z >> 31)) % limit);
}

static const struct format {
	const char *options;
	uint32_t size;
	bool has_journal;
} formats[] = {
	{ NULL, 0, false },
	{ "-t ext2 -b 1024", 6 << 20, false },
	{ "-t ext2 -b 4096 -I 128 -O ^dir_index,^resize_inode", 6 << 20, false },
	{ "-t ext3 -b 1024 -J size=1", 7 << 20, true },
	{ "-t ext3 -b 2048 -J size=2", 8 << 20, true },
	{ "-t ext3 -b 4096 -J size=4", 10 << 20, true },
};

/* How often each kind comes, and its order is enum operation_kind's. */
static const uint8_t weights[OP_KINDS] = {
	14, 16, 6, 10, 8, 10, 6, 8, 10, 3, 3, 2, 5, 4, 7, 2, 3, 4, 3, 3, 2, 1
};

static uint8_t draw_kind(void)
{
	uint32_t sum = 0, pick;
	uint8_t kind = 0;

	for (unsigned int i = 0; i < OP_KINDS; i++)
		sum += weights[i];
	for (pick = below(sum); pick >= weights[kind]; kind++)
		pick -= weights[kind];
	return kind;
}

static void draw_path(char *path)
{
	static const uint8_t depths[] = { 1, 1, 1, 2, 2, 2, 3 };
	unsigned int depth = depths[below(sizeof(depths))];

	for (unsigned int i = 0; i < depth; i++) {
		path[2 * i] = (char)('a' + below(4));
		path[2 * i + 1] = i + 1 < depth ? '/' : 0;
	}
}

static void draw_operation(struct operation *o, unsigned int workers)
{
	static const uint32_t limits[] = { 100, 1500, 9000, 24000 };

	o->kind = draw_kind();
	o->worker = (uint8_t)below(workers);
	draw_path(o->path);
	if (o->kind == OP_RENAME || o->kind == OP_LINK)
		draw_path(o->other);
	o->offset = below(3) ? below(limits[below(4)] * 2) : 0;
	o->size = 1 + below(limits[below(4)]);
	o->seed = below(UINT32_MAX);
	if (o->kind == OP_SYMLINK)
		o->size = below(2) ? 1 + below(50) : 60 + below(LINK_SIZE - 60);
	if (o->kind == OP_SLEEP)
		o->size = below(4) ? below(200) : below(40000);
}

void scenario_draw(struct scenario *s, uint64_t seed)
{
	const struct format *format;
	unsigned int count;

	memset(s, 0, sizeof(*s));
	state = seed * 0x2545f4914f6cdd1dull + 1;
	s->seed = seed;
	format = &formats[below(8) < 5 ? 3 + below(3) : below(3)];
	s->format = format->options;
	s->disk_size = format->size;
	s->has_journal = format->has_journal;
	s->disk_has_cache = below(4) > 0;
	s->disk_has_forced_writes = below(2);
	s->machine.cpus = 1 + below(4);
	s->machine.memory_pages = 3072 + below(3) * 1024;
	/* Free memory comes in blocks of up to 1024 pages, which must not lie across the border. */
	s->machine.low_pages = below(2) ? s->machine.memory_pages : 2048;
	s->machine.switch_every = 2u << below(8);
	s->machine.allocation_failures = below(3) ? 0 : 10u << below(6);
	s->workers = 1 + below(WORKERS_MAX);
	s->start_count = format->has_journal ? 1 + below(STARTS_MAX - 1)
			 : format->options   ? 1 + below(2)
					     : 1;
	for (unsigned int i = 0; i < s->start_count; i++) {
		struct scenario_start *start = &s->starts[i];

		start->first = s->operation_count;
		count = 5 + below(below(3) ? 100 : 450);
		for (unsigned int k = 0; k < count; k++)
			draw_operation(&s->operations[s->operation_count++], s->workers);
		start->end = s->operation_count;
		/* The last start ends in order, so that the disk can be looked at. */
		start->loses_power = format->has_journal && i + 1 < s->start_count && below(8);
		start->cut_operations = below(count);
		start->cut_points = below(4u << below(13));
	}
	/* Nor does anything fail in the last one. */
	for (unsigned int i = 0; i + 1 < s->start_count; i++) {
		struct scenario_start *start = &s->starts[i];

		if (below(3))
			continue;
		start->disk_failures = 2u << below(8);
		start->disk_dies = below(3) == 0;
		start->loses_power = start->loses_power && below(3) == 0;
	}
}

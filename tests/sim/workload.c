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
uint32_t draw_below(uint32_t limit)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return (uint32_t)((z ^ (z >> 31)) % limit);
}

struct disk_format {
	const char *options;		/* of mke2fs; NULL: no disk */
	uint32_t size;
	bool has_journal;
};

static const struct disk_format formats[] = {
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
	for (pick = draw_below(sum); pick >= weights[kind]; kind++)
		pick -= weights[kind];
	return kind;
}

static void draw_path(char *path)
{
	static const uint8_t depths[] = { 1, 1, 1, 2, 2, 2, 3 };
	unsigned int depth = depths[draw_below(sizeof(depths))];

	for (unsigned int i = 0; i < depth; i++) {
		path[2 * i] = (char)('a' + draw_below(4));
		path[2 * i + 1] = i + 1 < depth ? '/' : 0;
	}
}

static void draw_operation(struct operation *o, unsigned int workers)
{
	static const uint32_t limits[] = { 100, 1500, 9000, 24000 };

	o->kind = draw_kind();
	o->worker = (uint8_t)draw_below(workers);
	draw_path(o->path);
	if (o->kind == OP_RENAME || o->kind == OP_LINK)
		draw_path(o->other);
	o->offset = draw_below(3) ? draw_below(limits[draw_below(4)] * 2) : 0;
	o->size = 1 + draw_below(limits[draw_below(4)]);
	o->seed = draw_below(UINT32_MAX);
	if (o->kind == OP_SYMLINK)
		o->size = draw_below(2) ? 1 + draw_below(50) : 60 + draw_below(LINK_SIZE - 60);
	if (o->kind == OP_SLEEP)
		o->size = draw_below(4) ? draw_below(200) : draw_below(40000);
}

void scenario_draw_disk(struct scenario *s, bool may_lack)
{
	unsigned int plain = may_lack ? draw_below(3) : 1 + draw_below(2);
	const struct disk_format *format;

	format = &formats[draw_below(8) < 5 ? 3 + draw_below(3) : plain];
	s->format = format->options;
	s->disk_size = format->size;
	s->has_journal = format->has_journal;
	s->disk_has_cache = draw_below(4) > 0;
	s->disk_has_forced_writes = draw_below(2);
}

static void draw_files(struct scenario *s)
{
	unsigned int count;

	scenario_draw_disk(s, true);
	s->machine.cpus = 1 + draw_below(4);
	s->machine.memory_pages = 3072 + draw_below(3) * 1024;
	/* Free memory comes in blocks of up to 1024 pages, which must not lie across the border. */
	s->machine.low_pages = draw_below(2) ? s->machine.memory_pages : 2048;
	s->machine.switch_every = 2u << draw_below(8);
	s->machine.allocation_failures = draw_below(3) ? 0 : 10u << draw_below(6);
	s->workers = 1 + draw_below(FILE_WORKERS_MAX);
	s->start_count = s->has_journal ? 1 + draw_below(STARTS_MAX - 1)
			 : s->format   ? 1 + draw_below(2)
					     : 1;
	for (unsigned int i = 0; i < s->start_count; i++) {
		struct scenario_start *start = &s->starts[i];

		start->first = s->operation_count;
		count = 5 + draw_below(draw_below(3) ? 100 : 450);
		for (unsigned int k = 0; k < count; k++)
			draw_operation(&s->operations[s->operation_count++], s->workers);
		start->end = s->operation_count;
		/* The last start ends in order, so that the disk can be looked at. */
		start->loses_power = s->has_journal && i + 1 < s->start_count && draw_below(8);
		start->cut_operations = draw_below(count);
		start->cut_points = draw_below(4u << draw_below(13));
	}
	/* Nor does anything fail in the last one. */
	for (unsigned int i = 0; i + 1 < s->start_count; i++) {
		struct scenario_start *start = &s->starts[i];

		if (draw_below(3))
			continue;
		start->disk_failures = 2u << draw_below(8);
		start->disk_dies = draw_below(3) == 0;
		start->loses_power = start->loses_power && draw_below(3) == 0;
	}
}

/* Of eight seeds two are processes', and the others half files', half memory's. */
static enum scenario_kind kind_of_seed(uint64_t seed)
{
	if (seed % 8 == 2 || seed % 8 == 5)
		return SCENARIO_PROCESSES;
	return seed % 2 ? SCENARIO_FILES : SCENARIO_MEMORY;
}

void scenario_draw(struct scenario *s, uint64_t seed, enum scenario_kind kind)
{
	memset(s, 0, sizeof(*s));
	state = seed * 0x2545f4914f6cdd1dull + 1;
	s->seed = seed;
	s->kind = kind == SCENARIO_KINDS ? kind_of_seed(seed) : kind;
	switch (s->kind) {
	case SCENARIO_FILES: draw_files(s); break;
	case SCENARIO_MEMORY: scenario_draw_memory(s); break;
	default: scenario_draw_processes(s); break;
	}
}

void scenario_format(const struct scenario *s, unsigned int number, char *buffer, size_t size)
{
	switch (s->kind) {
	case SCENARIO_FILES: operation_format(&s->operations[number], buffer, size); break;
	case SCENARIO_MEMORY:
		space_operation_format(&s->space_operations[number], buffer, size);
		break;
	default: family_operation_format(&s->family_operations[number], buffer, size); break;
	}
}

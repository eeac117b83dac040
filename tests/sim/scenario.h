/*
 * One run of the simulated machine, all of it drawn from a seed: the machine, the disk, and what
 * is done.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "family_workload.h"
#include "model.h"
#include "shared.h"
#include "space_model.h"

/* What the machine does wrong on purpose, to show that it is noticed. */
enum sim_break {
	BREAK_NOTHING,
	BREAK_FLUSH,		/* the disk says that it has flushed, and has not */
	BREAK_FORCE,		/* it forces no write to its medium, and says that it has */
	BREAK_WAKE,		/* one wake-up in a thousand is lost */
	BREAK_FREE,		/* one object in a thousand is given back twice */
	BREAK_TLB,		/* one flush in ten is forgotten */
	BREAK_COPY,		/* one page in four is not copied on a write fault */
	BREAK_TABLE,		/* one page table in four loses a count when it is shared */
	BREAK_TRUNCATE,		/* one truncation in four leaves pages mapped */
	BREAK_REAP,		/* one wait in ten does not take the dead child away */
	BREAK_CHILD,		/* one signal in ten about a child's end is lost */
	BREAK_RESUME,		/* one continuation in four wakes nobody */
	BREAK_QUEUE,		/* one signal in twenty is taken, and lost */
	BREAK_KINDS
};

struct sim_settings {
	unsigned int cpus;		/* 1 to 4 */
	uint32_t memory_pages, low_pages;	/* RAM, and how much of it the direct map shows */
	uint32_t switch_every;		/* points from one CPU to the next, on average */
	uint32_t stall_every;		/* points from one CPU's standstill to the next; 0: none */
	uint32_t allocation_failures;	/* one in so many fails; 0: none */
	enum sim_break broken;
};

enum { STARTS_MAX = 5 };

/* From one start of the machine to its end. */
struct scenario_start {
	unsigned int first, end;	/* its operations */
	bool loses_power;
	uint32_t cut_operations;	/* that are over when the power is about to go, */
	uint32_t cut_points;		/* and so many points later it does */
	uint32_t disk_failures;		/* one request in so many fails; 0: none */
	bool disk_dies;			/* after the first all do */
};

/* What is played. */
enum scenario_kind { SCENARIO_FILES, SCENARIO_MEMORY, SCENARIO_PROCESSES, SCENARIO_KINDS };

struct scenario {
	enum scenario_kind kind;
	uint64_t seed;
	uint64_t schedule;		/* another order of the same things; 0 at first */
	struct sim_settings machine;
	const char *format;		/* mke2fs's options; NULL: tmpfs */
	uint32_t disk_size;
	bool has_journal, disk_has_cache, disk_has_forced_writes;
	unsigned int workers;
	unsigned int start_count;
	struct scenario_start starts[STARTS_MAX];
	uint32_t file_sizes[FILES];	/* of mapped files, at first */
	unsigned int operation_count;
	union {
		struct operation operations[OPERATIONS_MAX];
		struct space_operation space_operations[SPACE_OPERATIONS_MAX];
		struct family_operation family_operations[FAMILY_OPERATIONS_MAX];
	};
	bool left_out[SPACE_OPERATIONS_MAX];
	bool verbose;
};

/* workload.c, space_workload.c, family_workload.c */
uint32_t draw_below(uint32_t limit);
void scenario_draw(struct scenario *scenario, uint64_t seed, enum scenario_kind kind);
void scenario_draw_disk(struct scenario *scenario, bool may_lack);
void scenario_draw_memory(struct scenario *scenario);
void scenario_draw_processes(struct scenario *scenario);
void scenario_format(const struct scenario *scenario, unsigned int number, char *buffer,
		     size_t size);

/* memory.c: once, before the first machine starts. */
void scenario_prepare(void);

/* player.c, space_player.c, family_player.c: play start `number`; never comes back. */
__attribute__((__noreturn__)) void scenario_play(const struct scenario *scenario,
						 unsigned int number);
__attribute__((__noreturn__)) void scenario_play_memory(const struct scenario *scenario);
__attribute__((__noreturn__)) void scenario_play_processes(const struct scenario *scenario);

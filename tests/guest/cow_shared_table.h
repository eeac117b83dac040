/*
 * Memory arranged so that parent and child share whole page tables: 6 MiB, touched, aligned to the
 * 2 MiB that one table covers. Each test does something to it on one side of a fork() and checks
 * that the other side has everything as it was.
 */
#pragma once
#include "faults.h"

#define TABLE_SIZE (2 << 20)
#define TABLES 3
#define TABLE_PAGES (TABLE_SIZE / PAGE)
#define ALL_PAGES (TABLES * TABLE_PAGES)

static char *memory;

static inline char value_of(int page)
{
	return (char)(page * 3 + page / 256 + 1);
}

static inline void make_shared_tables(void)
{
	char *area = map_pages((TABLES + 1) * TABLE_PAGES);

	memory = (char *)(((uintptr_t)area + TABLE_SIZE - 1) & ~(uintptr_t)(TABLE_SIZE - 1));
	for (int page = 0; page < ALL_PAGES; page++)
		memory[page * PAGE] = value_of(page);
}

static inline void check_pages(int first, int end)
{
	for (int page = first; page < end; page++)
		CHECK_EQ(memory[page * PAGE], value_of(page));
}

/* Write every page and put the old value back: all of it must be writable. */
static inline void rewrite_pages(int first, int end)
{
	for (int page = first; page < end; page++)
		memory[page * PAGE] = 'x';
	for (int page = first; page < end; page++)
		memory[page * PAGE] = value_of(page);
}

/*
 * Do it in the child while the parent looks on, then in the parent while the child looks on; then
 * in one with nobody else.
 */
static inline void on_either_side(void (*change)(void))
{
	struct gate changed = gate_create(), looked = gate_create();
	pid_t child = FORK();

	if (child == 0) {
		change();
		gate_open(&changed);
		gate_pass(&looked);
		_exit(0);
	}
	gate_pass(&changed);
	check_pages(0, ALL_PAGES);
	rewrite_pages(0, ALL_PAGES);
	gate_open(&looked);
	CHECK_EQ(wait_exit_status(child), 0);
	check_pages(0, ALL_PAGES);

	child = FORK();
	if (child == 0) {
		gate_pass(&changed);
		check_pages(0, ALL_PAGES);
		rewrite_pages(0, ALL_PAGES);
		_exit(0);
	}
	change();
	gate_open(&changed);
	CHECK_EQ(wait_exit_status(child), 0);
}

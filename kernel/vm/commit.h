/*
 * Overcommit: how much private memory may be promised (vm/commit.c). What /proc/sys/vm sets and
 * /proc/meminfo shows.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "core/compiler.h"

/* /proc/sys/vm/overcommit_memory, by Linux's numbers. */
enum overcommit_mode { OVERCOMMIT_GUESS, OVERCOMMIT_ALWAYS, OVERCOMMIT_NEVER };

/* All of these: any context; a change counts from the next promise on. */
enum overcommit_mode overcommit_mode(void);
void overcommit_set_mode(enum overcommit_mode mode);
/*
 * What may be promised in mode 2: so many KiB, or, if that is 0, so much of the memory in per cent.
 * Setting one of them takes back the other.
 */
int overcommit_ratio(void);
void overcommit_set_ratio(int per_cent);
size_t overcommit_kib(void);
void overcommit_set_kib(size_t kib);

/*
 * May shared memory of so many pages be made? It is not counted, but what could never be kept is
 * refused. Callers leave out what is asked for without a promise (MAP_NORESERVE).
 */
bool overcommit_allows_shared(size_t pages);

/* Promised now, and what mode 2 allows, in pages. */
size_t overcommit_promised(void);
size_t overcommit_limit(void);

/*
 * Overcommit: how much private memory may be promised (vm/commit.c). What /proc/sys/vm sets and
 * /proc/meminfo shows.
 */
#pragma once
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

/* Promised now, and what mode 2 allows, in pages. */
size_t overcommit_promised(void);
size_t overcommit_limit(void);

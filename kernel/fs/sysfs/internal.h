/*
 * sysfs inside: what its directories hold, and what is in the files.
 *
 * A constant tree of entries describes everything. An entry stands for one name, or for a series:
 * one name for each processor or disk. What lies below a series is about the object that the
 * name stands for, known by its index in the series.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "lib/compiler.h"

struct sysfs_entry {
	const char *name;	/* NULL: a series, or, without `nth` too, the end of the table */
	/* The name of object `index` of a series; false: there are no more. May sleep. */
	bool (*nth)(unsigned int index, char *name, size_t size);
	/* Directories: a table, ended by an empty entry. */
	const struct sysfs_entry *children;
	/* Files: the whole text; returns its length, which is below `size`. May sleep. */
	int (*show)(unsigned int index, char *text, size_t size);
	/* Symbolic links: the target; returns its length. May sleep. */
	int (*link)(unsigned int index, char *target, size_t size);
};

enum { SYSFS_NAME_SIZE = 32, SYSFS_TEXT_SIZE = 512 };

extern const struct sysfs_entry sysfs_root_entry;	/* entries.c */

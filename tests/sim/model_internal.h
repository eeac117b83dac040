/*
 * What model.c, which applies operations, shares with model_cut.c, which looks at what is left
 * after a cut of power or the failure of a disk.
 */
#pragma once
#include "model.h"

enum { HELD = 2, NAMES = 8, FILES_MAX = 4096 };

/* What a file held after operation `number`. */
struct version {
	unsigned int number;
	uint32_t size;
	uint8_t *bytes;
};

struct node {
	enum node_kind kind;
	uint32_t links, references;
	uint32_t size, room;
	uint8_t *bytes;			/* `room` of them, zeros behind `size` */
	unsigned int serial;		/* in the order of their making */
	unsigned int changed;		/* by this operation last, in more than its bytes */
	struct node *children[NAMES];	/* of a directory, by letter */
};

struct model {
	struct node *root;
	struct node *held[HELD];
	unsigned int next_serial;
	/* When asked for: each content that files had, and when they were synced. */
	bool keeps_history;
	struct history *history;
	unsigned int durable;		/* operations that are on the disk for sure */
	struct result result;		/* of the operation that is applied now, */
	bool is_uncertain;		/* of which it is not known whether it was done */
};

struct history {
	bool disk_has_failed;
	struct file_history {
		struct version *versions;
		unsigned int count;
		unsigned int synced;	/* 1 + the operation that synced it last; 0: none */
		bool is_dirty;		/* changed since, when so many requests had failed: */
		uint32_t failures;
		bool is_doubtful;	/* a request failed meanwhile, or a change */
	} files[FILES_MAX];
};

/* A line of text that stays until the next. */
__attribute__((format(printf, 1, 2))) const char *model_complain(const char *format, ...);

typedef const char *(*compare_function)(const struct node *node, const struct tree_entry *entry,
					void *argument);
/* Each name of both is there, and `compare` finds nothing wrong with it. NULL, or what is. */
const char *model_compare_all(const struct model *model, const struct tree *tree,
			      compare_function compare, void *argument);
const char *model_compare_exactly(const struct node *node, const struct tree_entry *entry,
				  void *unused);
/* The content of a file is that of `number` now. */
void model_remember(struct model *model, const struct node *node, unsigned int number);

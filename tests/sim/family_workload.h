/*
 * Workloads of processes: lists of operations, each for whoever lives in a slot.
 *
 * There are FAMILY_SLOTS places to live; process 1 has the first. A child gets one that is free,
 * and does the operations of that slot from where the last one there came to: it ends when there
 * are none left, if it was not killed before. So whatever is left out of the list, the rest is
 * played.
 *
 * Whom an operation means is said by how they are related; who that is depends on what has
 * happened.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAMILY_SLOTS = 8 };

enum family_operation_kind {
	FAMILY_FORK,
	FAMILY_EXIT,
	FAMILY_WAIT,
	FAMILY_KILL,
	FAMILY_QUEUE_SIGNAL,
	FAMILY_ACTION,
	FAMILY_MASK,
	FAMILY_PENDING,
	FAMILY_SIGNAL_WAIT,
	FAMILY_PAUSE,
	FAMILY_SUSPEND,
	FAMILY_SET_GROUP,
	FAMILY_NEW_SESSION,
	FAMILY_GET_IDS,
	FAMILY_SUBREAPER,
	FAMILY_COMPUTE,
	FAMILY_SLEEP,
	FAMILY_KINDS
};

enum family_who {
	WHO_SELF,
	WHO_PARENT,
	WHO_CHILD,
	WHO_SLOT,		/* who lives there, or lived there last */
	WHO_NOBODY,		/* an id that nothing has */
	WHO_KINDS
};

enum { FORK_SIBLING = 1, FORK_WAITS = 2 };	/* CLONE_PARENT, vfork */

struct family_operation {
	uint8_t kind;		/* enum family_operation_kind */
	uint8_t slot;
	uint8_t who;		/* enum family_who */
	uint8_t which;		/* which child, or slot */
	uint8_t signal;		/* also that a child ends with */
	uint8_t how;		/* the group of who is meant; SIG_BLOCK..; handler; FORK_... */
	uint32_t options;	/* WNOHANG..., SA_... */
	uint32_t number;	/* exit status, value, rounds, microseconds */
	uint64_t set;		/* of signals */
};

const char *family_kind_name(enum family_operation_kind kind);
void family_operation_format(const struct family_operation *operation, char *buffer, size_t size);

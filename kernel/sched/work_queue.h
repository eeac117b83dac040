/*
 * Work to be done soon by a kernel thread, for those who may not sleep. One thread a CPU, plus
 * rescue.
 */
#pragma once
#include <stdbool.h>
#include "lib/list.h"

struct work {
	struct list_node node;			/* [queue] */
	void (*function)(struct work *work);	/* [I] may sleep */
	bool pending;				/* [queue] */
};
void work_init(struct work *work, void (*function)(struct work *));
/* Any context. False if it was pending already. The work may free itself in its function. */
bool work_schedule(struct work *work);
void work_queue_init(void);

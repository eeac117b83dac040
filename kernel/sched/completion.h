/*
 * Completions: one event that happens once (or is re-armed by init); waiters before and after get
 * it.
 */
#pragma once
#include "sched/wait_queue.h"

struct completion {
	struct wait_queue queue;
	atomic_bool done;	/* [a] */
};

void completion_init(struct completion *completion);
void completion_complete(struct completion *completion);	/* any context */
void completion_wait(struct completion *completion);
must_check int completion_wait_killable(struct completion *completion);	/* -EINTR */

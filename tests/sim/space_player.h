/*
 * What the two halves of playing a workload on address spaces share: space_player.c has the
 * processes, space_player_calls.c what they call.
 */
#pragma once
#include "sched/wait_queue.h"
#include "sim.h"

struct process {
	struct address_space *space;	/* NULL: no process */
	unsigned int number;
	unsigned int end;		/* its operations in the list end here */
	bool has_second;		/* thread, that runs */
};

struct actor {
	unsigned int number;
	struct process *process;
	unsigned int next;		/* its operations begin here */
	uint8_t buffer[OBJECT_SIZE_MAX];
};

extern struct wait_queue changes;	/* of the model: calls that end, and processes */

/*
 * Do a call whose allocations may fail. If one did, and the call says so, it is done once more, and
 * has all it wants.
 */
#define TRY_CALL(actor, result, call)                                                         \
	do {                                                                                  \
		sim_failures_begin((actor)->number);                                          \
		(result) = (call);                                                            \
		if (sim_failures_end((actor)->number) && (result) == -ENOMEM)                 \
			(result) = (call);                                                    \
	} while (0)

void check_result(const struct space_operation *operation, int result, int expected);
/* A call that needs nothing of processes but their space. Its result. */
int play_call(struct actor *actor, const struct space_operation *operation);

/* The files that are mapped, each open for both and for reading. */
void open_files(const struct scenario *scenario);
void close_files(void);

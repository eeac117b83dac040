/*
 * What the files that play processes share.
 */
#pragma once
#include "arch/signal_frame.h"
#include "arch/trap_frame.h"
#include "core/compiler.h"
#include "family_model.h"
#include "sim.h"

#define PLAYER_MEMORY	0x10000000u	/* one page of each process */
enum { HANDLERS_MAX = 128 };		/* that run inside each other */

struct thread;
struct process;

/* Who lives in a slot. */
struct player {
	bool is_used;
	unsigned int slot;
	int node;
	struct thread *thread;		/* NULL: it has not come to user mode yet */
	struct trap_frame *frame;
	bool shares_memory;		/* with its parent, after vfork */

	/* Signals whose handlers run: what they return to. */
	unsigned int depth;
	struct player_handler {
		struct trap_frame frame;
		uint64_t mask;
	} handlers[HANDLERS_MAX];
	uint32_t first_flags;		/* SA_... of the first handler of this way back */
	const struct family_operation *operation;
};

extern struct player players[FAMILY_SLOTS];
extern const struct scenario *family_scenario;

/* Of the running thread: NULL for others than players'. */
struct player *player_current(void);
static inline struct family_node *node_of(const struct player *self)
{
	return &family_nodes[self->node];
}

/* user_thread.c: a thread is in user mode now; a handler is to run; a thread is over. */
noreturn void player_run(struct trap_frame *frame);
void player_begin_handler(struct trap_frame *frame, const struct signal_frame_request *request);
void player_has_ended(void);

/* Back in user mode, and handlers have run. */
void player_return(struct player *self);
/* Make the call until it is not restarted. Its result, for the program. */
int player_call(struct player *self, int (*call)(struct player *self));

/* family_player_calls.c: one operation that is a call. */
void player_play_call(struct player *self, const struct family_operation *operation);
/* A child for this slot, which is free. */
void player_fork(struct player *self, unsigned int slot, const struct family_operation *operation);
/* What init does by itself: wait for any, without blocking (true: it got one); and two more. */
bool player_reap(struct player *self);
void player_kill(struct player *self, int pid, int signo);
void player_set_mask(struct player *self, uint64_t mask);
noreturn void player_exit(struct player *self, unsigned int code);
noreturn void player_complain(const struct player *self, const char *what, int result,
			      int expected);

/* family_watch.c: look at locks from now on; init's process is this. */
void family_watch_begin(struct process *init);

/*
 * What processes and their signals must look like: a model of the tree, of each process's pending
 * signals, and of its stops.
 *
 * The kernel changes the tree under one lock (process_tree_lock) and what a process knows of
 * signals under that process's own (signal_lock). So each change is one step, over when the lock is
 * dropped, and there the model looks (family_watch.c): what is different must be what the running
 * thread may do just then, to the last entry of a queue, and the model does it, too. Answers to
 * calls follow from the model as it is when the call drops its last lock.
 *
 * Masks, actions and the subreaper's flag a process changes for itself, without these locks or with
 * one of them only. Who looks at another's while that changes may see it old or new: both are right
 * (family_is_changing).
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "family_workload.h"
#include "uapi/linux/signal.h"

enum {
	FAMILY_NODES = 1500,		/* processes of one run */
	FAMILY_QUEUE = 64,		/* signals pending for one process */
	FAMILY_SIGNALS = 64,
	FAMILY_INIT = 0,		/* its node */
	FAMILY_NOBODY = -1,
};

#define FAMILY_BIT(signal) (1ull << ((signal) - 1))

struct family_signal {
	int signo, code;
	int pid;			/* the sender, or the child that it is about */
	int value;			/* of sigqueue, or the child's status */
	bool is_for_group;		/* the model's own knowledge: it was sent to a group, */
	uint64_t sent_at;		/* and then */
};

/* What others may change about a process, all of it under its signal lock. */
struct family_signals {
	bool is_exiting;		/* decided; then only the status and */
	uint32_t status;		/* as wait4 gives it */
	bool continue_unreported;	/* this count */
	bool stop_requested, is_stopped, stop_unreported;
	int stop_signal;		/* while stop_requested, or unreported */
	unsigned int queued;
	struct family_signal queue[FAMILY_QUEUE];	/* oldest first */
};

enum family_handler { HANDLER_DEFAULT, HANDLER_IGNORE, HANDLER_CAUGHT };

struct family_action {
	uint8_t handler;		/* enum family_handler */
	uint32_t flags;			/* SA_... */
	uint64_t mask;
};

enum family_state { FAMILY_NEVER, FAMILY_UNBORN, FAMILY_ALIVE, FAMILY_DEAD, FAMILY_GONE };

enum family_phase { PHASE_USER, PHASE_CALL, PHASE_RETURN };

enum wait_whom { WHOM_ANY, WHOM_PID, WHOM_GROUP };

enum { NO_ANSWER = -100000 };

/* The call that a process is in. */
struct family_call {
	uint8_t kind;			/* enum family_operation_kind */
	uint64_t begun;
	int whom;			/* kill, setpgid, getpgid: a pid; wait: enum wait_whom */
	int id;				/* wait: a pid or group; setpgid: the group */
	uint32_t options;		/* of wait, WEXITED among them */
	struct family_signal signal;	/* kill, sigqueue; signo alone: sigaction */
	uint64_t set;			/* sigwait */
	uint32_t status;		/* exit */
	int exit_signal;		/* fork: the child's, */
	bool is_sibling;		/* CLONE_PARENT, */
	int child;			/* and its node */
	/* What the model has seen: */
	int answer;			/* an error, 0, or NO_ANSWER */
	bool has_report;		/* wait: this is it */
	bool has_seen_dead;		/* wait: and the next look takes it */
	int report_pid, report_code;
	uint32_t report_status;
	bool is_done;			/* the tree has changed; fork: the child is born */
	uint64_t reached[(FAMILY_NODES + 63) / 64];	/* kill: a bit for each node */
	bool has_taken;			/* sigwait: this */
	struct family_signal taken;
};

struct family_node {
	uint8_t state;			/* enum family_state */
	uint8_t phase;			/* enum family_phase */
	int pid;
	int parent;			/* a node */
	int group, session;		/* pids */
	int exit_signal;
	bool is_subreaper;
	struct family_signals signals;
	uint64_t blocked;
	struct family_action actions[FAMILY_SIGNALS + 1];
	struct family_call call;

	bool is_changing;		/* its mask, actions or subreaper's flag, now */
	uint64_t changed_at;		/* that they last did */
	uint64_t parent_changed_at, group_changed_at, exiting_at, stopped_at;
	uint64_t report_changed_at;	/* a stop or continuation to report came, or went */
	uint64_t told_by;		/* SIGCHLD: when somebody last saw that it is pending */

	/* The way back to user mode. */
	bool has_suspended;		/* its mask, which it gets back */
	uint64_t saved_mask;
	bool has_taken;			/* a signal, whose handler begins next */
	struct family_signal taken;
	int stop_taken;			/* a stop signal, that may stop it now */
	bool stop_fails, stop_may_fail;	/* SIGCONT came since; or its group is orphaned */
	int dying_of;			/* a signal that it has taken */

	uint64_t tree_since, signal_since;	/* its thread last began to take such a lock */
};

extern struct family_node family_nodes[FAMILY_NODES];
extern uint64_t family_now;		/* moves on with each change */

/* Nodes in the tree, dead ones too. */
extern int family_present[FAMILY_NODES];
extern unsigned int family_present_count;

static inline bool family_is_reached(const struct family_call *call, int node)
{
	return call->reached[node / 64] >> node % 64 & 1;
}

int family_find(int pid);		/* FAMILY_NOBODY */
bool family_is_changing(const struct family_node *node, uint64_t since);
bool family_can_end(const struct family_node *self);

/* ---- the tree: family_tree.c ---- */

/* What the kernel has of one process. */
struct family_view {
	bool is_there;
	bool is_dead;
	int parent, group, session;	/* pids */
};

/* A node for a child that `parent` is about to have; -1: there are no more. Or it was not born. */
int family_conceive(int parent);
void family_miscarry(int child);
void family_begin(int pid);		/* init alone */

/* `actor` drops the tree lock, and views (by node) are what there is. */
void family_tree_step(int actor, const struct family_view *views);
/* Process `pid` was not there before. */
void family_tree_birth(int actor, int pid, const struct family_view *view);

/* Is `group` without anybody in its session who cares; `leaving` does not count. */
bool family_group_is_orphaned(int group, int leaving);
/* Whom the children of `dying` may go to. */
bool family_may_inherit(int dying, int heir);
/* Is a dead child of `parent` forgotten at once? Bit 0: it may not be; bit 1: it may be. */
unsigned int family_forgives(int parent, int exit_signal, uint64_t since);
/* Is `child` one of those that this wait is for? */
bool family_wait_matches(int parent, int child, const struct family_call *call);
int family_end_code(uint32_t status);
int family_end_value(uint32_t status);	/* in a siginfo */

/* ---- signals: family_signals.c ---- */

/* `actor` (FAMILY_NOBODY: no process) drops the signal lock of `owner`, where `now` is found. */
void family_signal_step(int actor, int owner, const struct family_signals *now);
/* Of these signals the next that would be taken; NULL: none. */
const struct family_signal *family_next_signal(const struct family_signals *signals,
					       uint64_t allowed);
uint64_t family_pending(const struct family_signals *signals);
/* On the way to user mode: a handler is started, and then all is over. */
void family_handler_begins(int self, int signo, int code, int pid, int value);
void family_back_in_user(int self);

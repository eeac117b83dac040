/*
 * Watching the kernel's processes: whenever one of its locks on them is dropped, what is there is
 * shown to the model. (Theory: family_model.h.)
 */
#include "core/assert.h"
#include "lib/string.h"
#include "proc/internal.h"
#include "family_player.h"

static struct process *processes[FAMILY_NODES];	/* by node, while it is in the tree */
static struct family_view views[FAMILY_NODES];

static int current_node(void)
{
	struct player *player = player_current();

	return player && !in_interrupt() ? player->node : FAMILY_NOBODY;
}

/* ---- the tree ---- */

static void look_at_family(const struct process *process, struct family_view *view)
{
	const struct process *parent = process->parent;

	*view = (struct family_view){
		.is_there = true,
		.is_dead = process->state == PROCESS_DEAD,
		.parent = parent ? parent->id : 0,
		.group = process->group->id,
		.session = process->group->session->id,
	};
}

/* A child that the model does not know is the last one of its parent's. */
static void look_for_child(int actor, struct process *parent)
{
	struct process *child;
	struct family_view view;

	if (!parent || list_is_empty(&parent->children))
		return;
	child = container_of(parent->children.head.previous, struct process, sibling);
	if (family_find(child->id) >= 0)
		return;
	look_at_family(child, &view);
	family_tree_birth(actor, child->id, &view);
	processes[family_find(child->id)] = child;
}

static void look_at_tree(void)
{
	int actor = current_node();
	const struct family_node *self = actor < 0 ? NULL : &family_nodes[actor];

	if (self && self->phase == PHASE_CALL && self->call.kind == FAMILY_FORK &&
	    !self->call.is_done) {
		look_for_child(actor, processes[actor]);
		if (self->call.is_sibling)
			look_for_child(actor, processes[actor]->parent);
	}
	for (unsigned int i = 0; i < family_present_count; i++) {
		int node = family_present[i];

		views[node].is_there =
			process_table_process(family_nodes[node].pid) == processes[node];
		if (views[node].is_there)
			look_at_family(processes[node], &views[node]);
	}
	family_tree_step(actor, views);
	if (process_count() != family_present_count)
		sim_fail("there are %u processes, not %u", process_count(), family_present_count);
}

/* ---- signals ---- */

static struct family_signal signal_of(const struct linux_siginfo *info)
{
	struct family_signal signal = { .signo = info->signo, .code = info->code };

	if (info->code != SI_KERNEL) {
		signal.pid = info->child.pid;
		signal.value = info->child.status;
	}
	return signal;
}

static void look_at_signals(int node, struct process *process)
{
	static struct family_signals now;
	struct linux_siginfo info;

	now = (struct family_signals){
		.is_exiting = process->flags & PROCESS_EXITING,
		.status = process->exit_status,
		.stop_requested = process->stop_requested,
		.is_stopped = process->is_stopped,
		.stop_unreported = process->stop_unreported,
		.continue_unreported = process->continue_unreported,
		.stop_signal = process->stop_signal,
	};
	while (now.queued < FAMILY_QUEUE &&
	       signal_pending_peek(&process->pending, now.queued, &info))
		now.queue[now.queued++] = signal_of(&info);
	if (!now.is_exiting && family_pending(&now) != process->pending.set)
		sim_fail("%d: the set of pending signals is %llx, and the queue says %llx",
			 process->id, (unsigned long long)process->pending.set,
			 (unsigned long long)family_pending(&now));
	family_signal_step(current_node(), node, &now);
}

/* ---- locks ---- */

static void acquires(const void *lock, unsigned int rank)
{
	int actor;

	(void)lock;
	if (rank != LOCK_RANK_PROCESS_TREE && rank != LOCK_RANK_SIGNAL)
		return;
	actor = current_node();
	if (actor < 0)
		return;
	if (rank == LOCK_RANK_PROCESS_TREE)
		family_nodes[actor].tree_since = family_now;
	else
		family_nodes[actor].signal_since = family_now;
}

static void releases(const void *lock)
{
	if (lock == &process_tree_lock) {
		look_at_tree();
		return;
	}
	for (unsigned int i = 0; i < family_present_count; i++) {
		int node = family_present[i];

		if (lock == &processes[node]->signal_lock) {
			look_at_signals(node, processes[node]);
			return;
		}
	}
}

void family_watch_begin(struct process *init)
{
	static const struct sim_lock_watch watch = { acquires, releases };

	family_begin(init->id);
	processes[FAMILY_INIT] = init;
	sim_watch_locks(&watch);
}

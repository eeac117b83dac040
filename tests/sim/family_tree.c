/*
 * The model of processes: the tree. (Theory: family_model.h.)
 */
#include "family_model.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/wait.h"
#include "lib/string.h"
#include "sim.h"

struct family_node family_nodes[FAMILY_NODES];
uint64_t family_now = 1;
int family_present[FAMILY_NODES];
unsigned int family_present_count;

static int conceived = FAMILY_INIT + 1;	/* nodes in use so far */

int family_find(int pid)
{
	for (unsigned int i = 0; i < family_present_count; i++) {
		if (family_nodes[family_present[i]].pid == pid)
			return family_present[i];
	}
	return FAMILY_NOBODY;
}

bool family_is_changing(const struct family_node *node, uint64_t since)
{
	return node->is_changing || node->changed_at >= since;
}

/* Its end is decided, and it is at a place where it would come to it. */
bool family_can_end(const struct family_node *self)
{
	return self->signals.is_exiting &&
	       (self->phase == PHASE_RETURN ||
		(self->phase == PHASE_CALL && self->call.kind == FAMILY_EXIT));
}

/* ---- births ---- */

int family_conceive(int parent)
{
	struct family_node *child;

	if (conceived == FAMILY_NODES)
		return FAMILY_NOBODY;
	child = &family_nodes[conceived];
	memset(child, 0, sizeof(*child));
	child->state = FAMILY_UNBORN;
	child->parent = parent;
	return conceived++;
}

void family_miscarry(int child)
{
	family_nodes[child].state = FAMILY_NEVER;
	if (child == conceived - 1)
		conceived--;
}

static void appear(int node)
{
	family_nodes[node].state = FAMILY_ALIVE;
	family_present[family_present_count++] = node;
	family_now++;
}

static void vanish(int node)
{
	unsigned int at = 0;

	family_nodes[node].state = FAMILY_GONE;
	while (family_present[at] != node)
		at++;
	family_present_count--;
	memmove(&family_present[at], &family_present[at + 1],
		(family_present_count - at) * sizeof(family_present[0]));
	family_now++;
}

void family_begin(int pid)
{
	struct family_node *init = &family_nodes[FAMILY_INIT];

	init->pid = init->group = init->session = pid;
	init->parent = FAMILY_NOBODY;
	appear(FAMILY_INIT);
}

/* A signal for the group of `parent` would miss the child: fork has to come after it. */
static void check_group_signals(const struct family_node *parent)
{
	const struct family_signals *s = &parent->signals;

	for (unsigned int i = 0; i < s->queued; i++) {
		if (s->queue[i].is_for_group &&
		    !(parent->blocked & FAMILY_BIT(s->queue[i].signo)))
			sim_fail("%d forks, and has not taken signal %d, which its group got",
				 parent->pid, s->queue[i].signo);
	}
}

void family_tree_birth(int actor, int pid, const struct family_view *view)
{
	struct family_node *parent = actor < 0 ? NULL : &family_nodes[actor];
	const struct family_call *call = parent ? &parent->call : NULL;
	struct family_node *child;
	int family;

	if (!parent || parent->phase != PHASE_CALL || call->kind != FAMILY_FORK || call->is_done)
		sim_fail("process %d is born, and nobody forks", pid);
	child = &family_nodes[call->child];
	family = call->is_sibling && parent->parent >= 0 ? parent->parent : actor;
	if (view->parent != family_nodes[family].pid || view->is_dead ||
	    view->group != parent->group || view->session != parent->session)
		sim_fail("process %d is born to %d in group %d of session %d; that should be %d, "
			 "%d, %d", pid, view->parent, view->group, view->session,
			 family_nodes[family].pid, parent->group, parent->session);
	check_group_signals(parent);
	child->pid = pid;
	child->parent = family;
	child->group = parent->group;
	child->session = parent->session;
	child->exit_signal = call->is_sibling ? parent->exit_signal : call->exit_signal;
	child->blocked = parent->blocked;
	memcpy(child->actions, parent->actions, sizeof(child->actions));
	child->phase = PHASE_RETURN;
	appear(call->child);
	parent->call.is_done = true;
}

/* ---- who is whose ---- */

bool family_group_is_orphaned(int group, int leaving)
{
	for (unsigned int i = 0; i < family_present_count; i++) {
		const struct family_node *member = &family_nodes[family_present[i]];
		const struct family_node *parent;

		if (member->group != group || member->state != FAMILY_ALIVE ||
		    family_present[i] == leaving || member->parent < 0 ||
		    member->parent == leaving || member->parent == FAMILY_INIT)
			continue;
		parent = &family_nodes[member->parent];
		if (parent->group != group && parent->session == member->session)
			return false;
	}
	return true;
}

/* The nearest one above that adopts; who ends or changes its mind just now may or may not. */
bool family_may_inherit(int dying, int heir)
{
	uint64_t since = family_nodes[dying].tree_since;

	for (int at = family_nodes[dying].parent; at >= 0 && at != FAMILY_INIT;
	     at = family_nodes[at].parent) {
		const struct family_node *node = &family_nodes[at];
		bool is_changing = family_is_changing(node, since);

		if (node->state != FAMILY_ALIVE || (!node->is_subreaper && !is_changing))
			continue;
		if (node->signals.is_exiting && node->exiting_at < since)
			continue;
		if (at == heir)
			return true;
		if (!is_changing && !node->signals.is_exiting)
			return false;
	}
	return heir == FAMILY_INIT;
}

unsigned int family_forgives(int parent, int exit_signal, uint64_t since)
{
	const struct family_node *node = &family_nodes[parent];
	const struct family_action *action = &node->actions[SIGCHLD];

	if (exit_signal != SIGCHLD)
		return 1;
	if (family_is_changing(node, since))
		return 3;
	return action->handler == HANDLER_IGNORE || (action->flags & SA_NOCLDWAIT) ? 2 : 1;
}

int family_end_code(uint32_t status)
{
	return status & 0x7f ? CLD_KILLED : CLD_EXITED;
}

int family_end_value(uint32_t status)
{
	return (int)(status & 0x7f ? status & 0x7f : status >> 8);
}

/* ---- waiting ---- */

bool family_wait_matches(int parent, int child, const struct family_call *call)
{
	const struct family_node *node = &family_nodes[child];

	if (node->parent != parent)
		return false;
	if (call->whom == WHOM_PID && node->pid != call->id)
		return false;
	if (call->whom == WHOM_GROUP && node->group != call->id)
		return false;
	return (call->options & __WALL) ||
	       (node->exit_signal != SIGCHLD) == !!(call->options & __WCLONE);
}

/*
 * One look of a wait is over, and took nobody away: what it must say. A first look, which shares
 * the lock, may find a dead child; then the second, at once, takes somebody.
 */
static void answer_wait(int actor)
{
	struct family_call *call = &family_nodes[actor].call;

	call->answer = -ECHILD;
	for (unsigned int i = 0; i < family_present_count; i++) {
		const struct family_node *child = &family_nodes[family_present[i]];

		if (!family_wait_matches(actor, family_present[i], call))
			continue;
		if (child->state == FAMILY_ALIVE) {
			call->answer = 0;
			continue;
		}
		if (!(call->options & WEXITED) || call->has_report)
			continue;
		if (!(call->options & WNOWAIT)) {
			if (call->has_seen_dead)
				sim_fail("%d waits for %d, which is dead, and passes it by",
					 family_nodes[actor].pid, child->pid);
			call->has_seen_dead = true;
			call->answer = NO_ANSWER; /* yet */
			return;
		}
		call->answer = 0;
		/* Any of them: player asks family_find() for the one that it got. */
		call->has_report = true;
		call->report_pid = 0;
	}
}

static void take_dead(int actor, int child)
{
	struct family_node *self = &family_nodes[actor], *node = &family_nodes[child];
	struct family_call *call = &self->call;

	if (!family_wait_matches(actor, child, call) || !(call->options & WEXITED) ||
	    (call->options & WNOWAIT) || call->has_report)
		sim_fail("%d takes the dead %d, for which it does not wait", self->pid, node->pid);
	call->has_report = true;
	call->report_pid = node->pid;
	call->report_code = family_end_code(node->signals.status);
	call->report_status = node->signals.status;
	vanish(child);
}

static void step_wait(int actor, const struct family_view *views)
{
	struct family_call *call = &family_nodes[actor].call;
	int taken = FAMILY_NOBODY;

	for (unsigned int i = 0; i < family_present_count; i++) {
		if (views[family_present[i]].is_there)
			continue;
		if (taken >= 0 || family_nodes[family_present[i]].state != FAMILY_DEAD)
			sim_fail("a wait takes %d away, which lives, or a second one",
				 family_nodes[family_present[i]].pid);
		taken = family_present[i];
	}
	if (taken >= 0)
		take_dead(actor, taken);
	else
		answer_wait(actor);
	if (call->has_report)
		call->answer = 1;
}

/* ---- groups and sessions ---- */

static bool group_exists(int group, int *session)
{
	for (unsigned int i = 0; i < family_present_count; i++) {
		const struct family_node *node = &family_nodes[family_present[i]];

		if (node->group == group) {
			*session = node->session;
			return true;
		}
	}
	return false;
}

static bool session_exists(int session)
{
	for (unsigned int i = 0; i < family_present_count; i++) {
		if (family_nodes[family_present[i]].session == session)
			return true;
	}
	return false;
}

/* setpgid, as POSIX has it and in Linux's order of errors. *target: whom it concerns. */
static int answer_set_group(int actor, int *target)
{
	const struct family_node *self = &family_nodes[actor], *node;
	int pid = self->call.whom ? self->call.whom : self->pid;
	int group = self->call.id ? self->call.id : pid;
	int session;

	*target = family_find(pid);
	if (*target < 0)
		return -ESRCH;
	node = &family_nodes[*target];
	if (*target != actor && node->parent != actor)
		return -ESRCH;
	if (*target != actor && node->session != self->session)
		return -EPERM;
	if (node->session == node->pid)
		return -EPERM;
	if (group != node->pid && (!group_exists(group, &session) || session != self->session))
		return -EPERM;
	return 0;
}

static void step_set_group(int actor)
{
	struct family_call *call = &family_nodes[actor].call;
	int target;

	call->answer = answer_set_group(actor, &target);
	call->is_done = true;
	if (call->answer)
		return;
	family_nodes[target].group = call->id ? call->id : family_nodes[target].pid;
	family_nodes[target].group_changed_at = ++family_now;
}

static void step_new_session(int actor)
{
	struct family_node *self = &family_nodes[actor];
	int session;

	self->call.is_done = true;
	self->call.answer = group_exists(self->pid, &session) || session_exists(self->pid) ? -EPERM
										      : 0;
	if (self->call.answer)
		return;
	self->group = self->session = self->pid;
	self->group_changed_at = ++family_now;
}

/* ---- the end ---- */

/* A stopped group that nobody can continue any more was told to go on, before `dying` died. */
static void check_hung_up(int dying)
{
	const struct family_node *dead = &family_nodes[dying];

	for (unsigned int i = 0; i < family_present_count; i++) {
		const struct family_node *node = &family_nodes[family_present[i]];

		if (family_present[i] != dying && node->signals.is_stopped &&
		    !node->signals.is_exiting && node->stopped_at < dead->tree_since &&
		    !family_group_is_orphaned(node->group, FAMILY_NOBODY) &&
		    family_group_is_orphaned(node->group, dying))
			sim_fail("%d dies, and leaves %d stopped in an orphaned group", dead->pid,
				 node->pid);
	}
}

/* A child of `dying` has got another parent; if it was dead, perhaps it is forgotten. */
static void hand_over(int dying, int child, const struct family_view *view)
{
	struct family_node *node = &family_nodes[child];
	uint64_t since = family_nodes[dying].tree_since;
	unsigned int forgives = 0;
	int heir = view->is_there ? family_find(view->parent) : FAMILY_NOBODY;

	if (view->is_there) {
		if (!family_may_inherit(dying, heir))
			sim_fail("%d, a child of %d, comes to %d", node->pid,
				 family_nodes[dying].pid, view->parent);
		if (node->state == FAMILY_DEAD && !(family_forgives(heir, SIGCHLD, since) & 1))
			sim_fail("the dead %d stays, and its new parent %d ignores it", node->pid,
				 view->parent);
		node->parent = heir;
		node->parent_changed_at = ++family_now;
		node->exit_signal = SIGCHLD;
		return;
	}
	for (unsigned int i = 0; i < family_present_count; i++) {
		if (family_may_inherit(dying, family_present[i]))
			forgives |= family_forgives(family_present[i], SIGCHLD, since);
	}
	if (node->state != FAMILY_DEAD || !(forgives & 2))
		sim_fail("%d vanishes when its parent dies", node->pid);
}

/* Its parent has been told, if that is wanted. */
static void check_told(int dying)
{
	const struct family_node *self = &family_nodes[dying];
	const struct family_node *parent = &family_nodes[self->parent];
	const struct family_action *action = &parent->actions[SIGCHLD];

	if (self->exit_signal != SIGCHLD || family_is_changing(parent, self->tree_since) ||
	    parent->signals.is_exiting || action->handler == HANDLER_IGNORE ||
	    (action->handler == HANDLER_DEFAULT && !(parent->blocked & FAMILY_BIT(SIGCHLD))))
		return;
	if (parent->told_by < self->tree_since)
		sim_fail("%d dies, and its parent %d gets no SIGCHLD", self->pid, parent->pid);
}

static void step_end(int actor, const struct family_view *views)
{
	struct family_node *self = &family_nodes[actor];
	int gone[FAMILY_NODES];
	unsigned int gone_count = 0;
	bool stays = views[actor].is_there;

	/* It drops the lock more than once, on its way there too. */
	if (self->state != FAMILY_ALIVE || (stays && !views[actor].is_dead))
		return;
	check_hung_up(actor);
	for (unsigned int i = 0; i < family_present_count; i++) {
		int child = family_present[i];

		if (family_nodes[child].parent != actor)
			continue;
		hand_over(actor, child, &views[child]);
		if (!views[child].is_there)
			gone[gone_count++] = child;
	}
	check_told(actor);
	self->state = FAMILY_DEAD;
	if (!(family_forgives(self->parent, self->exit_signal, self->tree_since) &
	      (stays ? 1 : 2)))
		sim_fail("%d dies, and %s", self->pid,
			 stays ? "stays, though its parent ignores it" : "is forgotten at once");
	if (!stays)
		gone[gone_count++] = actor;
	for (unsigned int i = 0; i < gone_count; i++)
		vanish(gone[i]);
	family_now++;
}

/* ---- any step ---- */

static void compare(int actor, const struct family_view *views)
{
	for (unsigned int i = 0; i < family_present_count; i++) {
		const struct family_node *node = &family_nodes[family_present[i]];
		const struct family_view *view = &views[family_present[i]];
		int parent = node->parent < 0 ? 0 : family_nodes[node->parent].pid;

		if (!view->is_there)
			sim_fail("%d has vanished by what %d does", node->pid,
				 actor < 0 ? 0 : family_nodes[actor].pid);
		if (view->is_dead != (node->state == FAMILY_DEAD) || view->parent != parent ||
		    view->group != node->group || view->session != node->session)
			sim_fail("%d is %s, a child of %d in group %d of session %d; it should be "
				 "%s, %d, %d, %d", node->pid, view->is_dead ? "dead" : "alive",
				 view->parent, view->group, view->session,
				 node->state == FAMILY_DEAD ? "dead" : "alive", parent, node->group,
				 node->session);
	}
}

/* What kill and its kin find: the group has members, or the process is there. */
static void answer_find(struct family_call *call)
{
	int session;

	if (call->is_done)
		return;
	if (call->whom < 0)
		call->answer = group_exists(-call->whom, &session) ? 0 : -ESRCH;
	else
		call->answer = family_find(call->whom) >= 0 ? 0 : -ESRCH;
}

/* getpgid and getsid. */
static void answer_ids(int actor)
{
	struct family_call *call = &family_nodes[actor].call;
	int target = call->whom ? family_find(call->whom) : actor;

	call->answer = target < 0 ? -ESRCH : call->id ? family_nodes[target].session
						      : family_nodes[target].group;
}

/* Everybody in the group has got it by now. */
static void check_group_reached(int actor)
{
	const struct family_call *call = &family_nodes[actor].call;

	for (unsigned int i = 0; i < family_present_count && call->signal.signo; i++) {
		const struct family_node *node = &family_nodes[family_present[i]];

		if (node->group == -call->whom && node->state == FAMILY_ALIVE &&
		    !node->signals.is_exiting && !family_is_reached(call, family_present[i]))
			sim_fail("a signal to group %d does not reach %d", -call->whom, node->pid);
	}
}

void family_tree_step(int actor, const struct family_view *views)
{
	struct family_node *self = actor < 0 ? NULL : &family_nodes[actor];
	struct family_call *call = self ? &self->call : NULL;

	if (self && family_can_end(self)) {
		step_end(actor, views);
	} else if (self && self->phase == PHASE_RETURN && self->stop_taken) {
		self->stop_fails |= self->stop_taken != SIGSTOP &&
				    family_group_is_orphaned(self->group, FAMILY_NOBODY);
	} else if (self && self->phase == PHASE_CALL) {
		switch (call->kind) {
		case FAMILY_WAIT: step_wait(actor, views); break;
		case FAMILY_SET_GROUP:
			if (!call->is_done)
				step_set_group(actor);
			break;
		case FAMILY_NEW_SESSION:
			if (!call->is_done)
				step_new_session(actor);
			break;
		case FAMILY_KILL:
		case FAMILY_QUEUE_SIGNAL:
			answer_find(call);
			if (call->whom < 0)
				check_group_reached(actor);
			break;
		case FAMILY_GET_IDS: answer_ids(actor); break;
		default: break;
		}
	}
	compare(actor, views);
}

/*
 * The model of processes: signals, and stops. (Theory: family_model.h.)
 *
 * Each rule that changes what a process knows of signals is a function on a copy. Where the kernel
 * has dropped a signal lock, the rules that the running thread may have applied are tried, and one
 * of them must lead to exactly what is there.
 */
#include "family_model.h"
#include "lib/format.h"
#include "lib/string.h"
#include "sim.h"
#include "uapi/linux/wait.h"

#define STOPS \
	(FAMILY_BIT(SIGSTOP) | FAMILY_BIT(SIGTSTP) | FAMILY_BIT(SIGTTIN) | FAMILY_BIT(SIGTTOU))
#define IGNORED_BY_DEFAULT \
	(FAMILY_BIT(SIGCHLD) | FAMILY_BIT(SIGCONT) | FAMILY_BIT(SIGURG) | FAMILY_BIT(SIGWINCH))
#define CORES (FAMILY_BIT(SIGQUIT) | FAMILY_BIT(SIGABRT))

enum { FIRST_REALTIME = 32 };

static struct family_signals after;	/* what a rule leads to */

/* ---- queues ---- */

uint64_t family_pending(const struct family_signals *signals)
{
	uint64_t set = 0;

	for (unsigned int i = 0; i < signals->queued; i++)
		set |= FAMILY_BIT(signals->queue[i].signo);
	return set;
}

/* The lowest number, and of that the oldest. */
const struct family_signal *family_next_signal(const struct family_signals *signals,
					       uint64_t allowed)
{
	const struct family_signal *next = NULL;

	for (unsigned int i = 0; i < signals->queued; i++) {
		const struct family_signal *signal = &signals->queue[i];

		if ((allowed & FAMILY_BIT(signal->signo)) && (!next || signal->signo < next->signo))
			next = signal;
	}
	return next;
}

static void remove_at(struct family_signals *signals, unsigned int at)
{
	signals->queued--;
	memmove(&signals->queue[at], &signals->queue[at + 1],
		(signals->queued - at) * sizeof(signals->queue[0]));
}

static void flush(struct family_signals *signals, uint64_t which)
{
	for (unsigned int i = signals->queued; i-- > 0;) {
		if (which & FAMILY_BIT(signals->queue[i].signo))
			remove_at(signals, i);
	}
}

static bool same_signal(const struct family_signal *a, const struct family_signal *b)
{
	return a->signo == b->signo && a->code == b->code && a->pid == b->pid &&
	       a->value == b->value;
}

static bool is_same(const struct family_signals *a, const struct family_signals *b)
{
	if (a->is_exiting || b->is_exiting)
		return a->is_exiting == b->is_exiting && a->status == b->status &&
		       a->continue_unreported == b->continue_unreported;
	if (a->stop_requested != b->stop_requested || a->is_stopped != b->is_stopped ||
	    a->stop_unreported != b->stop_unreported ||
	    a->continue_unreported != b->continue_unreported || a->queued != b->queued ||
	    ((a->stop_requested || a->stop_unreported) && a->stop_signal != b->stop_signal))
		return false;
	for (unsigned int i = 0; i < a->queued; i++) {
		if (!same_signal(&a->queue[i], &b->queue[i]))
			return false;
	}
	return true;
}

/* ---- the rules ---- */

static bool is_init(const struct family_node *node)
{
	return node == &family_nodes[FAMILY_INIT];
}

static bool is_ignored(const struct family_node *owner, int signo, uint8_t handler)
{
	if (is_init(owner) && handler == HANDLER_DEFAULT && signo != SIGCHLD)
		return true;
	return handler == HANDLER_IGNORE ||
	       (handler == HANDLER_DEFAULT && (IGNORED_BY_DEFAULT & FAMILY_BIT(signo)));
}

static bool is_deadly(int signo, uint8_t handler)
{
	return handler == HANDLER_DEFAULT &&
	       !((IGNORED_BY_DEFAULT | STOPS) & FAMILY_BIT(signo));
}

static void end(struct family_signals *s, uint32_t status)
{
	s->is_exiting = true;
	s->status = status;
	s->is_stopped = s->stop_requested = s->stop_unreported = false;
}

/* It is sent, where the owner does this about it, and waits for it or blocks it. */
static void send(const struct family_node *owner, const struct family_signal *signal,
		 uint8_t handler, bool is_blocked, bool is_awaited)
{
	uint64_t bit = FAMILY_BIT(signal->signo);
	bool was_stopped;

	if (after.is_exiting)
		return;
	if (signal->signo == SIGCONT) {
		flush(&after, STOPS);
		after.continue_unreported |= after.is_stopped;
		after.is_stopped = after.stop_requested = after.stop_unreported = false;
	} else if (bit & STOPS) {
		flush(&after, FAMILY_BIT(SIGCONT));
	}
	was_stopped = after.is_stopped;
	if (!is_blocked && !is_awaited && is_ignored(owner, signal->signo, handler))
		return;
	if (signal->signo >= FIRST_REALTIME || !(family_pending(&after) & bit)) {
		if (after.queued == FAMILY_QUEUE)
			sim_fail("too many signals wait for %d", owner->pid);
		after.queue[after.queued] = *signal;
		after.queue[after.queued++].sent_at = family_now;
	} else if (signal->signo != SIGKILL) {
		return;
	}
	if (signal->signo == SIGKILL ||
	    (is_deadly(signal->signo, handler) && !(bit & CORES) && !was_stopped && !is_blocked &&
	     !is_awaited))
		end(&after, (uint32_t)signal->signo);
}

/* Is `now` what comes of it, as far as the actor can know the owner? Then that is it. */
static bool try_send(int actor, int owner, const struct family_signal *signal,
		     const struct family_signals *now)
{
	const struct family_node *node = &family_nodes[owner];
	bool is_awaited = node->phase == PHASE_CALL && node->call.kind == FAMILY_SIGNAL_WAIT &&
			  (node->call.set & FAMILY_BIT(signal->signo));
	bool is_vague = actor != owner &&
			(family_is_changing(node, family_nodes[actor].signal_since) || is_awaited);

	for (unsigned int i = 0; i < 12; i++) {
		uint8_t handler = is_vague ? i % 3 : node->actions[signal->signo].handler;
		bool is_blocked = is_vague ? i / 3 % 2 : node->blocked >> (signal->signo - 1) & 1;

		after = node->signals;
		send(node, signal, signal->signo == SIGKILL || signal->signo == SIGSTOP ?
		     HANDLER_DEFAULT : handler, is_blocked, is_vague && i / 6);
		if (is_same(&after, now))
			return true;
		if (!is_vague)
			break;
	}
	return false;
}

/* ---- what the owner does itself ---- */

static void note_taken(struct family_node *self, const struct family_signal *signal)
{
	struct family_action *action = &self->actions[signal->signo];
	uint8_t handler = signal->signo == SIGSTOP ? HANDLER_DEFAULT : action->handler;

	if (self->has_taken || self->dying_of)
		sim_fail("%d takes another signal before it has acted on the last", self->pid);
	self->stop_taken = 0;
	if (handler == HANDLER_CAUGHT) {
		self->has_taken = true;
		self->taken = *signal;
		if (action->flags & SA_RESETHAND) {
			action->handler = HANDLER_DEFAULT;
			self->is_changing = true;
		}
	} else if (handler == HANDLER_DEFAULT && !is_init(self)) {
		if (STOPS & FAMILY_BIT(signal->signo)) {
			self->stop_taken = signal->signo;
			self->stop_fails = self->stop_may_fail = false;
		} else if (is_deadly(signal->signo, handler)) {
			self->dying_of = signal->signo;
		}
	}
}

static bool try_take(struct family_node *self, uint64_t allowed, const struct family_signals *now,
		     struct family_signal *taken)
{
	const struct family_signal *next = family_next_signal(&self->signals, allowed);

	if (!next)
		return false;
	*taken = *next;
	after = self->signals;
	remove_at(&after, (unsigned int)(next - self->signals.queue));
	return is_same(&after, now);
}

static bool try_stop(struct family_node *self, const struct family_signals *now)
{
	after = self->signals;
	if (after.stop_requested && !after.is_stopped) {
		after.is_stopped = after.stop_unreported = true;
		after.continue_unreported = false;
		return is_same(&after, now);
	}
	if (!self->stop_taken || self->stop_fails)
		return false;
	after.stop_requested = true;
	after.stop_signal = self->stop_taken;
	if (!is_same(&after, now))
		return false;
	self->stop_taken = 0;
	return true;
}

static bool try_end(struct family_node *self, uint32_t status, const struct family_signals *now)
{
	after = self->signals;
	end(&after, status);
	return is_same(&after, now);
}

static bool try_return(struct family_node *self, const struct family_signals *now)
{
	struct family_signal taken;

	if (self->dying_of && try_end(self, (uint32_t)self->dying_of, now))
		return true;
	if (try_stop(self, now))
		return true;
	if (!try_take(self, ~self->blocked, now, &taken)) {
		/* Without a handler a call that has suspended the mask is over. */
		if (!self->has_suspended || !try_take(self, ~self->saved_mask, now, &taken))
			return false;
		self->has_suspended = false;
		self->blocked = self->saved_mask;
	}
	note_taken(self, &taken);
	return true;
}

static bool try_call(int actor, const struct family_signals *now)
{
	struct family_node *self = &family_nodes[actor];
	struct family_call *call = &self->call;

	switch (call->kind) {
	case FAMILY_EXIT: return try_end(self, call->status, now);
	case FAMILY_SIGNAL_WAIT:
		if (call->has_taken || !try_take(self, call->set, now, &call->taken))
			return false;
		return call->has_taken = true;
	case FAMILY_ACTION:
		after = self->signals;
		flush(&after, FAMILY_BIT(call->signal.signo));
		return is_same(&after, now);
	default: return false;
	}
}

/* ---- what others do ---- */

/* A wait of the parent takes the report of a stop or a continuation. */
static bool try_report(int actor, int owner, const struct family_signals *now)
{
	struct family_call *call = &family_nodes[actor].call;
	const struct family_signals *s = &family_nodes[owner].signals;

	after = *s;
	if (call->has_report || (call->options & WNOWAIT) ||
	    !family_wait_matches(actor, owner, call))
		return false;
	if (s->stop_unreported && (call->options & WUNTRACED)) {
		after.stop_unreported = false;
		call->report_code = CLD_STOPPED;
		call->report_status = (uint32_t)s->stop_signal << 8 | 0x7f;
	} else if (s->continue_unreported && (call->options & WCONTINUED)) {
		after.continue_unreported = false;
		call->report_code = CLD_CONTINUED;
		call->report_status = 0xffff;
	} else {
		return false;
	}
	if (!is_same(&after, now))
		return false;
	call->report_pid = family_nodes[owner].pid;
	return call->has_report = true;
}

/* Is this what the actor has to say of itself, or of a dead child that it leaves, to `owner`? */
static bool is_due(int actor, int owner, const struct family_signal *signal)
{
	const struct family_node *self = &family_nodes[actor];
	int about = family_find(signal->pid);
	const struct family_node *node;

	if (about < 0)
		return false;
	node = &family_nodes[about];
	if (about == actor && self->parent == owner && self->phase == PHASE_RETURN &&
	    signal->signo == SIGCHLD &&
	    ((signal->code == CLD_STOPPED && signal->value == self->signals.stop_signal) ||
	     (signal->code == CLD_CONTINUED && signal->value == SIGCONT)))
		return true;
	if (!family_can_end(self) || signal->code != family_end_code(node->signals.status) ||
	    signal->value != family_end_value(node->signals.status))
		return false;
	if (about == actor)
		return self->parent == owner && signal->signo == self->exit_signal;
	return node->parent == actor && node->state == FAMILY_DEAD && signal->signo == SIGCHLD &&
	       family_may_inherit(actor, owner);
}

static bool try_notice(int actor, int owner, const struct family_signals *now)
{
	static const int hang_up[] = { SIGHUP, SIGCONT };
	const struct family_signal *last = now->queued ? &now->queue[now->queued - 1] : NULL;

	if (last && is_due(actor, owner, last) && try_send(actor, owner, last, now))
		return true;
	if (!family_can_end(&family_nodes[actor]) ||
	    !family_group_is_orphaned(family_nodes[owner].group, actor))
		return false;
	for (unsigned int i = 0; i < 2; i++) {
		struct family_signal signal = { .signo = hang_up[i], .code = SI_KERNEL };

		if (try_send(actor, owner, &signal, now))
			return true;
	}
	return false;
}

static bool is_target(const struct family_call *call, const struct family_node *owner)
{
	return call->signal.signo &&
	       (call->whom < 0 ? owner->group == -call->whom : owner->pid == call->whom);
}

/* A kill reaches the owner, once. */
static bool try_kill(int actor, int owner, const struct family_signals *now)
{
	struct family_call *call = &family_nodes[actor].call;
	struct family_node *node = &family_nodes[owner];

	if (!is_target(call, node) || family_is_reached(call, owner) ||
	    !try_send(actor, owner, &call->signal, now))
		return false;
	call->reached[owner / 64] |= 1ull << owner % 64;
	if (call->signal.signo == SIGCONT)
		node->stop_fails = true;
	return true;
}

/* ---- any step ---- */

static bool try_all(int actor, int owner, const struct family_signals *now)
{
	struct family_node *self = &family_nodes[actor];
	bool is_call = self->phase == PHASE_CALL;

	if (is_call && (self->call.kind == FAMILY_KILL || self->call.kind == FAMILY_QUEUE_SIGNAL) &&
	    try_kill(actor, owner, now))
		return true;
	/* Mostly the lock was taken to look. */
	after = family_nodes[owner].signals;
	if (is_same(&after, now))
		return true;
	if (actor == owner)
		return is_call ? try_call(actor, now) :
				 self->phase == PHASE_RETURN && try_return(self, now);
	if (is_call && self->call.kind == FAMILY_WAIT)
		return try_report(actor, owner, now);
	return try_notice(actor, owner, now);
}

static void describe(const char *what, const struct family_signals *s)
{
	char text[500];
	int used = scnprintf(text, sizeof(text), "%s:%s %x%s%s%s%s of %d, pending", what,
			     s->is_exiting ? " ends with" : " status", s->status,
			     s->stop_requested ? ", to stop" : "", s->is_stopped ? ", stopped" : "",
			     s->stop_unreported ? ", stop to report" : "",
			     s->continue_unreported ? ", continuation to report" : "",
			     s->stop_signal);

	for (unsigned int i = 0; i < s->queued; i++)
		used += scnprintf(text + used, sizeof(text) - (size_t)used, " %d(%d,%d,%d)",
				  s->queue[i].signo, s->queue[i].code, s->queue[i].pid,
				  s->queue[i].value);
	used += scnprintf(text + used, sizeof(text) - (size_t)used, "\n");
	host_say(text, (size_t)used);
}

void family_signal_step(int actor, int owner, const struct family_signals *now)
{
	struct family_node *node = &family_nodes[owner];
	const struct family_signals *s = &node->signals;

	if (node->state == FAMILY_DEAD || (s->is_exiting && is_same(s, now)))
		return;
	if (actor == FAMILY_NOBODY)
		after = *s;
	if (actor == FAMILY_NOBODY ? !is_same(s, now) : !try_all(actor, owner, now)) {
		describe("was", s);
		describe("is", now);
		sim_fail("what %d knows of signals was changed by what %d does", node->pid,
			 actor < 0 ? 0 : family_nodes[actor].pid);
	}
	if (family_pending(now) & FAMILY_BIT(SIGCHLD))
		node->told_by = family_now;
	if (actor == owner && node->call.kind == FAMILY_PENDING)
		node->call.set = family_pending(now);
	/* It may have told a stopped group to go on. */
	if (actor >= 0 && family_can_end(&family_nodes[actor]) && node->stop_taken &&
	    family_group_is_orphaned(node->group, actor))
		node->stop_may_fail = true;
	if (is_same(s, &after))
		return;
	family_now++;
	if (after.is_exiting && !s->is_exiting)
		node->exiting_at = family_now;
	if (after.is_stopped && !s->is_stopped)
		node->stopped_at = family_now;
	if (after.stop_unreported != s->stop_unreported ||
	    after.continue_unreported != s->continue_unreported)
		node->report_changed_at = family_now;
	node->signals = after;
}

/* ---- the way back ---- */

void family_handler_begins(int self, int signo, int code, int pid, int value)
{
	struct family_node *node = &family_nodes[self];
	const struct family_signal begins = {
		.signo = signo, .code = code, .pid = pid, .value = value,
	};

	if (!node->has_taken || !same_signal(&node->taken, &begins))
		sim_fail("%d begins the handler of %d (%d, %d, %d), but has taken %d (%d, %d, %d)",
			 node->pid, signo, code, pid, value,
			 node->has_taken ? node->taken.signo : 0, node->taken.code, node->taken.pid,
			 node->taken.value);
	node->has_taken = false;
	/* Its mask is another from now on, or soon. */
	node->is_changing = true;
	family_now++;
}

void family_back_in_user(int self)
{
	struct family_node *node = &family_nodes[self];

	if (node->has_taken || node->dying_of)
		sim_fail("%d has taken signal %d and does nothing about it", node->pid,
			 node->dying_of ? node->dying_of : node->taken.signo);
	if (node->stop_taken && !node->stop_fails && !node->stop_may_fail)
		sim_fail("%d has taken signal %d and does not stop", node->pid, node->stop_taken);
	if (node->signals.is_stopped || node->signals.stop_requested)
		sim_fail("%d runs, and is stopped", node->pid);
	node->stop_taken = 0;
}

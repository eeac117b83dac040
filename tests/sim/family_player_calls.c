/*
 * Playing a workload of processes: the calls.
 *
 * Each is what kernel/syscall makes of it, without user memory; then its answer is compared with
 * the one that the model has found at the call's last look at the tree, or at its last change.
 */
#include "core/assert.h"
#include "lib/format.h"
#include "lib/string.h"
#include "proc/internal.h"
#include "sched/clock.h"
#include "arch/user_copy.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/sched.h"
#include "uapi/linux/wait.h"
#include "family_player.h"

enum { ID_OF_NOBODY = 31000, HANDLER_ADDRESS = 0x2000 };

void player_complain(const struct player *self, const char *what, int result, int expected)
{
	char text[120] = "";

	if (self->operation)
		family_operation_format(self->operation, text, sizeof(text));
	sim_fail("process %d: %s: %s is %d, not %d", node_of(self)->pid, text, what, result,
		 expected);
}

static void expect(const struct player *self, const char *what, int result, int expected)
{
	if (result != expected)
		player_complain(self, what, result, expected);
}

static void expect_answer(const struct player *self, int result)
{
	expect(self, "the answer", result, node_of(self)->call.answer);
}

/* ---- who is meant ---- */

static int child_of(const struct player *self, unsigned int which)
{
	int children[FAMILY_NODES];
	unsigned int count = 0;

	for (unsigned int i = 0; i < family_present_count; i++) {
		if (family_nodes[family_present[i]].parent == self->node)
			children[count++] = family_nodes[family_present[i]].pid;
	}
	return count ? children[which % count] : ID_OF_NOBODY;
}

static int pid_of_slot(unsigned int slot)
{
	return players[slot].node || !slot ? family_nodes[players[slot].node].pid : ID_OF_NOBODY;
}

static int resolve(const struct player *self, const struct family_operation *o)
{
	const struct family_node *node = node_of(self);

	switch (o->who) {
	case WHO_SELF: return node->pid;
	case WHO_PARENT: return node->parent < 0 ? node->pid : family_nodes[node->parent].pid;
	case WHO_CHILD: return child_of(self, o->which);
	case WHO_SLOT: return pid_of_slot(o->which);
	default: return ID_OF_NOBODY;
	}
}

static int group_of(int pid)
{
	int node = family_find(pid);

	return node < 0 ? pid : family_nodes[node].group;
}

static struct family_call *begin(struct player *self, enum family_operation_kind kind)
{
	struct family_call *call = &node_of(self)->call;

	*call = (struct family_call){ .kind = (uint8_t)kind };
	return call;
}

/* ---- fork ---- */

static int call_fork(struct player *self)
{
	struct family_call *call = &node_of(self)->call;
	bool waits = self->operation->how & FORK_WAITS && self->slot;
	struct clone_request request = {
		.flags = waits ? CLONE_VFORK | CLONE_VM : CLONE_CHILD_SETTID,
		.exit_signal = call->exit_signal,
		.child_tid = (user_addr)PLAYER_MEMORY,
	};
	unsigned int failures;
	int result;

	if (call->is_sibling)
		request.flags |= CLONE_PARENT;
	sim_failures_begin(self->slot);
	result = process_clone(&request);
	failures = sim_failures_end(self->slot);
	if (result == -ENOMEM && failures && !call->is_done)
		return result;
	/* Killed while it waits for a child of vfork; or it comes once more. */
	if ((result == -EINTR && waits && call->is_done) ||
	    (result == -ERESTARTNOINTR && !call->is_done))
		return result;
	if (!call->is_done)
		player_complain(self, "fork", result, 0);
	return result;
}

void player_fork(struct player *self, unsigned int slot, const struct family_operation *o)
{
	struct player *child = &players[slot];
	struct family_call *call = begin(self, FAMILY_FORK);
	int node = family_conceive(self->node);
	int result;

	if (node < 0)
		return;
	*child = (struct player){
		.is_used = true,
		.slot = slot,
		.node = node,
		.shares_memory = o->how & FORK_WAITS && self->slot,
	};
	self->operation = o;
	self->frame->ebx = slot;
	call->child = node;
	call->exit_signal = o->signal;
	call->is_sibling = o->how & FORK_SIBLING;
	result = player_call(self, call_fork);
	if (result > 0) {
		expect(self, "the child", result, family_nodes[node].pid);
	} else {
		family_miscarry(node);
		child->is_used = false;
	}
}

static void play_fork(struct player *self, const struct family_operation *o)
{
	for (unsigned int i = 0; i < FAMILY_SLOTS - 1; i++) {
		unsigned int slot = 1 + (o->which + i) % (FAMILY_SLOTS - 1);

		if (!players[slot].is_used) {
			player_fork(self, slot, o);
			return;
		}
	}
}

/* ---- exit ---- */

static int call_exit(struct player *self)
{
	process_exit_group(node_of(self)->call.status);
}

void player_exit(struct player *self, unsigned int code)
{
	struct family_call *call = begin(self, FAMILY_EXIT);

	call->status = code << 8;
	(void)player_call(self, call_exit);
	panic("a process goes on after its end");
}

/* ---- wait ---- */

/* With WNOWAIT the model is told of no change: is this a report that there was? */
static void check_kept_report(struct player *self, const struct wait_result *out)
{
	const struct family_call *call = &node_of(self)->call;
	int child = family_find(out->id);
	const struct family_node *node;

	/* It may have left its group since. */
	if (child < 0 || (!family_wait_matches(self->node, child, call) &&
			  (call->whom != WHOM_GROUP || family_nodes[child].parent != self->node ||
			   family_nodes[child].group_changed_at < call->begun)))
		player_complain(self, "whom it found", out->id, 0);
	node = &family_nodes[child];
	if (out->code == CLD_STOPPED || out->code == CLD_CONTINUED) {
		if (!(out->code == CLD_STOPPED ? node->signals.stop_unreported
					       : node->signals.continue_unreported) &&
		    node->report_changed_at < call->begun)
			player_complain(self, "a report that is none, of", out->id, 0);
		return;
	}
	expect(self, "dead", node->state == FAMILY_DEAD, 1);
	expect(self, "the status", (int)out->status, (int)node->signals.status);
	expect(self, "the code", out->code, family_end_code(node->signals.status));
}

/*
 * There was nothing: has nobody had something to tell since before the call? Who has come into the
 * group, or to this parent, since then may have come after the look.
 */
static void check_no_report(struct player *self)
{
	const struct family_call *call = &node_of(self)->call;

	for (unsigned int i = 0; i < family_present_count; i++) {
		const struct family_node *child = &family_nodes[family_present[i]];

		if (!family_wait_matches(self->node, family_present[i], call) ||
		    child->state != FAMILY_ALIVE || child->report_changed_at >= call->begun ||
		    child->group_changed_at >= call->begun ||
		    child->parent_changed_at >= call->begun)
			continue;
		if ((child->signals.stop_unreported && (call->options & WUNTRACED)) ||
		    (child->signals.continue_unreported && (call->options & WCONTINUED)))
			player_complain(self, "it passes by the report of", child->pid, 0);
	}
}

static int call_wait(struct player *self)
{
	struct family_call *call = &node_of(self)->call;
	struct wait_request request = {
		.kind = call->whom == WHOM_PID ? WAIT_PID :
			call->whom == WHOM_GROUP ? WAIT_GROUP : WAIT_ANY,
		.id = call->id,
		.options = call->options,
	};
	struct wait_result out;
	int result;

	call->has_report = false;
	if (sim_settings()->broken == BREAK_REAP && sim_chance(10) == 0)
		request.options |= WNOWAIT;
	result = process_wait(&request, &out);
	if (result == 1 && (call->options & WNOWAIT)) {
		check_kept_report(self, &out);
		return out.id;
	}
	if (result == -ERESTARTSYS) {
		expect(self, "an answer that is put off", call->answer, 0);
		return result;
	}
	expect_answer(self, result);
	if (result == 0)
		check_no_report(self);
	if (result == 0 && !(call->options & WNOHANG))
		player_complain(self, "nothing", result, 1);
	if (result != 1)
		return result;
	expect(self, "whom it found", out.id, call->report_pid);
	expect(self, "the status", (int)out.status, (int)call->report_status);
	expect(self, "the code", out.code, call->report_code);
	return out.id;
}

/* Interrupted, or not at all: as the first handler's SA_RESTART says. */
static void check_interrupted(struct player *self, int result)
{
	if (result == -EINTR && (self->first_flags == UINT32_MAX ||
				 (self->first_flags & SA_RESTART)))
		player_complain(self, "not restarted", result, 0);
}

static int wait_for(struct player *self, int whom, int id, uint32_t options)
{
	struct family_call *call = begin(self, FAMILY_WAIT);
	int result;

	call->whom = whom;
	call->id = id;
	call->options = options | (self->slot ? 0 : WNOHANG);
	result = player_call(self, call_wait);
	check_interrupted(self, result);
	return result;
}

static void play_wait(struct player *self, const struct family_operation *o)
{
	int pid = resolve(self, o);

	if (o->how == WHOM_GROUP)
		pid = group_of(pid);
	(void)wait_for(self, o->how, o->how == WHOM_ANY ? 0 : pid, o->options);
}

bool player_reap(struct player *self)
{
	return wait_for(self, WHOM_ANY, 0, WEXITED | WNOHANG | __WALL) > 0;
}

/* ---- kill ---- */

static int kill_one(struct player *self, const struct family_call *call,
		    const struct linux_siginfo *info)
{
	struct process *process;
	int error;

	if (call->whom == node_of(self)->pid)
		return info->signo ? signal_send_process(process_current(), info) : 0;
	process = process_find_get(call->whom);
	if (!process)
		return -ESRCH;
	error = signal_may_send(user_thread_current(), process, info->signo);
	if (!error && info->signo)
		error = signal_send_process(process, info);
	process_put(process);
	return error;
}

static int call_kill(struct player *self)
{
	struct family_call *call = &node_of(self)->call;
	struct linux_siginfo info;
	int result, target;

	signal_info_user(&info, call->signal.signo);
	info.code = call->signal.code;
	info.child.status = call->signal.value;
	if (call->whom < 0) {
		result = signal_kill_group(-call->whom, &info);
		expect_answer(self, result);
		return result;
	}
	result = kill_one(self, call, &info);
	expect(self, "the answer", result, call->whom == node_of(self)->pid ? 0 : call->answer);
	target = family_find(call->whom);
	if (result == 0 && call->signal.signo && target >= 0 &&
	    family_nodes[target].state == FAMILY_ALIVE &&
	    !family_nodes[target].signals.is_exiting &&
	    !family_is_reached(call, target))
		player_complain(self, "its signal does not reach", call->whom, 0);
	return result;
}

/* So many that their user, root, may come to his limit. */
static bool are_signals_many(void)
{
	uint64_t limit = limits_current(&process_current()->limits, LIMIT_PENDING_SIGNALS);
	unsigned int count = 0;

	for (unsigned int i = 0; i < family_present_count; i++)
		count += family_nodes[family_present[i]].signals.queued;
	return count >= limit / 2;
}

static void send(struct player *self, int whom, int signo, int code, int value)
{
	struct family_call *call;
	int target = family_find(whom);

	/* Queues of the model have an end, too. */
	if (signo != SIGKILL && (are_signals_many() ||
				 (target >= 0 && family_nodes[target].signals.queued >
							 FAMILY_QUEUE / 2)))
		return;
	call = begin(self, code ? FAMILY_QUEUE_SIGNAL : FAMILY_KILL);
	call->whom = whom;
	call->signal = (struct family_signal){
		.signo = signo,
		.code = code,
		.pid = node_of(self)->pid,
		.value = value,
		.is_for_group = whom < 0,
	};
	(void)player_call(self, call_kill);
}

void player_kill(struct player *self, int pid, int signo)
{
	send(self, pid, signo, SI_USER, 0);
}

static void play_kill(struct player *self, const struct family_operation *o)
{
	int pid = resolve(self, o);

	if (o->kind == FAMILY_QUEUE_SIGNAL)
		send(self, pid, o->signal, SI_QUEUE, (int)o->number);
	else
		send(self, o->how ? -group_of(pid) : pid, o->signal, SI_USER, 0);
}

/* ---- actions and masks ---- */

/* What is ignored from now on does not wait any more; a new one may, if it is blocked. */
static void check_flushed(const struct player *self, int signo)
{
	const struct family_node *node = node_of(self);
	const struct family_signal *left =
		family_next_signal(&node->signals, FAMILY_BIT(signo));

	if (left && !node->signals.is_exiting &&
	    (left->sent_at < node->call.begun || !(node->blocked & FAMILY_BIT(signo))))
		player_complain(self, "still pending, ignored", signo, 0);
}

static int call_action(struct player *self)
{
	const struct family_operation *o = self->operation;
	struct family_node *node = node_of(self);
	struct family_action *action = &node->actions[o->signal];
	struct signal_action new = {
		.handler = o->how == HANDLER_CAUGHT ? HANDLER_ADDRESS : o->how,
		.flags = o->options | SA_SIGINFO,
		.mask = o->set,
	}, old;
	int result;

	node->is_changing = true;
	result = signal_set_action(o->signal, &new, &old);
	expect(self, "the answer", result,
	       o->signal == SIGKILL || o->signal == SIGSTOP ? -EINVAL : 0);
	if (result)
		return result;
	expect(self, "the old handler", (int)old.handler,
	       action->handler == HANDLER_CAUGHT ? HANDLER_ADDRESS : action->handler);
	*action = (struct family_action){
		.handler = o->how, .flags = new.flags, .mask = new.mask,
	};
	if (o->how == HANDLER_IGNORE ||
	    (o->how == HANDLER_DEFAULT && (SIGNALS_IGNORED_BY_DEFAULT & SIGNAL_BIT(o->signal))))
		check_flushed(self, o->signal);
	return 0;
}

static int call_mask(struct player *self)
{
	const struct family_operation *o = self->operation;
	struct family_node *node = node_of(self);
	uint64_t mask = o->set;

	if (o->how == SIG_BLOCK)
		mask = node->blocked | o->set;
	else if (o->how == SIG_UNBLOCK)
		mask = node->blocked & ~o->set;
	node->is_changing = true;
	node->blocked = mask & ~SIGNALS_UNBLOCKABLE;
	signal_set_mask(mask);
	return 0;
}

void player_set_mask(struct player *self, uint64_t mask)
{
	const struct family_operation operation = {
		.kind = FAMILY_MASK, .how = SIG_SETMASK, .set = mask,
	};

	self->operation = &operation;
	(void)begin(self, FAMILY_MASK);
	(void)player_call(self, call_mask);
	self->operation = NULL;
}

static int call_pending(struct player *self)
{
	struct family_call *call = &node_of(self)->call;
	uint64_t set = signal_pending_set();

	if (set != call->set && !node_of(self)->signals.is_exiting)
		player_complain(self, "pending", (int)set, (int)call->set);
	return 0;
}

static int call_signal_wait(struct player *self)
{
	const struct family_operation *o = self->operation;
	struct family_node *node = node_of(self);
	struct family_call *call = &node->call;
	struct linux_siginfo info;
	int result;

	call->set = o->set & ~SIGNALS_UNBLOCKABLE;
	call->has_taken = false;
	result = signal_wait(call->set, &info, clock_monotonic_ns() + o->number * 1000ull);
	if (result < 0) {
		expect(self, "taken", call->has_taken, 0);
		if (result != -EAGAIN)
			expect(self, "the answer", result, -EINTR);
		return result;
	}
	expect(self, "a signal taken", call->has_taken && !node->signals.is_exiting,
	       !node->signals.is_exiting);
	if (!call->has_taken)
		return result;
	expect(self, "the signal", info.signo, call->taken.signo);
	expect(self, "its code", info.code, call->taken.code);
	if (info.code == SI_KERNEL)
		return result;
	expect(self, "its sender", info.child.pid, call->taken.pid);
	expect(self, "its value", info.child.status, call->taken.value);
	return result;
}

static int sleep_for_signal(void)
{
	for (;;) {
		thread_prepare_sleep(THREAD_SLEEPING_INTERRUPTIBLE);
		if (thread_is_interrupted(thread_current()))
			break;
		thread_sleep();
	}
	thread_cancel_sleep();
	return -ERESTARTNOHAND;
}

static int call_pause(struct player *self)
{
	struct family_node *node = node_of(self);

	if (node->call.kind == FAMILY_SUSPEND) {
		node->is_changing = true;
		node->saved_mask = node->blocked;
		node->has_suspended = true;
		node->blocked = self->operation->set & ~SIGNALS_UNBLOCKABLE;
		signal_suspend_mask(self->operation->set);
	}
	return sleep_for_signal();
}

/* ---- groups and sessions ---- */

static int call_set_group(struct player *self)
{
	struct family_call *call = &node_of(self)->call;
	int result;

	call->is_done = false;
	result = process_set_group(call->whom, call->id);
	expect_answer(self, result);
	return result;
}

static int call_new_session(struct player *self)
{
	process_id id = 0;
	int result;

	node_of(self)->call.is_done = false;
	result = process_new_session(&id);
	expect_answer(self, result);
	if (result == 0)
		expect(self, "the session", id, node_of(self)->pid);
	return result;
}

/* No lock is taken: while a parent dies, its heir may be seen before the others see it. */
static void check_parent(const struct player *self, int pid)
{
	const struct family_node *node = node_of(self);

	if (node->parent < 0 || node->parent_changed_at >= node->call.begun ||
	    (family_nodes[node->parent].signals.is_exiting && family_find(pid) >= 0 &&
	     family_may_inherit(node->parent, family_find(pid))))
		return;
	expect(self, "the parent", pid, family_nodes[node->parent].pid);
}

static int call_get_ids(struct player *self)
{
	struct family_node *node = node_of(self);
	process_id id = 0;
	int result;

	if (self->operation->how == 2) {
		result = process_parent_id(process_current());
		check_parent(self, result);
		return result;
	}
	result = node->call.id ? process_get_session(node->call.whom, &id)
			       : process_get_group(node->call.whom, &id);
	expect_answer(self, result ? result : id);
	return id;
}

static int call_subreaper(struct player *self)
{
	struct process *process = process_current();
	bool on = self->operation->how;
	irq_flags flags;

	node_of(self)->is_changing = true;
	/* prctl(PR_SET_CHILD_SUBREAPER) */
	flags = spin_lock_irq(&process->signal_lock);
	if (on)
		process->flags |= PROCESS_SUBREAPER;
	else
		process->flags &= ~(uint32_t)PROCESS_SUBREAPER;
	spin_unlock_irq(&process->signal_lock, flags);
	node_of(self)->is_subreaper = on;
	return 0;
}

/* ---- any of them ---- */

static void play_set_group(struct player *self, const struct family_operation *o)
{
	struct family_call *call = begin(self, FAMILY_SET_GROUP);

	call->whom = resolve(self, o);
	switch (o->how) {
	case 0: call->id = 0; break;
	case 1: call->id = call->whom; break;
	case 2: call->id = group_of(node_of(self)->pid); break;
	default: call->id = group_of(pid_of_slot(o->number % FAMILY_SLOTS)); break;
	}
	(void)player_call(self, call_set_group);
}

static void play_get_ids(struct player *self, const struct family_operation *o)
{
	struct family_call *call = begin(self, FAMILY_GET_IDS);

	call->whom = resolve(self, o);
	call->id = o->how == 1;
	(void)player_call(self, call_get_ids);
}

static void play_exit(struct player *self, const struct family_operation *o)
{
	uint32_t word = 0;

	if (self->slot == 0)
		return;
	if (!self->shares_memory && (get_user_u32(&word, (user_addr)PLAYER_MEMORY) ||
				     word != (uint32_t)node_of(self)->pid))
		player_complain(self, "its memory", (int)word, node_of(self)->pid);
	player_exit(self, o->number);
}

static void play_simple(struct player *self, const struct family_operation *o,
			int (*call)(struct player *self))
{
	(void)begin(self, o->kind);
	(void)player_call(self, call);
}

void player_play_call(struct player *self, const struct family_operation *o)
{
	switch (o->kind) {
	case FAMILY_FORK: play_fork(self, o); break;
	case FAMILY_EXIT: play_exit(self, o); break;
	case FAMILY_WAIT: play_wait(self, o); break;
	case FAMILY_KILL:
	case FAMILY_QUEUE_SIGNAL: play_kill(self, o); break;
	case FAMILY_ACTION:
		begin(self, FAMILY_ACTION)->signal.signo = o->signal;
		(void)player_call(self, call_action);
		break;
	case FAMILY_MASK: play_simple(self, o, call_mask); break;
	case FAMILY_PENDING: play_simple(self, o, call_pending); break;
	case FAMILY_SIGNAL_WAIT: play_simple(self, o, call_signal_wait); break;
	case FAMILY_PAUSE:
	case FAMILY_SUSPEND:
		if (self->slot)
			play_simple(self, o, call_pause);
		break;
	case FAMILY_SET_GROUP: play_set_group(self, o); break;
	case FAMILY_NEW_SESSION: play_simple(self, o, call_new_session); break;
	case FAMILY_GET_IDS: play_get_ids(self, o); break;
	case FAMILY_SUBREAPER: play_simple(self, o, call_subreaper); break;
	default: break;
	}
}

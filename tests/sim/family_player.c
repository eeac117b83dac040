/*
 * Playing a workload of processes.
 *
 * The processes are the kernel's own: process 1 is started as at boot, all others are forked. Each
 * does the operations of its slot (family_workload.h), and every answer is compared with the
 * model's (family_model.h).
 *
 * Process 1 never blocks for long. When it has no operations left and nothing moves any more, all
 * that is so must be right: who waits has nothing that it might have got, who is stopped was told
 * to stop. Then it moves somebody on, with a signal, and fills empty slots, until all operations
 * are done and everybody is gone and waited for. What is in use then is what was at first.
 */
#include "core/assert.h"
#include "core/irq.h"
#include "kernel.h"
#include "lib/format.h"
#include "lib/string.h"
#include "proc/internal.h"
#include "sched/clock.h"
#include "sched/thread.h"
#include "sched/wait_queue.h"
#include "arch/irq_flags.h"
#include "arch/upcall.h"
#include "arch/user_copy.h"
#include "uapi/linux/wait.h"
#include "family_player.h"

enum {
	CALL_SITE = 0x1000, HANDLER = 0x2000,
	QUIET_NS = 200 * 1000 * 1000,	/* nothing has happened for so long */
};

struct player players[FAMILY_SLOTS];
const struct scenario *family_scenario;

static unsigned int cursors[FAMILY_SLOTS];	/* the slot's next operation in the list */
static bool is_over;
static struct wait_queue over = WAIT_QUEUE_INIT(over);

struct player *player_current(void)
{
	struct thread *thread = thread_current();

	for (unsigned int i = 0; i < FAMILY_SLOTS; i++) {
		if (players[i].is_used && players[i].thread == thread)
			return &players[i];
	}
	return NULL;
}

/* ---- between user mode and the kernel ---- */

static void set_mask(struct player *self, uint64_t mask)
{
	node_of(self)->blocked = mask & ~(FAMILY_BIT(SIGKILL) | FAMILY_BIT(SIGSTOP));
	node_of(self)->changed_at = ++family_now;
}

void player_begin_handler(struct trap_frame *frame, const struct signal_frame_request *request)
{
	struct player *self = player_current();
	struct family_node *node = node_of(self);
	const struct family_action *action = &node->actions[request->signal];
	const struct linux_siginfo *info = request->info;
	bool is_kernels = info->code == SI_KERNEL;
	struct player_handler *handler = &self->handlers[self->depth++];
	uint64_t mask = node->has_suspended ? node->saved_mask : node->blocked;

	assert(self->depth <= HANDLERS_MAX);
	/* The old mask is back already, and the signal came then. */
	if (node->has_suspended && user_thread_current()->blocked == node->saved_mask)
		node->blocked = node->saved_mask;
	family_handler_begins(self->node, request->signal, info->code,
			      is_kernels ? 0 : info->child.pid,
			      is_kernels ? 0 : info->child.status);
	if (request->mask != mask)
		sim_fail("%d: handler %d will return to mask %llx, not %llx", node->pid,
			 request->signal, (unsigned long long)request->mask,
			 (unsigned long long)mask);
	if (self->first_flags == UINT32_MAX)
		self->first_flags = action->flags;
	node->has_suspended = false;
	*handler = (struct player_handler){ *frame, mask };
	trap_frame_set_instruction(frame, HANDLER);
	set_mask(self, node->blocked | action->mask |
			       (action->flags & SA_NODEFER ? 0 : FAMILY_BIT(request->signal)));
}

/* Nothing may be left to do at the moment at which the machine would go to user mode. */
static void check_way_out(struct player *self)
{
	struct family_node *node = node_of(self);
	const struct family_signal *left;

	family_back_in_user(self->node);
	if (node->has_suspended)
		set_mask(self, node->saved_mask);
	node->has_suspended = false;
	if (user_thread_current()->blocked != node->blocked)
		sim_fail("%d blocks %llx, not %llx", node->pid,
			 (unsigned long long)user_thread_current()->blocked,
			 (unsigned long long)node->blocked);
	left = family_next_signal(&node->signals, ~node->blocked);
	if (left || node->signals.is_exiting)
		sim_fail("%d goes on, and signal %d waits for it", node->pid,
			 left ? left->signo : (int)node->signals.status);
	if (node->is_changing)
		node->changed_at = ++family_now;
	node->is_changing = false;
	node->phase = PHASE_USER;
}

static void leave_kernel(struct player *self)
{
	node_of(self)->phase = PHASE_RETURN;
	irq_disable();
	if (atomic_load(&stack_header()->return_work))
		upcall_return_work(self->frame);
	check_way_out(self);
	irq_enable();
}

void player_return(struct player *self)
{
	leave_kernel(self);
	while (self->depth > 0) {
		struct player_handler *handler = &self->handlers[self->depth - 1];

		sim_point();
		/* sigreturn(2) */
		node_of(self)->is_changing = true;
		self->depth--;
		*self->frame = handler->frame;
		self->frame->vector = TRAP_VECTOR_RESTORED;
		set_mask(self, handler->mask);
		signal_set_mask(handler->mask);
		leave_kernel(self);
	}
}

int player_call(struct player *self, int (*call)(struct player *self))
{
	struct trap_frame *frame = self->frame;

	do {
		frame->vector = TRAP_VECTOR_SYSCALL;
		frame->error = 1;
		trap_frame_set_instruction(frame, CALL_SITE + 2);
		self->first_flags = UINT32_MAX;
		node_of(self)->call.begun = ++family_now;
		node_of(self)->call.answer = NO_ANSWER;
		node_of(self)->phase = PHASE_CALL;
		trap_frame_set_result(frame, call(self));
		family_now++;
		player_return(self);
	} while (trap_frame_instruction(frame) == CALL_SITE);
	return trap_frame_result(frame);
}

/* Time passes in user mode, and interrupts come. */
static void compute(struct player *self, unsigned int rounds)
{
	for (unsigned int i = 0; i < rounds; i++) {
		sim_point();
		family_now++;
		if (!atomic_load(&stack_header()->return_work))
			continue;
		self->frame->vector = 0xef;
		player_return(self);
	}
}

static void sleep_ns(uint64_t ns)
{
	thread_prepare_sleep(THREAD_SLEEPING);
	(void)thread_sleep_until(clock_monotonic_ns() + ns);
}

static int call_sleep(struct player *self)
{
	sleep_ns(self->operation->number * 1000ull);
	return 0;
}

/* ---- operations ---- */

static void play_one(struct player *self, const struct family_operation *o)
{
	self->operation = o;
	switch (o->kind) {
	case FAMILY_COMPUTE: compute(self, o->number); break;
	case FAMILY_SLEEP:
		node_of(self)->call.kind = FAMILY_SLEEP;
		(void)player_call(self, call_sleep);
		break;
	default: player_play_call(self, o); break;
	}
}

/* The next operation of a slot; NULL: there are no more. */
static const struct family_operation *next_operation(unsigned int slot, unsigned int *number)
{
	const struct scenario *s = family_scenario;

	for (; cursors[slot] < s->operation_count; cursors[slot]++) {
		const struct family_operation *o = &s->family_operations[cursors[slot]];

		if (o->slot == slot && !s->left_out[cursors[slot]]) {
			*number = cursors[slot];
			return o;
		}
	}
	return NULL;
}

static void tell(const struct player *self, unsigned int number)
{
	char text[120], line[180];
	int size;

	family_operation_format(self->operation, text, sizeof(text));
	size = scnprintf(line, sizeof(line), "%8llu us  %3u  process %d: %s\n",
			 (unsigned long long)sim_now_ns() / 1000, number, node_of(self)->pid, text);
	host_say(line, (size_t)size);
}

static void play_operations(struct player *self)
{
	const struct family_operation *o;
	unsigned int number = 0;

	while ((o = next_operation(self->slot, &number)) != NULL) {
		cursors[self->slot]++;
		self->operation = o;
		if (family_scenario->verbose)
			tell(self, number);
		shared->operations++;
		play_one(self, o);
	}
}

void player_has_ended(void)
{
	struct player *self = player_current();

	if (self) {
		self->is_used = false;
		self->thread = NULL;
		family_now++;
	}
}

/* ---- init ---- */

static bool is_legal_wait(int waiter, const struct family_call *call)
{
	bool has_any = false;

	for (unsigned int i = 0; i < family_present_count; i++) {
		const struct family_node *child = &family_nodes[family_present[i]];

		if (!family_wait_matches(waiter, family_present[i], call))
			continue;
		if (child->state == FAMILY_DEAD) {
			if (call->options & WEXITED)
				return false;
			continue;
		}
		has_any = true;
		if ((child->signals.stop_unreported && (call->options & WUNTRACED)) ||
		    (child->signals.continue_unreported && (call->options & WCONTINUED)))
			return false;
	}
	/* A child that leaves the group wakes nobody, as on Linux. */
	return has_any || call->whom == WHOM_GROUP;
}

/* May this one do nothing, for good? */
static bool is_rightly_quiet(int number)
{
	const struct family_node *node = &family_nodes[number];

	if (node->state == FAMILY_DEAD)
		return true;
	if (node->signals.is_exiting)
		return false;
	if (node->signals.is_stopped)
		return node->phase == PHASE_RETURN;
	if (node->phase != PHASE_CALL)
		return false;
	/* Who waits for a child of vfork is woken by its own death alone. */
	if (node->call.kind == FAMILY_FORK)
		return family_nodes[node->call.child].state == FAMILY_ALIVE;
	if (family_next_signal(&node->signals, ~node->blocked))
		return false;
	switch (node->call.kind) {
	case FAMILY_WAIT: return is_legal_wait(number, &node->call);
	case FAMILY_PAUSE:
	case FAMILY_SUSPEND: return true;
	default: return false;
	}
}

static void wait_until_quiet(void)
{
	uint64_t before;

	do {
		before = family_now;
		sleep_ns(QUIET_NS);
	} while (before != family_now);
	for (unsigned int i = 0; i < family_present_count; i++) {
		const struct family_node *node = &family_nodes[family_present[i]];

		const struct family_signal *next =
			family_next_signal(&node->signals, ~node->blocked);

		if (family_present[i] != FAMILY_INIT && !is_rightly_quiet(family_present[i]))
			sim_fail("%d does nothing any more, %s %s; signal %d waits for it%s",
				 node->pid, node->phase == PHASE_CALL ? "in" : "after",
				 family_kind_name(node->call.kind), next ? next->signo : 0,
				 node->signals.is_exiting ? ", and its end" : "");
	}
}

static int call_quiet(struct player *self)
{
	(void)self;
	wait_until_quiet();
	return 0;
}

/* A living process that is not init; FAMILY_NOBODY: there is none. */
static int choose_living(void)
{
	unsigned int start = sim_chance(family_present_count);

	for (unsigned int i = 0; i < family_present_count; i++) {
		int node = family_present[(start + i) % family_present_count];

		if (node != FAMILY_INIT && family_nodes[node].state == FAMILY_ALIVE)
			return node;
	}
	return FAMILY_NOBODY;
}

/* Somebody is moved on; each third time for good. */
static void nudge(struct player *self, int node, unsigned int round)
{
	static const int gentle[] = { SIGCONT, SIGUSR1, SIGTERM, SIGCONT, 35 };

	player_kill(self, family_nodes[node].pid,
		    round % 3 == 2 ? SIGKILL : gentle[sim_chance(ARRAY_SIZE(gentle))]);
}

static bool fill_slots(struct player *self)
{
	static const struct family_operation fork = { .kind = FAMILY_FORK, .signal = SIGCHLD };
	unsigned int number;
	bool any = false;

	for (unsigned int slot = 1; slot < FAMILY_SLOTS; slot++) {
		if (!players[slot].is_used && next_operation(slot, &number)) {
			player_fork(self, slot, &fork);
			any = true;
		}
	}
	return any;
}

static void finish(struct player *self)
{
	for (unsigned int round = 0;; round++) {
		int node;

		node_of(self)->call.kind = FAMILY_SLEEP;
		(void)player_call(self, call_quiet);
		while (player_reap(self))
			;
		node = choose_living();
		if (!fill_slots(self) && node < 0)
			break;
		if (node >= 0)
			nudge(self, node, round);
	}
	if (family_present_count != 1)
		sim_fail("%d processes are left", family_present_count);
	/* What it has blocked so far comes now. */
	player_set_mask(self, 0);
}

static noreturn void play_init(struct player *self)
{
	struct in_use before;

	sim_count_in_use(&before);
	player_return(self);
	play_operations(self);
	finish(self);
	sim_check_leaks(&before, true);
	is_over = true;
	wait_queue_wake_all(&over, 0);
	for (;;)
		sleep_ns(QUIET_NS);
}

/* ---- from start to end ---- */

static void begin_init(struct player *self)
{
	self->is_used = true;
	self->node = FAMILY_INIT;
	node_of(self)->phase = PHASE_RETURN;
	family_watch_begin(process_current());
}

noreturn void player_run(struct trap_frame *frame)
{
	struct player *self = &players[frame->ebx];

	self->slot = frame->ebx;
	self->thread = thread_current();
	self->frame = frame;
	if (self->slot == 0) {
		begin_init(self);
		play_init(self);
	}
	player_return(self);
	if (!self->shares_memory) {
		uint32_t word = 0;

		if (get_user_u32(&word, (user_addr)PLAYER_MEMORY) ||
		    word != (uint32_t)node_of(self)->pid)
			sim_fail("%d reads %u where its own number was written", node_of(self)->pid,
				 word);
	}
	play_operations(self);
	player_exit(self, 100 + self->slot);
}

static void play(void)
{
	static const char *const arguments[] = { "player", NULL };
	struct in_use before;

	sim_kernel_start(NULL, &before);
	process_init();
	process_start_init("player", arguments);
	wait_event(&over, is_over);
	shared->has_finished = true;
}

noreturn void scenario_play_processes(const struct scenario *wanted)
{
	family_scenario = wanted;
	sim_start(&wanted->machine, wanted->seed * 7919 + wanted->schedule, play);
}

/*
 * Drawing a workload of processes. (What its operations mean: family_workload.h.)
 *
 * Each workload has likings of its own: some kinds of operations come often in it, some not at
 * all, and mostly it is about one slot or two, and one signal. So rare things meet each other in
 * one workload or another.
 *
 * Signals that kill are rare, and those that are caught at first (init's first operations, which
 * its children inherit) frequent, so that most processes live long enough to do something.
 */
#include <stdio.h>
#include <string.h>
#include "scenario.h"

enum {
	/* The kernel's numbers, which are Linux's on i386. */
	CHILD = 17, CONTINUE = 18, STOP = 19, TERMINAL_STOP = 20, USER_1 = 10, TERMINATE = 15,
	KILL = 9, QUIT = 3, WINDOW = 28, REALTIME = 34,
	NOT_BLOCKING = 1, UNTRACED = 2, EXITED = 4, CONTINUED = 8, NOT_TAKING = 0x1000000,
	ALL = 0x40000000,
};

static const uint32_t CLONED = 0x80000000u;
static const uint32_t action_flags[] = { 1, 2, 0x10000000, 0x40000000, 0x80000000 };
static const uint8_t caught_first[] = { USER_1, REALTIME, REALTIME + 1, REALTIME + 2, TERMINATE };

/* How often each kind comes, and its order is enum family_operation_kind's. */
static const uint8_t usual_weights[FAMILY_KINDS] = {
	40, 10, 40, 40, 16, 16, 16, 6, 8, 4, 6, 14, 3, 8, 6, 16, 6
};
static uint32_t weights[FAMILY_KINDS];	/* of this workload */
static uint8_t favourites[2];		/* slots */
static uint8_t favourite_signal;	/* 0: none */

static uint8_t draw_signal(void)
{
	static const uint8_t all[] = {
		USER_1, USER_1, USER_1, USER_1, CHILD, CHILD, CONTINUE, CONTINUE, CONTINUE, STOP,
		STOP, TERMINAL_STOP, TERMINAL_STOP, WINDOW, REALTIME, REALTIME, REALTIME + 1,
		REALTIME + 2, TERMINATE, TERMINATE, QUIT, KILL
	};

	if (favourite_signal && draw_below(2))
		return favourite_signal;
	return all[draw_below(sizeof(all))];
}

/* Forks, waits and kills are never left out: without them there is nothing to see. */
static void draw_likings(void)
{
	for (unsigned int i = 0; i < FAMILY_KINDS; i++) {
		weights[i] = usual_weights[i];
		if (draw_below(3) == 0)
			weights[i] = i == FAMILY_FORK || i == FAMILY_WAIT || i == FAMILY_KILL ?
					     weights[i] / 2 : 0;
		else if (draw_below(3) == 0)
			weights[i] *= 4;
	}
	for (unsigned int i = 0; i < 2; i++)
		favourites[i] = (uint8_t)(draw_below(3) ? draw_below(FAMILY_SLOTS) : 0);
	favourite_signal = 0;
	favourite_signal = draw_below(2) ? draw_signal() : 0;
}

static uint8_t draw_slot(void)
{
	return draw_below(3) ? (uint8_t)draw_below(FAMILY_SLOTS) : favourites[draw_below(2)];
}

static uint8_t draw_kind(void)
{
	uint32_t sum = 0, pick;
	uint8_t kind = 0;

	for (unsigned int i = 0; i < FAMILY_KINDS; i++)
		sum += weights[i];
	for (pick = draw_below(sum); pick >= weights[kind]; kind++)
		pick -= weights[kind];
	return kind;
}

static uint64_t draw_set(void)
{
	uint64_t set = 0;

	for (unsigned int i = draw_below(5); i > 0; i--)
		set |= 1ull << (draw_signal() - 1);
	return set;
}

static uint32_t draw_wait_options(void)
{
	uint32_t options = EXITED;

	if (draw_below(8) == 0)
		options = UNTRACED;
	options |= draw_below(2) ? NOT_BLOCKING : 0;
	options |= draw_below(3) ? 0 : UNTRACED;
	options |= draw_below(3) ? 0 : CONTINUED;
	options |= draw_below(6) ? 0 : NOT_TAKING;
	if (draw_below(4) == 0)
		options |= draw_below(3) ? ALL : CLONED;
	return options;
}

static void draw_fork(struct family_operation *o)
{
	o->signal = CHILD;
	if (draw_below(10) == 0)
		o->signal = draw_below(2) ? USER_1 : 0;
	o->how = draw_below(12) ? 0 : FORK_SIBLING;
	o->how |= draw_below(12) ? 0 : FORK_WAITS;
}

static void draw_action(struct family_operation *o)
{
	static const uint8_t hows[] = { 0, 1, 2, 2, 2 };

	o->how = hows[draw_below(sizeof(hows))];
	if (draw_below(3) == 0)
		o->signal = CHILD;
	for (unsigned int i = 0; i < 5; i++)
		o->options |= draw_below(4) ? 0 : action_flags[i];
	o->set = draw_below(2) ? draw_set() : 0;
}

static void draw_operation(struct family_operation *o)
{
	static const uint8_t whos[] = {
		WHO_SELF, WHO_PARENT, WHO_CHILD, WHO_CHILD, WHO_CHILD, WHO_CHILD, WHO_SLOT,
		WHO_SLOT, WHO_SLOT, WHO_NOBODY
	};

	o->kind = draw_kind();
	o->slot = draw_slot();
	o->who = whos[draw_below(sizeof(whos))];
	o->which = draw_slot();
	o->signal = draw_signal();
	o->number = draw_below(256);
	switch (o->kind) {
	case FAMILY_FORK: draw_fork(o); break;
	case FAMILY_WAIT:
		o->options = draw_wait_options();
		o->how = (uint8_t)draw_below(3);
		break;
	case FAMILY_KILL:
		o->how = draw_below(5) == 0;
		if (draw_below(20) == 0)
			o->signal = 0;
		break;
	case FAMILY_QUEUE_SIGNAL:
		if (o->signal < REALTIME)
			o->signal = (uint8_t)(REALTIME + draw_below(3));
		break;
	case FAMILY_ACTION: draw_action(o); break;
	case FAMILY_MASK:
		o->how = (uint8_t)draw_below(3);
		o->set = draw_set();
		break;
	case FAMILY_SIGNAL_WAIT:
		o->set = draw_set();
		o->number = draw_below(2000);
		break;
	case FAMILY_SUSPEND: o->set = draw_set(); break;
	case FAMILY_SET_GROUP: o->how = (uint8_t)draw_below(4); break;
	case FAMILY_SUBREAPER: o->how = draw_below(3) == 0; break;
	case FAMILY_GET_IDS: o->how = (uint8_t)draw_below(3); break;
	case FAMILY_SLEEP: o->number = draw_below(4) ? draw_below(200) : draw_below(40000); break;
	default: break;
	}
}

/*
 * One workload in eight is a duel: who lives in the first favourite slot keeps changing what it
 * does about the favourite signal, and the others keep sending it.
 */
static void begin_duel(void)
{
	favourites[0] = draw_below(2) ? favourites[0] : 0;
	favourite_signal = draw_below(2) ? (uint8_t)(REALTIME + draw_below(3)) : draw_signal();
}

static void draw_duel(struct family_operation *o)
{
	static const uint8_t defences[] = {
		FAMILY_ACTION, FAMILY_ACTION, FAMILY_ACTION, FAMILY_MASK, FAMILY_SIGNAL_WAIT,
		FAMILY_COMPUTE, FAMILY_PENDING, FAMILY_FORK
	};
	static const uint8_t attacks[] = { FAMILY_KILL, FAMILY_KILL, FAMILY_QUEUE_SIGNAL,
					   FAMILY_COMPUTE };
	bool defends = o->slot == favourites[0];

	if (draw_below(8) == 0)
		return;
	o->kind = defends ? defences[draw_below(sizeof(defences))] :
			    attacks[draw_below(sizeof(attacks))];
	o->signal = o->kind == FAMILY_FORK ? CHILD : favourite_signal;
	o->set = draw_below(2) ? 1ull << (favourite_signal - 1) : 0;
	o->who = WHO_SLOT;
	o->which = favourites[0];
	o->how = defends ? (uint8_t)draw_below(3) : 0;
	o->number = draw_below(100);
	o->options = draw_below(3) ? 0 : action_flags[draw_below(5)];
	if (o->kind == FAMILY_FORK)
		o->how = 0;
	if (o->kind == FAMILY_QUEUE_SIGNAL && o->signal < REALTIME)
		o->kind = FAMILY_KILL;
}

void scenario_draw_processes(struct scenario *s)
{
	bool is_duel = draw_below(8) == 0;
	unsigned int count = 60 + draw_below(draw_below(3) ? 400 : FAMILY_OPERATIONS_MAX - 60);

	draw_likings();
	if (is_duel)
		begin_duel();
	s->machine.cpus = 1 + draw_below(4);
	s->machine.memory_pages = 3072 + draw_below(3) * 1024;
	s->machine.low_pages = draw_below(2) ? s->machine.memory_pages : 2048;
	s->machine.switch_every = 2u << draw_below(8);
	s->machine.stall_every = draw_below(3) ? 50u << draw_below(8) : 0;
	s->machine.allocation_failures = draw_below(3) ? 0 : 10u << draw_below(6);
	s->workers = FAMILY_SLOTS;
	s->start_count = 1;
	while (s->operation_count < count) {
		struct family_operation *o = &s->family_operations[s->operation_count];

		if (s->operation_count < sizeof(caught_first))
			*o = (struct family_operation){
				.kind = FAMILY_ACTION,
				.how = 2,
				.signal = caught_first[s->operation_count],
				.options = draw_below(2) ? action_flags[2] : 0,
			};
		else
			draw_operation(o);
		if (is_duel && s->operation_count >= sizeof(caught_first))
			draw_duel(o);
		s->operation_count++;
	}
	s->starts[0].end = s->operation_count;
}

/* ---- telling ---- */

static const char *const names[FAMILY_KINDS] = {
	"fork", "exit", "wait", "kill", "queue-signal", "action", "mask", "pending", "signal-wait",
	"pause", "suspend", "set-group", "new-session", "get-ids", "subreaper", "compute", "sleep",
};
static const char *const whos[WHO_KINDS] = { "itself", "parent", "child", "slot", "nobody" };
static const char *const handlers[] = { "default", "ignore", "catch" };
static const char *const mask_hows[] = { "block", "unblock", "set" };
static const char *const groups[] = { "0", "its number", "own", "slot" };
static const char *const ids[] = { "group", "session", "parent" };

const char *family_kind_name(enum family_operation_kind kind)
{
	return names[kind];
}

static void format_wait(const struct family_operation *o, const char *who, char *buffer,
			size_t size)
{
	snprintf(buffer, size, "%s%s%s%s%s%s%s%s", o->how == 0 ? "any" : who,
		 o->how == 2 ? "'s group" : "", o->options & NOT_BLOCKING ? " nohang" : "",
		 o->options & EXITED ? " exited" : "", o->options & UNTRACED ? " stopped" : "",
		 o->options & CONTINUED ? " continued" : "",
		 o->options & NOT_TAKING ? " nowait" : "",
		 o->options & ALL ? " all" : o->options & CLONED ? " clone" : "");
}

void family_operation_format(const struct family_operation *o, char *buffer, size_t size)
{
	int used = snprintf(buffer, size, "%u %s ", o->slot, names[o->kind]);
	unsigned long long set = o->set;
	char who[20];

	buffer += used;
	size -= (size_t)used;
	snprintf(who, sizeof(who), "%s", whos[o->who]);
	if (o->who == WHO_CHILD || o->who == WHO_SLOT)
		snprintf(who, sizeof(who), "%s %u", whos[o->who], o->which);
	switch (o->kind) {
	case FAMILY_FORK:
		snprintf(buffer, size, "signal %u%s%s", o->signal,
			 o->how & FORK_SIBLING ? " sibling" : "",
			 o->how & FORK_WAITS ? " vfork" : "");
		break;
	case FAMILY_EXIT:
	case FAMILY_COMPUTE:
	case FAMILY_SLEEP: snprintf(buffer, size, "%u", o->number); break;
	case FAMILY_WAIT: format_wait(o, who, buffer, size); break;
	case FAMILY_KILL:
		snprintf(buffer, size, "%s%s %u", who, o->how ? "'s group" : "", o->signal);
		break;
	case FAMILY_QUEUE_SIGNAL:
		snprintf(buffer, size, "%s %u %u", who, o->signal, o->number);
		break;
	case FAMILY_ACTION:
		snprintf(buffer, size, "%u %s %#x %#llx", o->signal, handlers[o->how],
			 o->options, set);
		break;
	case FAMILY_MASK: snprintf(buffer, size, "%s %#llx", mask_hows[o->how], set); break;
	case FAMILY_SIGNAL_WAIT: snprintf(buffer, size, "%#llx %u us", set, o->number); break;
	case FAMILY_SUSPEND: snprintf(buffer, size, "%#llx", set); break;
	case FAMILY_SET_GROUP:
		snprintf(buffer, size, o->how == 3 ? "%s to %s %u" : "%s to %s", who,
			 groups[o->how], o->number % FAMILY_SLOTS);
		break;
	case FAMILY_GET_IDS: snprintf(buffer, size, "%s's %s", who, ids[o->how]); break;
	case FAMILY_SUBREAPER: snprintf(buffer, size, "%s", o->how ? "on" : "off"); break;
	default: break;
	}
}

/*
 * Drawing a workload of processes. (What its operations mean: family_workload.h.)
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
static const uint8_t weights[FAMILY_KINDS] = {
	40, 10, 40, 40, 16, 16, 16, 6, 8, 4, 6, 14, 3, 8, 6, 16, 6
};

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

static uint8_t draw_signal(void)
{
	static const uint8_t all[] = {
		USER_1, USER_1, USER_1, USER_1, CHILD, CHILD, CONTINUE, CONTINUE, CONTINUE, STOP,
		STOP, TERMINAL_STOP, TERMINAL_STOP, WINDOW, REALTIME, REALTIME, REALTIME + 1,
		REALTIME + 2, TERMINATE, TERMINATE, QUIT, KILL
	};

	return all[draw_below(sizeof(all))];
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
	o->slot = (uint8_t)draw_below(FAMILY_SLOTS);
	o->who = whos[draw_below(sizeof(whos))];
	o->which = (uint8_t)draw_below(FAMILY_SLOTS);
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
	case FAMILY_QUEUE_SIGNAL: o->signal = (uint8_t)(REALTIME + draw_below(3)); break;
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
	case FAMILY_SET_GROUP:
	case FAMILY_SUBREAPER: o->how = draw_below(3) == 0; break;
	case FAMILY_GET_IDS: o->how = (uint8_t)draw_below(3); break;
	case FAMILY_SLEEP: o->number = draw_below(4) ? draw_below(200) : draw_below(40000); break;
	default: break;
	}
}

void scenario_draw_processes(struct scenario *s)
{
	unsigned int count = 60 + draw_below(draw_below(3) ? 400 : FAMILY_OPERATIONS_MAX - 60);

	s->machine.cpus = 1 + draw_below(4);
	s->machine.memory_pages = 3072 + draw_below(3) * 1024;
	s->machine.low_pages = draw_below(2) ? s->machine.memory_pages : 2048;
	s->machine.switch_every = 2u << draw_below(8);
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
		snprintf(buffer, size, "%s to %s", who, o->how ? "own" : "its number");
		break;
	case FAMILY_GET_IDS: snprintf(buffer, size, "%s's %s", who, ids[o->how]); break;
	case FAMILY_SUBREAPER: snprintf(buffer, size, "%s", o->how ? "on" : "off"); break;
	default: break;
	}
}

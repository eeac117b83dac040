/*
 * Playing a workload on address spaces.
 *
 * A process is an address space with one or two threads, kernel threads that have it loaded as
 * user threads would. Each does its operations of the list in their order, and each answer and
 * each loaded byte is compared with the model's (space_model.h).
 *
 * Who plays what. A process is born by the fork at place `birth` of the list and plays up to the
 * next exit of its number behind it. A fork whose number is still in use waits for its end if that
 * comes before the fork in the list, and else does not happen: so everybody waits for earlier
 * operations only, and comes to an end, whichever operations are left out.
 */
#include "lib/format.h"
#include "lib/string.h"
#include "core/preempt.h"
#include "sched/clock.h"
#include "sched/thread.h"
#include "sched/wait_queue.h"
#include "uapi/linux/errno.h"
#include "vm/address_space.h"
#include "vm/fault.h"
#include "kernel.h"
#include "space_player.h"

static const struct scenario *scenario;
static struct process processes[SPACES];
static struct actor actors[ACTORS];
struct wait_queue changes = WAIT_QUEUE_INIT(changes);

static void start_process(struct process *process, struct address_space *space,
			  unsigned int birth);

/* ---- loads and stores ---- */

static void check(const char *wrong)
{
	if (wrong)
		sim_fail("%s", wrong);
}

static const char *refuse(struct space_access *access, enum fault_result result)
{
	switch (result) {
	case FAULT_BAD_ADDRESS: return space_access_refused(access, REFUSED_NOTHING_THERE);
	case FAULT_BAD_ACCESS: return space_access_refused(access, REFUSED_FORBIDDEN);
	case FAULT_BUS_ADDRESS: return space_access_refused(access, REFUSED_BEYOND_END);
	default: return "a fault ends in no known way";
	}
}

/* As a program does it: again and again until it is done, or refused. */
static void access_byte(struct space_access *access, unsigned int actor)
{
	uintptr_t address = ARENA_START + access->page * PAGE_SIZE + access->byte;
	enum fault_result result;
	uint8_t *byte;

	space_access_begin(access);
	for (;;) {
		sim_point();
		byte = sim_translate(address, access->write);
		if (byte) {
			check(space_access_done(access, byte));
			return;
		}
		space_access_fault(access);
		result = sim_page_fault(address, access->write);
		if (result == FAULT_NO_MEMORY && sim_failures(actor) == 0)
			sim_fail("there is no memory for a page");
		if (result == FAULT_NO_MEMORY)
			(void)sim_failures_end(actor);
		else if (result != FAULT_OK) {
			check(refuse(access, result));
			return;
		}
	}
}

static void load_or_store(struct actor *actor, const struct space_operation *o)
{
	struct space_access access = {
		.space = actor->process->number,
		.page = o->page,
		.byte = o->byte,
		.write = o->kind == SPACE_STORE,
		.value = o->value,
	};

	sim_failures_begin(actor->number);
	access_byte(&access, actor->number);
	(void)sim_failures_end(actor->number);
}

/* All that the process has in memory is as it should be. */
static void look_over(struct actor *actor)
{
	for (unsigned int page = 0;
	     (page = space_next_used(actor->process->number, page)) < ARENA_PAGES; page++) {
		for (unsigned int slot = 0; slot < SLOTS; slot++) {
			struct space_access access = {
				.space = actor->process->number,
				.page = page,
				.byte = slot * SLOT_STEP,
			};

			access_byte(&access, actor->number);
		}
	}
}

/* ---- processes ---- */

/* Can the fork at place `number` of the list have its child now, later (*waits), or not at all? */
static bool can_fork(const struct process *child, unsigned int number, bool *waits)
{
	*waits = child->space && child->end < number;
	return !child->space;
}

static int fork_process(struct actor *actor, const struct space_operation *o, unsigned int number)
{
	struct process *parent = actor->process, *child = &processes[o->target];
	struct address_space *space = NULL;
	bool waits;
	int result;

	wait_event(&changes, can_fork(child, number, &waits) || !waits);
	if (child->space || child == parent)
		return -EAGAIN;
	child->space = (struct address_space *)1;	/* it is ours */
	child->end = number;
	wait_event(&changes, space_claim_all(parent->number));
	space_fork_begin(parent->number, child->number);
	TRY_CALL(actor, result, address_space_fork(parent->space, &space));
	check_result(o, result, 0);
	space_fork_end(parent->number);
	space_release_all(parent->number);
	start_process(child, space, number + 1);
	return result;
}

static void act(void *argument);

static void start_actor(unsigned int number, struct process *process, unsigned int first)
{
	struct actor *actor = &actors[number];
	struct thread *thread;

	actor->number = number;
	actor->process = process;
	actor->next = first;
	thread = thread_create_kernel("actor", act, actor);
	if (!thread)
		sim_fail("no memory for a thread");
	thread_start(thread);
}

static unsigned int find_end(unsigned int process, unsigned int first)
{
	for (unsigned int i = first; i < scenario->operation_count; i++) {
		const struct space_operation *o = &scenario->space_operations[i];

		if (o->kind == SPACE_EXIT && o->actor / THREADS == process &&
		    !scenario->left_out[i])
			return i;
	}
	return scenario->operation_count;
}

static void start_process(struct process *process, struct address_space *space, unsigned int first)
{
	process->space = space;
	process->end = find_end(process->number, first);
	process->has_second = false;
	start_actor(process->number * THREADS, process, first);
}

static int start_second(struct actor *actor, unsigned int number)
{
	struct process *process = actor->process;

	if (process->has_second)
		return -EAGAIN;
	process->has_second = true;
	start_actor(process->number * THREADS + 1, process, number + 1);
	return 0;
}

static int play_one(struct actor *actor, const struct space_operation *o, unsigned int number)
{
	switch ((enum space_operation_kind)o->kind) {
	case SPACE_LOAD:
	case SPACE_STORE: load_or_store(actor, o); return 0;
	case SPACE_FORK: return fork_process(actor, o, number);
	case SPACE_THREAD: return start_second(actor, number);
	case SPACE_SLEEP:
		thread_prepare_sleep(THREAD_SLEEPING);
		(void)thread_sleep_until(clock_monotonic_ns() + o->size * 1000ull);
		return 0;
	case SPACE_EXIT: return 0;
	default: return play_call(actor, o);
	}
}

static void tell(const struct space_operation *o, unsigned int number, int result)
{
	char text[120], line[180];

	space_operation_format(o, text, sizeof(text));
	snprintf(line, sizeof(line), "%8llu us  %3u  %s: %d\n",
		 (unsigned long long)sim_now_ns() / 1000, number, text, result);
	host_say(line, strlen(line));
}

static void play_operations(struct actor *actor)
{
	for (unsigned int i = actor->next; i < actor->process->end; i++) {
		const struct space_operation *o = &scenario->space_operations[i];
		int result;

		if (o->actor != actor->number || scenario->left_out[i])
			continue;
		result = play_one(actor, o, i);
		if (scenario->verbose)
			tell(o, i, result);
		shared->operations++;
		wait_queue_wake_all(&changes, 0);
	}
}

/* The last of a process. */
static void end_process(struct process *process)
{
	address_space_put(process->space);
	space_exit(process->number);
	process->space = NULL;
	wait_queue_wake_all(&changes, 0);
}

static void set_space(struct address_space *space)
{
	preempt_disable();
	thread_current()->mmu = space ? &space->mmu : NULL;
	mmu_space_switch(thread_current()->mmu);
	preempt_enable();
}

static void act(void *argument)
{
	struct actor *actor = argument;
	struct process *process = actor->process;

	set_space(process->space);
	play_operations(actor);
	if (actor->number % THREADS == 0) {
		wait_event(&changes, !process->has_second);
		look_over(actor);
	}
	set_space(NULL);
	if (actor->number % THREADS == 0)
		end_process(process);
	else
		process->has_second = false;
	wait_queue_wake_all(&changes, 0);
}

/* ---- from start to end ---- */

static bool all_have_ended(void)
{
	for (unsigned int i = 0; i < SPACES; i++) {
		if (processes[i].space)
			return false;
	}
	return true;
}

static void start_first(void)
{
	struct address_space *first;

	for (unsigned int i = 0; i < SPACES; i++)
		processes[i].number = i;
	if (address_space_create(&first))
		sim_fail("no memory for an address space");
	first->mmap_top = ARENA_END;
	first->brk_start = first->brk_end = ARENA_START;
	start_process(&processes[0], first, 0);
}

static void play(void)
{
	struct in_use before;

	sim_kernel_start(scenario->format, &before);
	open_files(scenario);
	start_first();
	wait_event(&changes, all_have_ended());
	close_files();
	sim_unmount();
	sim_check_leaks(&before, !scenario->format);
	shared->has_finished = true;
}

noreturn void scenario_play_memory(const struct scenario *wanted)
{
	scenario = wanted;
	sim_start(&wanted->machine, wanted->seed * 7919 + wanted->schedule, play);
}

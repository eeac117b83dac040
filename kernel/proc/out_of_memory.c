/*
 * Out of memory: nothing could be reclaimed, so the process that has most dies.
 *
 * vm/reclaim.c asks, from a thread that holds no locks, whenever an allocation can go on neither
 * with nor without waiting. One victim at a time: while the last one is still unwinding, asking
 * again only says so. Init is spared, since nothing runs without it, and so is who has an
 * /proc/PID/oom_score_adj of -1000; other values count as that many thousandths of all memory.
 * Sizes are looked at without stopping anybody; a process that grows meanwhile is found the next
 * time.
 */
#include "core/printk.h"
#include "mem/page_frame.h"
#include "proc/internal.h"
#include "vm/address_space.h"
#include "vm/writeback.h"

/* Pages that would come free; 0 for a process without memory of its own. */
static size_t size_of(struct process *process)
{
	struct address_space *space = process_space_get(process);
	struct resident_pages resident;

	if (!space)
		return 0;
	address_space_resident(space, &resident);
	resident.anonymous += atomic_load_explicit(&space->table_frames, memory_order_relaxed);
	address_space_put(space);
	/* File pages have been reclaimed as far as that goes: they count little. */
	return resident.anonymous + resident.file / 8 + 1;
}

static size_t total_pages(void)
{
	struct frame_counts counts;

	page_frame_count(&counts);
	return counts.total;
}

/* Pages that count against a process, less than none for a favoured one; NEVER: it is spared. */
#define NEVER INT64_MIN

static int64_t badness_of(struct process *process, size_t total)
{
	int adjust = atomic_load_explicit(&process->out_of_memory_adjust, memory_order_relaxed);
	size_t size = size_of(process);

	if (size == 0 || adjust == OUT_OF_MEMORY_SPARED)
		return NEVER;
	return (int64_t)size + (int64_t)adjust * (int64_t)(total / 1000);
}

unsigned int process_out_of_memory_score(struct process *process)
{
	size_t total = total_pages();
	int64_t badness = badness_of(process, total);

	if (badness == NEVER)
		return 0;
	/* Linux's scale: 0..2000 by two thirds; 1000 is a process of no size and no favour. */
	return (unsigned int)((1000 + (int)badness / (int)(total / 1000)) * 2 / 3);
}

/* Does somebody stop it on its way out for as long as he likes? Signal lock held. */
static bool is_held_up(const struct process *process)
{
	const struct user_thread *thread;

	/* Writing a core may want more memory than there is. */
	if (process->core_dumper)
		return true;
	list_for_each_entry(thread, &process->threads, process_node) {
		if (thread->trace.stopped)
			return true;
	}
	return false;
}

/*
 * Until it is dead: its memory comes free only after it has let go of it. One that is held up is
 * not waited for; SIGKILL, if that is due, ends what holds it up.
 */
static bool is_dying(struct process *process)
{
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	bool dying = (process->flags & PROCESS_EXITING) && !is_held_up(process);

	spin_unlock_irq(&process->signal_lock, flags);
	return dying && atomic_load(&process->state) == PROCESS_ALIVE;
}

/* The worst process, referenced, or NULL; *dying if one is on its way out already. */
static struct process *find_worst(bool *dying)
{
	size_t total = total_pages();
	int64_t worst = NEVER;
	struct process *victim = NULL;
	struct process *process;
	process_id id = 2; /* not init */

	*dying = false;
	while ((process = process_next_get(id))) {
		int64_t badness = badness_of(process, total);

		id = process->id + 1;
		*dying |= is_dying(process);
		if (badness > worst) {
			if (victim)
				process_put(victim);
			victim = process;
			worst = badness;
		} else {
			process_put(process);
		}
	}
	return victim;
}

static bool kill_worst(void)
{
	struct linux_siginfo info;
	struct process *victim;
	char name[16];
	bool dying;

	victim = find_worst(&dying);
	if (!victim)
		return false;
	if (!dying) {
		printk(LOG_ERROR, "out of memory: process %d (%s) has %zu KiB and is killed",
		       victim->id, process_name(victim, name, sizeof(name)),
		       size_of(victim) * (PAGE_SIZE / 1024));
		signal_info_kernel(&info, SIGKILL);
		(void)signal_send_process(victim, &info);
	}
	process_put(victim);
	return true;
}

void out_of_memory_init(void)
{
	reclaim_set_killer(kill_worst);
}

/*
 * Out of memory: nothing could be reclaimed, so the process that has most dies, or the crowd.
 *
 * vm/reclaim.c asks, from a thread that holds no locks, whenever an allocation can go on neither
 * with nor without waiting. One victim at a time: while the last one is still unwinding, asking
 * again only says so. Init is spared, since nothing runs without it, and so is who has an
 * /proc/PID/oom_score_adj of -1000; other values count as that many thousandths of all memory.
 * Sizes are looked at without stopping anybody; a process that grows meanwhile is found the next
 * time.
 *
 * Crowds. A fork bomb is many small processes: the largest of all may be somebody else's shell, and
 * to kill one of the bomb makes room for the next. So when no process has a notable share of memory
 * but one user's processes together do, those of one process group of his die, all at once: the
 * largest, if half of them are in it. If not, the bomb may have made each a group of its own
 * (setsid(2)): then the younger half dies, for a bomb is young, and what he had before it goes on.
 * Not so root's, on whom others rely. If half of what comes free by that is in processes that offer
 * to die, by an oom_score_adj above 0, they alone die: who starts many workers that may go need not
 * go with them. And if his are few, or do not have much together either, one dies: the worst of the
 * user who has most. What he keeps in pipes and sockets counts as his, since it is in no process.
 * Neither users nor groups beyond the first few are looked at, in the order of process ids; a bomb
 * is many there.
 */
#include "core/printk.h"
#include "mem/page_frame.h"
#include "proc/internal.h"
#include "sched/clock.h"
#include "vfs/credentials.h"
#include "vfs/user_count.h"
#include "vm/address_space.h"
#include "vm/writeback.h"

enum {
	NOTABLE_SHARE = 8,	/* one process with a so-manieth of memory is no crowd's member */
	CROWD_SHARE = 4,	/* a crowd has at least that much together */
	PROCESS_PAGES = 4,	/* kernel stack, descriptors and the rest, beside its size */
	USERS_MAX = 16, GROUPS_MAX = 32,	/* that are looked at */
};

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

static user_id user_of(struct process *process)
{
	const struct credentials *credentials = process_credentials_get(process);
	user_id user = credentials->uid;

	credentials_put(credentials);
	return user;
}

/*
 * The worst process, of one user or (NULL) of all, referenced, or NULL; *dying if one is on its way
 * out already.
 */
static struct process *find_worst(const user_id *user, bool *dying)
{
	size_t total = total_pages();
	int64_t worst = NEVER;
	struct process *victim = NULL;
	struct process *process;
	process_id id = 2; /* not init */

	*dying = false;
	while ((process = process_next_get(id))) {
		bool is_asked = !user || user_of(process) == *user;
		int64_t badness = is_asked ? badness_of(process, total) : NEVER;

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

/* ---- crowds ---- */

struct sum {
	uint32_t key;		/* a user or a process group */
	unsigned int processes;	/* 0: a free place */
	size_t pages;
};

/* The place of `key`, after adding to it; NULL: there is no room. */
static struct sum *add(struct sum *sums, size_t room, uint32_t key, size_t pages)
{
	for (size_t i = 0; i < room; i++) {
		if (sums[i].processes != 0 && sums[i].key != key)
			continue;
		sums[i].key = key;
		sums[i].pages += pages;
		sums[i].processes++;
		return &sums[i];
	}
	return NULL;
}

static struct sum largest(const struct sum *sums, size_t count)
{
	const struct sum *found = sums;

	for (size_t i = 1; i < count; i++) {
		if (sums[i].pages > found->pages)
			found = &sums[i];
	}
	return *found;
}

/* What it counts in a crowd; 0: it is spared, or has nothing any more. */
static size_t share_of(struct process *process)
{
	int adjust = atomic_load_explicit(&process->out_of_memory_adjust, memory_order_relaxed);
	size_t size = adjust == OUT_OF_MEMORY_SPARED ? 0 : size_of(process);

	return size ? size + PROCESS_PAGES : 0;
}

/* The user whose processes have most together, with what lies in his pipes and sockets. */
static struct sum find_user(void)
{
	struct sum users[USERS_MAX] = { 0 };
	struct process *process;
	process_id id = 2;

	while ((process = process_next_get(id))) {
		size_t share = share_of(process);
		struct sum *sum = NULL;

		id = process->id + 1;
		if (share)
			sum = add(users, USERS_MAX, user_of(process), share);
		if (sum && sum->processes == 1)
			sum->pages += user_count_used_by(sum->key, USER_PIPE_PAGES) +
				      user_count_used_by(sum->key, USER_SOCKET_CHUNKS) /
					      (PAGE_SIZE / USER_SOCKET_CHUNK);
		process_put(process);
	}
	return largest(users, USERS_MAX);
}

/* The process group in which this user's processes have most together. */
static struct sum find_group(user_id user)
{
	struct sum groups[GROUPS_MAX] = { 0 };
	struct process *process;
	process_id id = 2, group;

	while ((process = process_next_get(id))) {
		id = process->id + 1;
		if (user_of(process) == user && process_get_group(process->id, &group) == 0)
			(void)add(groups, GROUPS_MAX, (uint32_t)group, share_of(process));
		process_put(process);
	}
	return largest(groups, GROUPS_MAX);
}

/* Some of a user's processes: those of a group, or (`group` 0) those begun after a moment. */
struct crowd {
	user_id user;
	process_id group;
	uint64_t begun_ns;
	bool is_of_volunteers;	/* only those with an oom_score_adj above 0 */
};

static bool is_member(const struct crowd *crowd, struct process *process)
{
	process_id group;

	if (user_of(process) != crowd->user || share_of(process) == 0)
		return false;
	if (crowd->is_of_volunteers &&
	    atomic_load_explicit(&process->out_of_memory_adjust, memory_order_relaxed) <= 0)
		return false;
	if (!crowd->group)
		return process->start_ns > crowd->begun_ns;
	return process_get_group(process->id, &group) == 0 && group == crowd->group;
}

/* Returns how many. */
static unsigned int kill_members(const struct crowd *crowd)
{
	struct linux_siginfo info;
	struct process *process;
	unsigned int count = 0;
	process_id id = 2;

	signal_info_kernel(&info, SIGKILL);
	while ((process = process_next_get(id))) {
		id = process->id + 1;
		if (is_member(crowd, process)) {
			(void)signal_send_process(process, &info);
			count++;
		}
		process_put(process);
	}
	return count;
}

static struct sum sum_members(const struct crowd *crowd)
{
	struct sum sum = { 0 };
	struct process *process;
	process_id id = 2;

	while ((process = process_next_get(id))) {
		id = process->id + 1;
		if (is_member(crowd, process))
			(void)add(&sum, 1, crowd->user, share_of(process));
		process_put(process);
	}
	return sum;
}

/* Those who offer to die are enough? The rest of the crowd stays. */
static void spare_others(struct crowd *crowd)
{
	struct crowd volunteers = *crowd;

	volunteers.is_of_volunteers = true;
	if (sum_members(&volunteers).pages >= sum_members(crowd).pages / 2)
		crowd->is_of_volunteers = true;
}

/* The moment after which half of a user's processes were begun, or a few more. */
static uint64_t find_younger_half(user_id user)
{
	struct crowd crowd = { .user = user };
	unsigned int half = sum_members(&crowd).processes / 2;
	uint64_t low = 0, high = clock_monotonic_ns();

	while (high - low > 1000) {
		crowd.begun_ns = low + (high - low) / 2;
		if (sum_members(&crowd).processes >= half)
			low = crowd.begun_ns;
		else
			high = crowd.begun_ns;
	}
	return low;
}

/* False: his processes have no notable share together, or are not to die together. */
static bool kill_crowd(const struct sum *user)
{
	struct sum group;
	struct crowd crowd;
	unsigned int killed;

	if (user->processes < 2 || user->pages < total_pages() / CROWD_SHARE)
		return false;
	group = find_group(user->key);
	crowd = (struct crowd){ .user = user->key };
	if (group.processes >= 2 && group.processes >= user->processes / 2)
		crowd.group = (process_id)group.key;
	else if (user->key != 0)
		crowd.begun_ns = find_younger_half(user->key);
	else
		return false;
	spare_others(&crowd);
	killed = kill_members(&crowd);
	if (killed > 0)
		printk(LOG_ERROR,
		       "out of memory: user %u has %zu KiB in %u processes; %u of them are killed",
		       user->key, user->pages * (PAGE_SIZE / 1024), user->processes, killed);
	return killed > 0;
}

/* ---- who dies ---- */

static void kill_one(struct process *victim)
{
	struct linux_siginfo info;
	char name[16];

	printk(LOG_ERROR, "out of memory: process %d (%s) has %zu KiB and is killed", victim->id,
	       process_name(victim, name, sizeof(name)), size_of(victim) * (PAGE_SIZE / 1024));
	signal_info_kernel(&info, SIGKILL);
	(void)signal_send_process(victim, &info);
}

/* No process has a notable share of memory, not even `largest`. */
static void kill_among_small(struct process *largest)
{
	struct sum user = find_user();
	struct process *victim = NULL;
	bool dying;

	if (kill_crowd(&user))
		return;
	if (user.processes > 0)
		victim = find_worst(&user.key, &dying);
	kill_one(victim ? victim : largest);
	if (victim)
		process_put(victim);
}

/*
 * Whoever asked may have done so before the last victim's memory came free, even the victim itself;
 * so the first question after that is not answered by another death. Only the reclaimer asks.
 */
static bool kill_worst(void)
{
	static bool is_awaited; /* a victim's memory was, at the last question */
	struct process *victim;
	bool dying, just_died;

	victim = find_worst(NULL, &dying);
	just_died = is_awaited && !dying;
	is_awaited = dying;
	if (!victim)
		return false;
	if (!dying && !just_died) {
		is_awaited = true;
		if (size_of(victim) >= total_pages() / NOTABLE_SHARE)
			kill_one(victim);
		else
			kill_among_small(victim);
	}
	process_put(victim);
	return true;
}

void out_of_memory_init(void)
{
	reclaim_set_killer(kill_worst);
}

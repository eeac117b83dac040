/*
 * One CPU's run queue: fair sharing by virtual time, below first-come real-time priorities.
 *
 * Idea. Each fair thread has a virtual time that grows, while it runs, by the time run divided by
 * its weight; the one with the least runs next. So all virtual times stay close together, and CPU
 * time is shared by weight. Nice values are weights, a factor of 1.25 a step, so that one step
 * changes two threads' shares by about ten per cent, whatever other nice values there are.
 *
 * Users. Time is shared by user first and then by thread, or whoever starts a thousand threads
 * would have a thousand times as much as his neighbour. So each user has a share of each CPU, with
 * a virtual time of its own and a tree of those of his threads that wait there, and the share with
 * the least goes first. A share's time grows as its running thread's, so nice values count between
 * users too. A share whose first thread comes to wait is put, like a sleeper, not far behind the
 * others. Kernel threads are a user of their own.
 *
 * The running thread is not in a tree, nor its share in the tree of shares: a thread that is alone
 * touches none, and threads of one user only that of their share.
 *
 * Sleeping. A thread that sleeps keeps its virtual time while the others' go on, and so is served
 * soon when it comes back; but it is put no further than SLEEPER_NS behind the least, or one that
 * slept for long would starve the others. When it comes back to another CPU, whose virtual time has
 * nothing to do with ours, what counts is how far ahead of the least it was, less the time it
 * slept.
 *
 * In front. A thread that is woken does not go to the tree but stands in front of it, if nobody
 * stands there: mostly it is the next to run, and is taken from there. It is so as soon as the
 * running thread goes, unless somebody in the tree has run less, or it is of another user than the
 * running one: then it goes to the tree after all. If its waker said that it is about
 * to sleep itself (hands the CPU over), it goes first even if one in the tree is a little behind,
 * and no other CPU takes it. The tick puts whoever is still there into the tree. So two threads
 * that serve each other never touch the tree while they are alone, and have no advantage when they
 * are not.
 *
 * Real time. A real-time thread that never sleeps would lock its machine, also for whoever wants to
 * end it. So, as on Linux, real-time threads have of each period only a part while fair ones wait;
 * when it is spent, the fair ones come first until the period ends. Who could run alone does: no
 * CPU idles for that. One that gives way, to these or to a higher priority, stays first among its
 * equals, and one of SCHED_RR then has the rest of its quantum, as POSIX wants.
 *
 * Virtual times are compared by their signed difference.
 */
#include "sched/run_queue.h"
#include "core/assert.h"
#include "lib/math64.h"
#include "lib/min_max.h"
#include "uapi/linux/errno.h"

/* Microseconds; what they are at first is Linux's. */
static atomic_int realtime_runtime_us = 950000;	/* [a] -1: no end */
static atomic_int realtime_period_us = 1000000;	/* [a] */

/* Linux's weights, so that `nice` means the same: index is nice + 20. */
static const uint32_t nice_weights[40] = {
	88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
	9548,  7620,  6100,  4904,  3906,  3121,  2501,	 1991,	1586,  1277,
	1024,  820,   655,   526,   423,   335,	  272,	 215,	172,   137,
	110,   87,    70,    56,    45,	   36,	  29,	 23,	18,    15,
};

enum {
	IDLE_POLICY_WEIGHT = 3,
};

static struct thread *thread_of_node(struct rbtree_node *node)
{
	return node ? rbtree_entry(node, struct thread, run_node) : NULL;
}

void run_queue_init(struct run_queue *queue, unsigned int cpu, struct thread *idle)
{
	spin_init(&queue->lock, LOCK_RANK_RUN_QUEUE, "run queue");
	queue->cpu = cpu;
	queue->cpu_bit = 1u << cpu;
	queue->idle = idle;
	idle->share = &queue->no_share;
	queue->running = idle;
	queue->alarm_ns = UINT64_MAX;
	rbtree_cached_init(&queue->shares);
	rbtree_cached_init(&queue->no_share.fair);
	for (unsigned int i = 0; i < REALTIME_PRIORITIES; i++)
		list_init(&queue->realtime[i]);
}

void run_queue_set_weight(struct thread *thread)
{
	uint32_t weight = thread->policy == SCHED_POLICY_IDLE ? (uint32_t)IDLE_POLICY_WEIGHT :
								nice_weights[thread->nice + 20];

	thread->weight_inverse = UINT32_MAX / weight + 1;
}

static void update_load(struct run_queue *queue)
{
	atomic_store_explicit(&queue->load, queue->ready_count + !queue->running->is_idle,
			      memory_order_relaxed);
}

static struct cpu_share *share_of_node(struct rbtree_node *node)
{
	return node ? rbtree_entry(node, struct cpu_share, node) : NULL;
}

/*
 * Let least_virtual_ns follow the smallest virtual time of all who run or wait: who waits in front
 * has no say, he runs soon. `running` is that of a fair thread that runs, or NULL.
 */
static inline void advance_least(struct cpu_share *share, const uint64_t *running)
{
	const struct thread *first = thread_of_node(rbtree_cached_first(&share->fair));
	uint64_t least;

	if (running && likely(!first || run_queue_is_before(*running, first->virtual_ns)))
		least = *running;
	else if (first)
		least = first->virtual_ns;
	else
		return;
	if (run_queue_is_before(share->least_virtual_ns, least))
		share->least_virtual_ns = least;
}

/* The running thread's share has had `virtual_ns` more, up to clock_ns. */
static noinline void charge_share(struct run_queue *queue, uint64_t virtual_ns)
{
	struct cpu_share *share = queue->running->share;
	const struct cpu_share *first = share_of_node(rbtree_cached_first(&queue->shares));
	uint64_t least;

	queue->share_clock_ns = queue->clock_ns;
	share->virtual_ns += virtual_ns;
	least = share->virtual_ns;
	if (first && run_queue_is_before(first->virtual_ns, least))
		least = first->virtual_ns;
	if (run_queue_is_before(queue->least_share_ns, least))
		queue->least_share_ns = least;
}

/* ---- the share of real-time threads ---- */

int run_queue_realtime_runtime(void)
{
	return atomic_load_explicit(&realtime_runtime_us, memory_order_relaxed);
}

int run_queue_realtime_period(void)
{
	return atomic_load_explicit(&realtime_period_us, memory_order_relaxed);
}

int run_queue_set_realtime_share(int runtime_us, int period_us)
{
	if (period_us <= 0 || runtime_us < -1 || runtime_us > period_us)
		return -EINVAL;
	atomic_store_explicit(&realtime_runtime_us, runtime_us, memory_order_relaxed);
	atomic_store_explicit(&realtime_period_us, period_us, memory_order_relaxed);
	return 0;
}

/* Has one of SCHED_RR had its turn among its equals? */
static bool is_quantum_over(const struct thread *thread)
{
	return thread->policy == SCHED_POLICY_RR && thread->run_ns >= thread->quantum_end_ns;
}

/*
 * The running one is of real time and has run for `ran` up to clock_ns. A period begins when one
 * runs and the last period is over: so it is charged with nothing that ran before it. A quantum
 * that ends while no equal waits is followed by another.
 */
static noinline void charge_realtime(struct run_queue *queue, uint64_t ran)
{
	struct thread *running = queue->running;

	if (queue->clock_ns >= queue->realtime_until_ns) {
		uint64_t start = max(queue->clock_ns - ran, queue->realtime_until_ns);

		queue->realtime_until_ns = start + (uint64_t)run_queue_realtime_period() * 1000;
		queue->realtime_ns = 0;
		ran = queue->clock_ns - start;
	}
	queue->realtime_ns += ran;
	if (is_quantum_over(running) &&
	    list_is_empty(&queue->realtime[run_queue_priority(running)]))
		run_queue_begin_quantum(running);
	advance_least(running->share, NULL);
}

/* Have they had, up to clock_ns, what they may have while fair threads wait? */
static bool realtime_is_spent(const struct run_queue *queue)
{
	int runtime_us = run_queue_realtime_runtime();

	return runtime_us >= 0 && queue->clock_ns < queue->realtime_until_ns &&
	       queue->realtime_ns >= (uint64_t)runtime_us * 1000;
}

uint64_t run_queue_realtime_end(const struct run_queue *queue)
{
	int runtime_us = run_queue_realtime_runtime();
	uint64_t runtime = (uint64_t)runtime_us * 1000;

	if (runtime_us < 0 || queue->ready_count == 0)
		return UINT64_MAX;
	if (queue->clock_ns >= queue->realtime_until_ns)	/* a new period begins */
		return queue->clock_ns + max_t(uint64_t, runtime, REALTIME_LOOK_NS);
	if (queue->realtime_ns >= runtime)	/* spent, and nobody else was there to run */
		return UINT64_MAX;
	return queue->clock_ns + max_t(uint64_t, runtime - queue->realtime_ns, REALTIME_LOOK_NS);
}

/* ---- charging ---- */

void run_queue_charge(struct run_queue *queue, uint64_t now_ns)
{
	struct thread *running = queue->running;
	uint64_t ran = now_ns - queue->clock_ns;
	uint64_t virtual_ns = ran;

	if ((int64_t)ran <= 0)
		return;
	queue->clock_ns = now_ns;
	running->run_ns += ran;
	if (running->is_idle) {
		queue->idle_ns += ran;
		return;
	}
	if (unlikely(running->weight_inverse != 1u << WEIGHT_SHIFT))
		virtual_ns = mul_u64_u32_shr(ran, running->weight_inverse, WEIGHT_SHIFT);
	running->virtual_ns += virtual_ns;
	if (unlikely(run_queue_priority(running) > 0)) {
		charge_realtime(queue, ran);
		return;
	}
	advance_least(running->share, &running->virtual_ns);
	charge_share(queue, virtual_ns);
}

void run_queue_enter_from_other(struct thread *thread, uint64_t now_ns)
{
	int64_t ahead = (int64_t)(thread->virtual_ns - thread->sleep_start_least_ns);
	int64_t slept = (int64_t)(now_ns - thread->sleep_start_ns);

	if (ahead > 0 && slept > 0)
		ahead = max(ahead - slept, (int64_t)0);
	thread->virtual_ns = thread->share->least_virtual_ns + (uint64_t)ahead;
}

/* The later of `time` and what one that slept may have at most, who is measured by `least`. */
static uint64_t brought_up(uint64_t time, uint64_t least)
{
	return run_queue_is_before(time, least - SLEEPER_NS) ? least - SLEEPER_NS : time;
}

void run_queue_bring_up_slowly(struct thread *thread)
{
	thread->virtual_ns = brought_up(thread->virtual_ns, thread->share->least_virtual_ns);
}

/* ---- the trees ---- */

/* A share with waiting threads that is not the running thread's. */
static void share_insert(struct run_queue *queue, struct cpu_share *share)
{
	struct rbtree_node **link = &queue->shares.tree.node;
	struct rbtree_node *parent = NULL;
	bool is_leftmost = true;

	while (*link) {
		parent = *link;
		if (run_queue_is_before(share->virtual_ns, share_of_node(parent)->virtual_ns)) {
			link = &parent->left;
		} else {
			link = &parent->right;
			is_leftmost = false;
		}
	}
	rbtree_link(&share->node, parent, link);
	rbtree_cached_insert_fixup(&queue->shares, &share->node, is_leftmost);
}

/*
 * It has its first waiting thread, and competes from now on. So does the running share, which may
 * have come here after a long sleep without waiting in a tree. While no thread did, it was not
 * charged: that is done now, as far as it was this thread that ran.
 */
static noinline void share_join(struct run_queue *queue, struct cpu_share *share)
{
	const struct thread *running = queue->running;
	uint64_t charged = queue->share_clock_ns;

	running->share->virtual_ns = brought_up(running->share->virtual_ns, queue->least_share_ns);

	if (run_queue_is_before(charged, running->slice_start_ns))
		charged = running->slice_start_ns;
	if (!running->is_idle && run_queue_is_fair(running) &&
	    run_queue_is_before(charged, queue->clock_ns))
		charge_share(queue, queue->clock_ns - charged);
	share->virtual_ns = brought_up(share->virtual_ns, queue->least_share_ns);
	share_insert(queue, share);
}

void run_queue_change_share(struct run_queue *queue, struct cpu_share *from, struct cpu_share *to)
{
	if (rbtree_cached_first(&from->fair))
		share_insert(queue, from);
	if (rbtree_cached_first(&to->fair))
		rbtree_cached_remove(&queue->shares, &to->node);
	to->virtual_ns = brought_up(to->virtual_ns, queue->least_share_ns);
}

void run_queue_set_shares(struct run_queue *queue, struct thread *thread, struct cpu_share *shares)
{
	struct cpu_share *before = thread->share;

	assert(!thread->queued && !thread->is_idle);
	thread->shares = shares;
	run_queue_set_home(thread, queue->cpu);
	if (thread->share == before)
		return;
	run_queue_enter_anew(thread);
	if (queue->running == thread)
		run_queue_change_share(queue, before, thread->share);
}

static void tree_insert(struct run_queue *queue, struct thread *thread)
{
	struct cpu_share *share = thread->share;
	struct rbtree_node **link = &share->fair.tree.node;
	struct rbtree_node *parent = NULL;
	bool is_leftmost = true;

	if (unlikely(share != queue->running->share) && !*link)
		share_join(queue, share);
	while (*link) {
		parent = *link;
		/* Behind equals: they came first. */
		if (run_queue_is_before(thread->virtual_ns, thread_of_node(parent)->virtual_ns)) {
			link = &parent->left;
		} else {
			link = &parent->right;
			is_leftmost = false;
		}
	}
	rbtree_link(&thread->run_node, parent, link);
	rbtree_cached_insert_fixup(&share->fair, &thread->run_node, is_leftmost);
	queue->tree_count++;
}

static void tree_remove(struct run_queue *queue, struct thread *thread)
{
	struct cpu_share *share = thread->share;

	rbtree_cached_remove(&share->fair, &thread->run_node);
	queue->tree_count--;
	if (unlikely(share != queue->running->share) && !rbtree_cached_first(&share->fair))
		rbtree_cached_remove(&queue->shares, &share->node);
}

static void realtime_insert(struct run_queue *queue, struct thread *thread, bool at_front)
{
	int priority = run_queue_priority(thread);

	if (at_front) {
		list_add_head(&queue->realtime[priority], &thread->run_list);
	} else {
		list_add_tail(&queue->realtime[priority], &thread->run_list);
		run_queue_begin_quantum(thread);
	}
	queue->realtime_mask[priority / 32] |= 1u << (priority % 32);
}

void run_queue_add(struct run_queue *queue, struct thread *thread, bool at_front)
{
	assert(!thread->queued && !thread->is_idle);
	if (unlikely(run_queue_priority(thread) > 0))
		realtime_insert(queue, thread, at_front);
	else
		tree_insert(queue, thread);
	thread->queued = true;
	queue->ready_count++;
	update_load(queue);
}

void run_queue_add_woken(struct run_queue *queue, struct thread *thread, bool is_handed)
{
	if (unlikely(queue->front || run_queue_priority(thread) > 0 ||
		     (thread->share != queue->running->share && !queue->running->is_idle))) {
		run_queue_add(queue, thread, false);
		return;
	}
	assert(!thread->queued && !thread->is_idle);
	run_queue_put_in_front(queue, thread, is_handed);
}

void run_queue_settle(struct run_queue *queue)
{
	if (!queue->front)
		return;
	tree_insert(queue, queue->front);
	queue->front = NULL;
}

void run_queue_remove(struct run_queue *queue, struct thread *thread)
{
	int priority = run_queue_priority(thread);

	assert(thread->queued);
	if (queue->front == thread) {
		queue->front = NULL;
	} else if (likely(priority == 0)) {
		tree_remove(queue, thread);
	} else {
		list_remove(&thread->run_list);
		if (list_is_empty(&queue->realtime[priority]))
			queue->realtime_mask[priority / 32] &= ~(1u << (priority % 32));
	}
	thread->queued = false;
	queue->ready_count--;
	update_load(queue);
}

static struct thread *first_realtime(const struct run_queue *queue)
{
	for (int word = ARRAY_SIZE(queue->realtime_mask) - 1; word >= 0; word--) {
		uint32_t mask = queue->realtime_mask[word];

		if (mask)
			return list_first_entry(&queue->realtime[word * 32 + (int)log2_floor(mask)],
						struct thread, run_list);
	}
	return NULL;
}

static bool has_realtime(const struct run_queue *queue)
{
	return queue->realtime_mask[0] | queue->realtime_mask[1] | queue->realtime_mask[2] |
	       queue->realtime_mask[3];
}

/* Of the share that has run least, the running one's if equal: the first, or NULL. */
static struct thread *first_in_trees(const struct run_queue *queue)
{
	const struct cpu_share *own = queue->running->share;
	const struct cpu_share *other = share_of_node(rbtree_cached_first(&queue->shares));

	if (unlikely(other) && (!rbtree_cached_first(&own->fair) ||
				run_queue_is_before(other->virtual_ns, own->virtual_ns)))
		own = other;
	return thread_of_node(rbtree_cached_first(&own->fair));
}

/* Who is first in line; somebody waits. `stays`: the running thread could go on. */
static struct thread *first_waiting(struct run_queue *queue, bool stays)
{
	struct thread *first, *front;
	uint64_t ahead;

	/* One of another user has no advantage of being woken last. */
	if (unlikely(queue->front && queue->front->share != queue->running->share) &&
	    (stays || queue->tree_count))
		run_queue_settle(queue);
	first = first_in_trees(queue);
	front = queue->front;
	if (unlikely(has_realtime(queue)) && !((front || first) && realtime_is_spent(queue)))
		return first_realtime(queue);
	if (!front)
		return first;
	if (likely(!first))
		return front;
	if (unlikely(first->share != front->share))
		return first;
	ahead = queue->front_is_handed && !stays ? WAKE_PREEMPT_NS : 0;
	return run_queue_is_before(first->virtual_ns + ahead, front->virtual_ns) ? first : front;
}

/* Does one of priority `waiting` go before one of another priority, `running`? */
static inline bool goes_before(const struct run_queue *queue, int waiting, int running)
{
	if ((waiting == 0 || running == 0) && unlikely(realtime_is_spent(queue)))
		return waiting == 0;
	return waiting > running;
}

/* Should `first`, who waits, run rather than `stay`? */
static bool displaces(const struct run_queue *queue, const struct thread *first,
		      const struct thread *stay, bool yields)
{
	int waiting = run_queue_priority(first), running = run_queue_priority(stay);

	if (waiting != running)
		return goes_before(queue, waiting, running);
	if (yields)
		return true;
	if (waiting > 0)
		return false;
	if (unlikely(first->share != stay->share))
		return run_queue_is_before(first->share->virtual_ns, stay->share->virtual_ns);
	return run_queue_is_before(first->virtual_ns, stay->virtual_ns);
}

struct thread *run_queue_choose(struct run_queue *queue, struct thread *stay, bool yields)
{
	struct thread *first;
	bool quantum_over;

	if (queue->ready_count == 0)
		return stay;
	first = first_waiting(queue, stay);
	if (!stay) {
		run_queue_remove(queue, first);
		return first;
	}
	quantum_over = is_quantum_over(stay);
	if (!displaces(queue, first, stay, yields || quantum_over))
		return stay;
	run_queue_remove(queue, first);
	run_queue_add(queue, stay, !yields && !quantum_over);
	return first;
}

static bool is_movable(const struct thread *thread, unsigned int cpu)
{
	/* Acquire: pairs with the release in schedule_finish_switch; its registers are saved. */
	return (thread->affinity >> cpu & 1) &&
	       !atomic_load_explicit(&thread->on_cpu, memory_order_acquire);
}

/* The same among the first few threads of a share: pinned ones must not make this long. */
static struct thread *movable_in(const struct cpu_share *share, unsigned int cpu)
{
	enum { LOOK_AT = 8 };
	struct rbtree_node *node = rbtree_cached_first(&share->fair);

	for (unsigned int i = 0; node && i < LOOK_AT; i++, node = rbtree_next(node)) {
		if (is_movable(thread_of_node(node), cpu))
			return thread_of_node(node);
	}
	return NULL;
}

struct thread *run_queue_find_movable(struct run_queue *queue, unsigned int cpu)
{
	enum { LOOK_AT = 4 };
	struct thread *thread = has_realtime(queue) ? first_realtime(queue) : NULL;
	struct rbtree_node *node = rbtree_cached_first(&queue->shares);

	if (thread && is_movable(thread, cpu))
		return thread;
	if (queue->front && !queue->front_is_handed && is_movable(queue->front, cpu))
		return queue->front;
	thread = movable_in(queue->running->share, cpu);
	for (unsigned int i = 0; !thread && node && i < LOOK_AT; i++, node = rbtree_next(node))
		thread = movable_in(share_of_node(node), cpu);
	return thread;
}

void run_queue_move(struct run_queue *from, struct run_queue *to, struct thread *thread)
{
	run_queue_remove(from, thread);
	thread->virtual_ns -= thread->share->least_virtual_ns;
	run_queue_set_home(thread, to->cpu);
	thread->virtual_ns += thread->share->least_virtual_ns;
	run_queue_add(to, thread, false);
}

bool run_queue_preempts(const struct run_queue *queue, const struct thread *thread)
{
	const struct thread *running = queue->running;
	int waiting_priority, running_priority;

	if (running->is_idle)
		return true;
	waiting_priority = run_queue_priority(thread);
	running_priority = run_queue_priority(running);
	if (waiting_priority != running_priority)
		return goes_before(queue, waiting_priority, running_priority);
	if (waiting_priority > 0 || thread->policy == SCHED_POLICY_BATCH ||
	    thread->policy == SCHED_POLICY_IDLE)
		return false;
	if (unlikely(thread->share != running->share))
		return run_queue_is_before(thread->share->virtual_ns + WAKE_PREEMPT_NS,
					   running->share->virtual_ns);
	return run_queue_is_before(thread->virtual_ns + WAKE_PREEMPT_NS, running->virtual_ns);
}

bool run_queue_slice_over(const struct run_queue *queue)
{
	const struct thread *running = queue->running;

	if (queue->ready_count == 0 || running->is_idle)
		return false;
	if (run_queue_priority(running) > 0) {
		if ((queue->front || queue->tree_count) && realtime_is_spent(queue))
			return true;
		return is_quantum_over(running);
	}
	return queue->clock_ns - running->slice_start_ns >= SLICE_NS ||
	       (has_realtime(queue) && !realtime_is_spent(queue));
}

/* ---- the invariants, for the debug kernel and the tests ---- */

/* Is the tree of a share in order? Adds its threads to `count`. */
static bool check_share(const struct cpu_share *share, unsigned int *count)
{
	struct rbtree_node *node, *next;

	if (!rbtree_check(&share->fair.tree) ||
	    share->fair.leftmost != rbtree_first(&share->fair.tree))
		return false;
	for (node = share->fair.leftmost; node; node = next) {
		next = rbtree_next(node);
		++*count;
		if (thread_of_node(node)->share != share ||
		    (next && run_queue_is_before(thread_of_node(next)->virtual_ns,
						 thread_of_node(node)->virtual_ns)))
			return false;
	}
	return true;
}

static bool check_shares(const struct run_queue *queue, unsigned int *count)
{
	struct rbtree_node *node, *next;

	if (!rbtree_check(&queue->shares.tree) ||
	    queue->shares.leftmost != rbtree_first(&queue->shares.tree) ||
	    !check_share(queue->running->share, count))
		return false;
	for (node = queue->shares.leftmost; node; node = next) {
		const struct cpu_share *share = share_of_node(node);

		next = rbtree_next(node);
		if (share == queue->running->share || !rbtree_cached_first(&share->fair) ||
		    !check_share(share, count) ||
		    (next &&
		     run_queue_is_before(share_of_node(next)->virtual_ns, share->virtual_ns)))
			return false;
	}
	return *count == queue->tree_count;
}

bool run_queue_check(const struct run_queue *queue)
{
	unsigned int count = 0;

	if (!check_shares(queue, &count))
		return false;
	for (unsigned int i = 0; i < REALTIME_PRIORITIES; i++) {
		if (list_is_empty(&queue->realtime[i]) ==
		    (bool)(queue->realtime_mask[i / 32] >> (i % 32) & 1))
			return false;
		count += list_count(&queue->realtime[i]);
	}
	if (queue->front) {
		if (!queue->front->queued || !run_queue_is_fair(queue->front))
			return false;
		count++;
	}
	return count == queue->ready_count;
}

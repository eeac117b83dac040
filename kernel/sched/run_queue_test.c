/*
 * The run queue alone: order, shares by weight and by user, sleepers, hand-over, real time. A loop
 * plays the CPU.
 *
 * test: with=lib/rbtree.c,core/spinlock.c
 */
#include "sched/run_queue.h"
#include <string.h>
#include "core/stack_header.h"
#include "test.h"
#include "uapi/linux/errno.h"

enum { THREADS = 12 };

static struct run_queue queue;
static struct thread threads[THREADS];
static struct cpu_share users[3][CPU_MAX];
static struct thread idle;
static uint64_t now;
static irq_flags flags;

static void begin(void)
{
	memset(&queue, 0, sizeof(queue));
	memset(threads, 0, sizeof(threads));
	memset(&idle, 0, sizeof(idle));
	memset(users, 0, sizeof(users));
	idle.is_idle = true;
	for (unsigned int i = 0; i < THREADS; i++) {
		threads[i].affinity = UINT32_MAX;
		threads[i].shares = users[0];
		run_queue_set_home(&threads[i], 0);
		run_queue_set_weight(&threads[i]);
	}
	run_queue_init(&queue, 0, &idle);
	now = 1000000000;
	queue.clock_ns = now;
	flags = spin_lock_irq(&queue.lock);
}

static void end(struct test *t)
{
	EXPECT(t, run_queue_check(&queue));
	spin_unlock_irq(&queue.lock, flags);
}

static void wake(struct thread *thread)
{
	run_queue_enter(thread, now, false);
	run_queue_add(&queue, thread, false);
}

/* As schedule_place: to the front, if nobody stands there. */
static void wake_in_front(struct thread *thread, bool is_handed)
{
	run_queue_enter(thread, now, false);
	run_queue_add_woken(&queue, thread, is_handed);
}

/* As schedule_switch: choose, and make it the running one. */
static struct thread *choose(bool stays, bool yields)
{
	struct thread *stay = stays && !queue.running->is_idle ? queue.running : NULL;
	struct thread *next;

	run_queue_account(&queue, now);
	if (!stays && !queue.running->is_idle)
		run_queue_leave(queue.running, now);
	next = stay ? NULL : run_queue_take_only(&queue);
	if (!next)
		next = run_queue_choose(&queue, stay, yields);
	next = next ? next : &idle;
	if (next != queue.running)
		next->slice_start_ns = now;
	run_queue_set_running(&queue, next);
	return next;
}

/* Run for `ns`, looking every slice as the tick does. */
static void run_for(uint64_t ns)
{
	for (uint64_t until = now + ns; now < until;) {
		now += SLICE_NS;
		run_queue_account(&queue, now);
		if (run_queue_slice_over(&queue) || queue.running->is_idle)
			(void)choose(true, false);
	}
}

static void equals_share_equally(struct test *t)
{
	begin();
	for (unsigned int i = 0; i < 5; i++)
		wake(&threads[i]);
	(void)choose(false, false);
	run_for(1500000000);
	for (unsigned int i = 0; i < 5; i++)
		EXPECT(t, threads[i].run_ns > 290000000 && threads[i].run_ns < 310000000);
	end(t);
}

static void nice_is_a_share_by_weight(struct test *t)
{
	begin();
	threads[1].nice = 5;	/* weight 335 against 1024 */
	run_queue_set_weight(&threads[1]);
	wake(&threads[0]);
	wake(&threads[1]);
	(void)choose(false, false);
	run_for(10000000000ull);
	EXPECT_EQ(t, threads[0].run_ns * 10 / threads[1].run_ns, 1024 * 10 / 335);
	end(t);
}

static void every_nice_value_has_its_weight(struct test *t)
{
	begin();
	for (int nice = -20; nice < 19; nice++) {
		threads[0].nice = nice;
		threads[1].nice = nice + 1;
		run_queue_set_weight(&threads[0]);
		run_queue_set_weight(&threads[1]);
		EXPECT(t, threads[1].weight_inverse > threads[0].weight_inverse);
	}
	threads[0].nice = 0;
	run_queue_set_weight(&threads[0]);
	EXPECT_EQ(t, threads[0].weight_inverse, 1u << 22);
	end(t);
}

static void a_sleeper_comes_soon_but_does_not_starve_others(struct test *t)
{
	begin();
	wake(&threads[0]);
	wake(&threads[1]);
	EXPECT_POINTER(t, choose(false, false), &threads[0]);
	(void)choose(false, false);	/* 0 sleeps */
	EXPECT_POINTER(t, queue.running, &threads[1]);
	now += 20000000000ull;		/* 1 runs for 20 s */
	run_queue_account(&queue, now);
	wake(&threads[0]);
	EXPECT(t, run_queue_preempts(&queue, &threads[0]));
	EXPECT_POINTER(t, choose(true, false), &threads[0]);
	/* Its credit is used up after SLEEPER_NS, not after 20 s. */
	now += 2 * SLEEPER_NS;
	run_queue_account(&queue, now);
	EXPECT(t, run_queue_slice_over(&queue));
	EXPECT_POINTER(t, choose(true, false), &threads[1]);
	end(t);
}

static void batch_threads_interrupt_nobody(struct test *t)
{
	begin();
	wake(&threads[0]);
	(void)choose(false, false);
	now += 1000000000;
	run_queue_account(&queue, now);
	threads[1].policy = SCHED_POLICY_BATCH;
	wake(&threads[1]);
	EXPECT(t, !run_queue_preempts(&queue, &threads[1]));
	end(t);
}

static void a_lone_thread_stays_and_touches_no_tree(struct test *t)
{
	begin();
	wake(&threads[0]);
	(void)choose(false, false);
	EXPECT_POINTER(t, choose(true, false), &threads[0]);
	EXPECT_POINTER(t, choose(true, true), &threads[0]);
	EXPECT_EQ(t, queue.ready_count, 0);
	EXPECT(t, !run_queue_slice_over(&queue));
	EXPECT_POINTER(t, choose(false, false), &idle);
	end(t);
}

static void yielding_lets_another_run(struct test *t)
{
	begin();
	wake(&threads[0]);
	wake(&threads[1]);
	EXPECT_POINTER(t, choose(false, false), &threads[0]);
	EXPECT_POINTER(t, choose(true, true), &threads[1]);
	EXPECT_POINTER(t, choose(true, true), &threads[0]);
	end(t);
}

static void two_that_hand_over_do_not_outrun_a_third(struct test *t)
{
	unsigned int a = 0, b = 1;

	begin();
	wake(&threads[0]);
	wake(&threads[2]);
	threads[1].sleep_start_ns = now;
	EXPECT_POINTER(t, choose(false, false), &threads[0]);
	for (unsigned int i = 0; i < 20000; i++) {
		now += 10000;
		run_queue_account(&queue, now);
		if (queue.running != &threads[a]) {
			/* The third has its turn. */
			if (run_queue_slice_over(&queue))
				(void)choose(true, false);
			continue;
		}
		wake_in_front(&threads[b], true);
		(void)choose(false, false);
		run_queue_settle(&queue);
		unsigned int swap = a;
		a = b;
		b = swap;
		/* The one that sleeps may be needed while the other waits for the third. */
		EXPECT(t, queue.running == &threads[a] || queue.running == &threads[2]);
	}
	EXPECT(t, threads[2].run_ns > 50000000);
	EXPECT(t, threads[0].run_ns + threads[1].run_ns > 50000000);
	end(t);
}

static void an_unused_hand_over_becomes_an_ordinary_wait(struct test *t)
{
	begin();
	wake(&threads[0]);
	(void)choose(false, false);
	wake_in_front(&threads[1], true);
	now += SLICE_NS;
	EXPECT_POINTER(t, choose(true, false), &threads[1]);	/* it has run less */
	EXPECT_POINTER(t, queue.front, NULL);
	EXPECT(t, threads[0].queued);
	wake_in_front(&threads[2], true);
	EXPECT_POINTER(t, run_queue_find_movable(&queue, 1), &threads[0]);
	run_queue_settle(&queue);
	EXPECT_POINTER(t, queue.front, NULL);
	EXPECT_EQ(t, queue.ready_count, 2);
	EXPECT(t, threads[2].queued);
	end(t);
}

static void a_hand_over_is_taken_without_the_tree(struct test *t)
{
	begin();
	wake(&threads[0]);
	(void)choose(false, false);
	wake_in_front(&threads[1], true);
	EXPECT_EQ(t, queue.tree_count, 0);
	EXPECT_POINTER(t, choose(false, false), &threads[1]);
	EXPECT_EQ(t, queue.ready_count, 0);
	EXPECT(t, !threads[1].queued);
	end(t);
}

/* Only a hand-over may go before one in the tree that is a little behind, and only a little. */
static void who_is_in_front_goes_first_if_that_is_fair(struct test *t)
{
	begin();
	wake(&threads[0]);
	(void)choose(false, false);
	wake(&threads[1]);
	threads[2].virtual_ns = threads[1].virtual_ns + WAKE_PREEMPT_NS / 2;
	wake_in_front(&threads[2], false);
	EXPECT_POINTER(t, run_queue_choose(&queue, NULL, false), &threads[1]);
	wake(&threads[1]);
	queue.front_is_handed = true;
	EXPECT_POINTER(t, run_queue_choose(&queue, NULL, false), &threads[2]);
	threads[2].virtual_ns = threads[1].virtual_ns + 2 * WAKE_PREEMPT_NS;
	wake_in_front(&threads[2], true);
	EXPECT_POINTER(t, run_queue_choose(&queue, NULL, false), &threads[1]);
	EXPECT_POINTER(t, run_queue_choose(&queue, NULL, false), &threads[2]);
	end(t);
}

/* A second one that is woken waits in the tree; so does one of real time in its list. */
static void one_stands_in_front(struct test *t)
{
	begin();
	wake(&threads[0]);
	(void)choose(false, false);
	wake_in_front(&threads[1], false);
	wake_in_front(&threads[2], false);
	EXPECT_POINTER(t, queue.front, &threads[1]);
	EXPECT_EQ(t, queue.ready_count, 2);
	EXPECT(t, run_queue_check(&queue));
	run_queue_remove(&queue, &threads[1]);
	EXPECT_POINTER(t, queue.front, NULL);
	threads[3].realtime_priority = 1;
	wake_in_front(&threads[3], true);
	EXPECT_POINTER(t, queue.front, NULL);
	EXPECT_POINTER(t, choose(true, false), &threads[3]);
	end(t);
}

static void set_realtime(struct thread *thread, enum sched_policy policy, int priority)
{
	thread->policy = policy;
	thread->realtime_priority = priority;
}

static void real_time_goes_first_by_priority_then_by_arrival(struct test *t)
{
	begin();
	set_realtime(&threads[1], SCHED_POLICY_FIFO, 1);
	set_realtime(&threads[2], SCHED_POLICY_FIFO, 99);
	set_realtime(&threads[3], SCHED_POLICY_FIFO, 99);
	for (unsigned int i = 0; i < 4; i++)
		wake(&threads[i]);
	EXPECT_POINTER(t, choose(false, false), &threads[2]);
	now += 5 * QUANTUM_NS;
	run_queue_account(&queue, now);
	EXPECT(t, !run_queue_slice_over(&queue));	/* FIFO has no slices */
	EXPECT_POINTER(t, choose(true, false), &threads[2]);
	EXPECT_POINTER(t, choose(true, true), &threads[3]);	/* but may yield */
	EXPECT_POINTER(t, choose(false, false), &threads[2]);
	EXPECT_POINTER(t, choose(false, false), &threads[1]);
	EXPECT_POINTER(t, choose(false, false), &threads[0]);
	wake(&threads[1]);
	EXPECT(t, run_queue_preempts(&queue, &threads[1]));
	end(t);
}

static void round_robin_rotates_after_its_quantum(struct test *t)
{
	begin();
	set_realtime(&threads[0], SCHED_POLICY_RR, 10);
	set_realtime(&threads[1], SCHED_POLICY_RR, 10);
	wake(&threads[0]);
	wake(&threads[1]);
	EXPECT_POINTER(t, choose(false, false), &threads[0]);
	now += QUANTUM_NS / 2;
	EXPECT_POINTER(t, choose(true, false), &threads[0]);
	now += QUANTUM_NS;
	EXPECT_POINTER(t, choose(true, false), &threads[1]);
	EXPECT(t, threads[0].queued);
	end(t);
}

/* Of each second 0.95 while others wait, all of it while nobody does, and what was set. */
static void real_time_leaves_a_share_to_others(struct test *t)
{
	begin();
	set_realtime(&threads[0], SCHED_POLICY_FIFO, 50);
	wake(&threads[0]);
	(void)choose(false, false);
	run_for(3000000000ull);
	EXPECT(t, queue.running == &threads[0]);
	threads[0].run_ns = 0;
	wake(&threads[1]);
	wake(&threads[2]);
	run_for(10000000000ull);
	EXPECT(t, threads[0].run_ns > 9400000000ull && threads[0].run_ns < 9600000000ull);
	EXPECT(t, threads[1].run_ns > 230000000 && threads[2].run_ns > 230000000);
	EXPECT_EQ(t, run_queue_set_realtime_share(300000, 1000000), 0);
	threads[0].run_ns = 0;
	run_for(10000000000ull);
	EXPECT(t, threads[0].run_ns > 2900000000ull && threads[0].run_ns < 3200000000ull);
	EXPECT_EQ(t, run_queue_set_realtime_share(-1, 1000000), 0);
	run_for(3000000000ull);
	EXPECT(t, queue.running == &threads[0]);
	EXPECT_EQ(t, run_queue_set_realtime_share(1000001, 1000000), -EINVAL);
	EXPECT_EQ(t, run_queue_set_realtime_share(-2, 1000000), -EINVAL);
	EXPECT_EQ(t, run_queue_set_realtime_share(0, 0), -EINVAL);
	EXPECT_EQ(t, run_queue_set_realtime_share(950000, 1000000), 0);
	end(t);
}

/* Who is interrupted has the rest of his quantum afterwards, not another. */
static void an_interrupted_quantum_goes_on(struct test *t)
{
	begin();
	set_realtime(&threads[0], SCHED_POLICY_RR, 10);
	set_realtime(&threads[1], SCHED_POLICY_RR, 10);
	set_realtime(&threads[2], SCHED_POLICY_FIFO, 20);
	wake(&threads[0]);
	wake(&threads[1]);
	EXPECT_POINTER(t, choose(false, false), &threads[0]);
	now += QUANTUM_NS * 3 / 5;
	wake(&threads[2]);
	EXPECT_POINTER(t, choose(true, false), &threads[2]);
	now += QUANTUM_NS;
	EXPECT_POINTER(t, choose(false, false), &threads[0]);
	EXPECT_POINTER(t, choose(true, false), &threads[0]);
	now += QUANTUM_NS * 3 / 5;
	EXPECT_POINTER(t, choose(true, false), &threads[1]);
	end(t);
}

/* Who gives way because the share is spent, not the quantum, goes on before his equals. */
static void a_spent_share_ends_no_quantum(struct test *t)
{
	begin();
	EXPECT_EQ(t, run_queue_set_realtime_share(10000, 1000000), 0);
	set_realtime(&threads[0], SCHED_POLICY_RR, 10);
	set_realtime(&threads[1], SCHED_POLICY_RR, 10);
	for (unsigned int i = 0; i < 3; i++)
		wake(&threads[i]);
	EXPECT_POINTER(t, choose(false, false), &threads[0]);
	now += QUANTUM_NS / 5;
	EXPECT_POINTER(t, choose(true, false), &threads[2]);
	now += 1000000000;
	EXPECT_POINTER(t, choose(true, false), &threads[0]);
	now += QUANTUM_NS;	/* the rest of its quantum, and more */
	EXPECT_POINTER(t, choose(true, false), &threads[2]);
	now += 1000000000;
	EXPECT_POINTER(t, choose(true, false), &threads[1]);
	EXPECT_EQ(t, run_queue_set_realtime_share(950000, 1000000), 0);
	end(t);
}

/* One alone may run for long before it is charged: that is no debt of the period that follows. */
static void a_period_is_charged_with_what_ran_in_it(struct test *t)
{
	begin();
	set_realtime(&threads[0], SCHED_POLICY_FIFO, 50);
	wake(&threads[0]);
	(void)choose(false, false);
	now += 5000000000ull;
	run_queue_account(&queue, now);
	wake(&threads[1]);
	EXPECT_POINTER(t, choose(true, false), &threads[0]);
	now += 940000000;
	EXPECT_POINTER(t, choose(true, false), &threads[0]);
	now += 20000000;
	EXPECT_POINTER(t, choose(true, false), &threads[1]);
	now += 40000000;
	EXPECT_POINTER(t, choose(true, false), &threads[0]);
	/* What ran across the end of a period is parted there. */
	now += 940000000;
	EXPECT_POINTER(t, choose(true, false), &threads[0]);
	now += 900000000;
	EXPECT_POINTER(t, choose(true, false), &threads[0]);
	now += 115000000;
	EXPECT_POINTER(t, choose(true, false), &threads[1]);
	end(t);
}

/* However short a period is, and however late one looks: the share ends, and is looked at then. */
static void a_short_period_ends_in_time(struct test *t)
{
	unsigned int turns = 0;

	begin();
	EXPECT_EQ(t, run_queue_set_realtime_share(500, 1000), 0);
	set_realtime(&threads[0], SCHED_POLICY_FIFO, 50);
	wake(&threads[0]);
	(void)choose(false, false);
	wake(&threads[1]);
	for (unsigned int tick = 0; tick < 100; tick++) {
		uint64_t look;

		now += SLICE_NS;
		run_queue_account(&queue, now);
		look = run_queue_realtime_end(&queue);
		if (queue.running == &threads[0] && look != UINT64_MAX) {
			EXPECT(t, look > now && look <= now + 500000);
			now = look;
		}
		turns += choose(true, false) == &threads[1];
	}
	EXPECT(t, turns >= 40);
	EXPECT_EQ(t, run_queue_set_realtime_share(950000, 1000000), 0);
	end(t);
}

/* A quantum that ends while no equal waits is followed by another, which an equal must wait for. */
static void a_quantum_that_ends_alone_begins_anew(struct test *t)
{
	begin();
	set_realtime(&threads[0], SCHED_POLICY_RR, 10);
	set_realtime(&threads[1], SCHED_POLICY_RR, 10);
	wake(&threads[0]);
	(void)choose(false, false);
	now += QUANTUM_NS * 3 / 2;
	run_queue_account(&queue, now);
	wake(&threads[1]);
	EXPECT_POINTER(t, choose(true, false), &threads[0]);
	now += QUANTUM_NS * 9 / 10;
	EXPECT_POINTER(t, choose(true, false), &threads[0]);
	now += QUANTUM_NS / 5;
	EXPECT_POINTER(t, choose(true, false), &threads[1]);
	end(t);
}

static void a_boost_counts_while_it_is_higher(struct test *t)
{
	begin();
	threads[0].boosted_priority = 50;
	EXPECT_EQ(t, run_queue_priority(&threads[0]), 50);
	set_realtime(&threads[0], SCHED_POLICY_FIFO, 60);
	EXPECT_EQ(t, run_queue_priority(&threads[0]), 60);
	end(t);
}

static void pinned_and_unfinished_threads_do_not_move(struct test *t)
{
	static struct run_queue other;

	begin();
	run_queue_init(&other, 1, &idle);
	wake(&threads[0]);
	wake(&threads[1]);
	wake(&threads[2]);
	threads[0].affinity = 1;
	atomic_store(&threads[1].on_cpu, true);
	EXPECT_POINTER(t, run_queue_find_movable(&queue, 1), &threads[2]);
	run_queue_move(&queue, &other, &threads[2]);
	EXPECT_EQ(t, atomic_load(&threads[2].queue_cpu), 1);
	EXPECT_EQ(t, queue.ready_count, 2);
	EXPECT_EQ(t, other.ready_count, 1);
	EXPECT(t, run_queue_check(&other));
	EXPECT_POINTER(t, run_queue_find_movable(&queue, 1), NULL);
	end(t);
}

static void give_to(struct thread *thread, unsigned int user)
{
	thread->shares = users[user];
	run_queue_set_home(thread, 0);
}

/* One against ten: each user has half; and among the ten's threads it is shared by thread. */
static void time_is_shared_by_user_first(struct test *t)
{
	begin();
	give_to(&threads[0], 1);
	for (unsigned int i = 0; i < 11; i++)
		wake(&threads[i]);
	(void)choose(false, false);
	run_for(3000000000ull);
	EXPECT(t, threads[0].run_ns > 1450000000 && threads[0].run_ns < 1550000000);
	for (unsigned int i = 1; i < 11; i++)
		EXPECT(t, threads[i].run_ns > 140000000 && threads[i].run_ns < 160000000);
	end(t);
}

/* Whoever comes to a CPU that another user's crowd fills runs at once, however long he slept. */
static void a_user_who_slept_interrupts_a_crowd(struct test *t)
{
	begin();
	give_to(&threads[0], 1);
	for (unsigned int i = 1; i < 12; i++)
		wake(&threads[i]);
	(void)choose(false, false);
	for (unsigned int turn = 0; turn < 5; turn++) {
		uint64_t ran = threads[0].run_ns;

		run_for(100000000 + turn * 1000000000ull);
		wake_in_front(&threads[0], false);
		EXPECT_POINTER(t, queue.front, NULL);
		EXPECT(t, run_queue_preempts(&queue, &threads[0]));
		EXPECT_POINTER(t, choose(true, false), &threads[0]);
		run_for(100000000);
		/* Its credit is a sleeper's, then it has its half. */
		ran = threads[0].run_ns - ran;
		EXPECT(t, ran > 45000000 && ran < 60000000);
		while (queue.running != &threads[0])
			run_for(SLICE_NS);
		(void)choose(false, false);
	}
	end(t);
}

/* Whoever did not wait here for long has no credit for that, by whatever way he comes. */
static void who_comes_after_a_long_time_is_brought_up(struct test *t)
{
	begin();
	give_to(&threads[0], 1);
	for (unsigned int i = 0; i < 5; i++)
		wake(&threads[i]);
	(void)choose(false, false);
	run_for(10000000000ull);
	/* A share that was never here begins to run while others wait. */
	run_queue_set_shares(&queue, queue.running, users[2]);
	EXPECT(t, !run_queue_is_before(queue.running->share->virtual_ns,
				       queue.least_share_ns - SLEEPER_NS));
	for (unsigned int i = 0; i < 5; i++)
		threads[i].run_ns = 0;
	run_for(100000000);
	EXPECT(t, threads[0].run_ns > 30000000);
	/* And one that comes to an idle CPU, and then is found running by the others. */
	while (!queue.running->is_idle)
		(void)choose(false, false);
	users[1][0].virtual_ns = 0;
	wake_in_front(&threads[0], false);
	EXPECT_POINTER(t, choose(false, false), &threads[0]);
	threads[1].share->virtual_ns = 0;
	wake(&threads[1]);
	run_for(100000000);
	EXPECT(t, !run_queue_is_before(queue.running->share->virtual_ns,
				       queue.least_share_ns - SLEEPER_NS));
	EXPECT(t, threads[1].run_ns > 30000000);
	end(t);
}

/* However many he starts anew: they share what is his. */
static void new_threads_gain_their_user_nothing(struct test *t)
{
	unsigned int forked = 1;

	begin();
	give_to(&threads[0], 1);
	wake(&threads[0]);
	wake(&threads[1]);
	(void)choose(false, false);
	for (unsigned int turn = 0; turn < 300; turn++) {
		run_for(10000000);
		if (queue.running == &threads[0])
			continue;
		forked = forked % 10 + 2;
		if (threads[forked].queued || queue.running == &threads[forked])
			continue;
		run_queue_enter_anew(&threads[forked]);
		run_queue_add_woken(&queue, &threads[forked], false);
		if (turn % 3 == 0)
			(void)choose(false, false);	/* its parent ends */
	}
	EXPECT(t, threads[0].run_ns > 1450000000);
	end(t);
}

static void a_nice_value_counts_between_users(struct test *t)
{
	begin();
	give_to(&threads[0], 1);
	threads[0].nice = 5;	/* weight 335 against 1024 */
	run_queue_set_weight(&threads[0]);
	for (unsigned int i = 0; i < 4; i++)
		wake(&threads[i]);
	(void)choose(false, false);
	run_for(10000000000ull);
	EXPECT_EQ(t, (10000000000ull - threads[0].run_ns) * 10 / threads[0].run_ns,
		  1024 * 10 / 335);
	end(t);
}

/* One hands over to a thread of another user: that goes before nobody's turn. */
static void who_is_handed_over_to_waits_for_his_users_turn(struct test *t)
{
	begin();
	give_to(&threads[0], 1);
	give_to(&threads[1], 2);
	wake(&threads[2]);
	wake(&threads[3]);
	(void)choose(false, false);
	run_for(1000000000);
	wake(&threads[0]);
	EXPECT_POINTER(t, choose(true, false), &threads[0]);
	now += 1000000;
	run_queue_account(&queue, now);
	threads[1].share->virtual_ns = threads[0].share->virtual_ns + 1000 * SLICE_NS;
	queue.front = &threads[1];	/* as schedule_wake_handover() does */
	queue.front_is_handed = threads[1].queued = true;
	queue.ready_count++;
	EXPECT(t, choose(false, false)->share == &users[0][0]);
	EXPECT_POINTER(t, queue.front, NULL);
	end(t);
}

static void who_becomes_another_user_leaves_his_share(struct test *t)
{
	begin();
	for (unsigned int i = 0; i < 4; i++)
		wake(&threads[i]);
	(void)choose(false, false);
	run_for(100000000);
	run_queue_set_shares(&queue, queue.running, users[1]);
	EXPECT(t, run_queue_check(&queue));
	EXPECT_POINTER(t, queue.running->share, &users[1][0]);
	EXPECT_POINTER(t, queue.shares.leftmost, &users[0][0].node);
	run_queue_set_shares(&queue, queue.running, users[0]);
	EXPECT_POINTER(t, queue.shares.leftmost, NULL);
	end(t);
}

/* Random wake-ups, sleeps and removals, checked after each. */
static void invariants_hold_under_random_use(struct test *t)
{
	uint32_t random = 11;

	begin();
	for (unsigned int step = 0; step < 20000; step++) {
		struct thread *thread = &threads[test_random(&random) % THREADS];

		now += test_random(&random) % 2000000;
		run_queue_account(&queue, now);
		if (thread->queued) {
			if (test_random(&random) % 4 == 0) {
				run_queue_remove(&queue, thread);
				run_queue_leave(thread, now);
			}
		} else if (thread != queue.running) {
			run_queue_set_shares(&queue, thread, users[test_random(&random) % 3]);
			if (test_random(&random) % 8 == 0)
				set_realtime(thread, SCHED_POLICY_RR, 1 + test_random(&random) % 3);
			else
				set_realtime(thread, SCHED_POLICY_OTHER, 0);
			if (test_random(&random) % 3 == 0)
				wake_in_front(thread, test_random(&random) % 2);
			else
				wake(thread);
		}
		if (test_random(&random) % 16 == 0)
			run_queue_settle(&queue);
		if (test_random(&random) % 2)
			(void)choose(test_random(&random) % 4, test_random(&random) % 8 == 0);
		if (!run_queue_check(&queue)) {
			EXPECT_EQ(t, step, -1);
			break;
		}
	}
	end(t);
}

/* What run_queue_check says of each field that is wrong; all other tests rely on it. */
static void a_wrong_queue_is_noticed(struct test *t)
{
	begin();
	for (unsigned int i = 0; i < 4; i++)
		wake(&threads[i]);
	set_realtime(&threads[5], SCHED_POLICY_RR, 3);
	wake(&threads[5]);
	EXPECT(t, run_queue_check(&queue));
	queue.ready_count++;
	EXPECT(t, !run_queue_check(&queue));
	queue.ready_count--;
	queue.tree_count++;
	EXPECT(t, !run_queue_check(&queue));
	queue.tree_count--;
	queue.realtime_mask[0] ^= 1 << 7;
	EXPECT(t, !run_queue_check(&queue));
	queue.realtime_mask[0] ^= 1 << 7;
	threads[0].virtual_ns += 1000000000;
	EXPECT(t, !run_queue_check(&queue));
	threads[0].virtual_ns -= 1000000000;
	threads[1].share = users[1];
	EXPECT(t, !run_queue_check(&queue));
	threads[1].share = users[0];
	end(t);
}

const struct test_case test_cases[] = {
	TEST(equals_share_equally),
	TEST(nice_is_a_share_by_weight),
	TEST(every_nice_value_has_its_weight),
	TEST(a_sleeper_comes_soon_but_does_not_starve_others),
	TEST(batch_threads_interrupt_nobody),
	TEST(a_lone_thread_stays_and_touches_no_tree),
	TEST(yielding_lets_another_run),
	TEST(two_that_hand_over_do_not_outrun_a_third),
	TEST(an_unused_hand_over_becomes_an_ordinary_wait),
	TEST(a_hand_over_is_taken_without_the_tree),
	TEST(who_is_in_front_goes_first_if_that_is_fair),
	TEST(one_stands_in_front),
	TEST(real_time_goes_first_by_priority_then_by_arrival),
	TEST(round_robin_rotates_after_its_quantum),
	TEST(real_time_leaves_a_share_to_others),
	TEST(an_interrupted_quantum_goes_on),
	TEST(a_spent_share_ends_no_quantum),
	TEST(a_period_is_charged_with_what_ran_in_it),
	TEST(a_short_period_ends_in_time),
	TEST(a_quantum_that_ends_alone_begins_anew),
	TEST(a_boost_counts_while_it_is_higher),
	TEST(pinned_and_unfinished_threads_do_not_move),
	TEST(time_is_shared_by_user_first),
	TEST(a_user_who_slept_interrupts_a_crowd),
	TEST(who_comes_after_a_long_time_is_brought_up),
	TEST(new_threads_gain_their_user_nothing),
	TEST(a_nice_value_counts_between_users),
	TEST(who_is_handed_over_to_waits_for_his_users_turn),
	TEST(who_becomes_another_user_leaves_his_share),
	TEST(invariants_hold_under_random_use),
	TEST(a_wrong_queue_is_noticed),
	TEST_END
};

/*
 * Spinlocks: one word, test-and-set.
 *
 * Why no queue. Tickets serve waiters in order, but then the CPU whose turn it is must really
 * run: in a machine whose CPUs are threads of a busy host it may not for a long time, and all
 * others wait behind it (measured: four CPUs on two host cores spent 98 % of their time so).
 * Here the lock goes to whoever runs. Sections are short and there are at most eight CPUs, so
 * starving is not to be feared. Waiters only read until the lock looks free. Taking a free lock
 * is one locked instruction, dropping it a plain store.
 *
 * A waiter spins with interrupts in the state that it keeps for the section, off in the _irq
 * forms. That cannot deadlock with a CPU that waits for us to answer an interrupt, because such
 * waits are forbidden under locks that are taken with interrupts off (arch/mmu.h, arch/smp.h).
 *
 * Order in every function: preemption (or interrupts) off first, then the lock; the lock away
 * first, then preemption. The lock checker hears of a lock before we wait for it, so that a
 * wrong order is reported and not waited out.
 */
#include "core/spinlock.h"
#include <stddef.h>
#include "arch/cpu.h"
#include "core/assert.h"
#include "core/lock_check.h"
#include "core/spinlock_irq_off.h"

/*
 * How a spinlock was taken so far. Both together can deadlock: the handler waits for whom it
 * stopped.
 */
enum lock_irq_state {
	LOCK_TAKEN_IN_INTERRUPT = 1 << 0,
	LOCK_TAKEN_WITH_INTERRUPTS_ON = 1 << 1,
};

#define RETURN_ADDRESS() __builtin_return_address(0)

/* `interrupts_off`: known to be; asking the processor is dear. */
static inline void note_holder(struct spinlock *lock, bool interrupts_off)
{
	unsigned int seen = lock->irq_state;

	lock->holder = stack_header();
	if (in_interrupt())
		seen |= LOCK_TAKEN_IN_INTERRUPT;
	else if (!interrupts_off && !(seen & LOCK_TAKEN_WITH_INTERRUPTS_ON) && irq_is_enabled())
		seen |= LOCK_TAKEN_WITH_INTERRUPTS_ON;
	if (likely(seen == lock->irq_state))
		return;
	lock->irq_state = seen & 0xffff;
	if (seen == (LOCK_TAKEN_IN_INTERRUPT | LOCK_TAKEN_WITH_INTERRUPTS_ON) &&
	    !panic_in_progress())
		panic("lock %s is taken by interrupt handlers, and elsewhere with interrupts on",
		      lock->name);
}

/* Preemption is off already. */
static inline void acquire(struct spinlock *lock, bool pair, bool interrupts_off,
			   const void *taken_at)
{
	if (CONFIG_LOCK_CHECK)
		lock_check_acquire(lock, lock->name, lock->rank, false, pair, taken_at);
	/*
	 * Acquire: pairs with the release in release(). Relaxed: only a look, the exchange
	 * decides.
	 */
	while (unlikely(atomic_exchange_explicit(&lock->held, 1, memory_order_acquire))) {
		while (atomic_load_explicit(&lock->held, memory_order_relaxed))
			cpu_relax();
	}
	if (CONFIG_LOCK_CHECK)
		note_holder(lock, interrupts_off);
}

static inline void release(struct spinlock *lock)
{
	if (CONFIG_LOCK_CHECK) {
		lock_check_release(lock);
		lock->holder = NULL;
	}
	/* Release: what we wrote is seen by the next holder. */
	atomic_store_explicit(&lock->held, 0, memory_order_release);
}

void spin_lock(struct spinlock *lock)
{
	preempt_disable();
	acquire(lock, false, false, RETURN_ADDRESS());
}

bool spin_try_lock(struct spinlock *lock)
{
	preempt_disable();
	/* An acquire like any other taking. */
	if (atomic_exchange_explicit(&lock->held, 1, memory_order_acquire)) {
		preempt_enable();
		return false;
	}
	if (CONFIG_LOCK_CHECK) {
		lock_check_acquire_try(lock, lock->name, lock->rank, false, RETURN_ADDRESS());
		note_holder(lock, false);
	}
	return true;
}

void spin_unlock(struct spinlock *lock)
{
	release(lock);
	preempt_enable();
}

irq_flags spin_lock_irq(struct spinlock *lock)
{
	irq_flags flags = irq_disable_save();

	preempt_disable();
	acquire(lock, false, true, RETURN_ADDRESS());
	return flags;
}

void spin_unlock_irq(struct spinlock *lock, irq_flags flags)
{
	release(lock);
	irq_restore(flags);
	preempt_enable();
}

void spin_lock_slow(struct spinlock *lock)
{
	acquire(lock, false, false, RETURN_ADDRESS());
}

void spin_unlock_checked(struct spinlock *lock)
{
	release(lock);
}

irq_flags spin_lock_irq_second(struct spinlock *second)
{
	irq_flags flags = irq_disable_save();

	preempt_disable();
	acquire(second, true, true, RETURN_ADDRESS());
	return flags;
}

void spin_lock_pair(struct spinlock *a, struct spinlock *b)
{
	struct spinlock *first = a < b ? a : b;
	struct spinlock *second = a < b ? b : a;

	preempt_disable();
	acquire(first, false, false, RETURN_ADDRESS());
	if (first != second) {
		preempt_disable();
		acquire(second, true, false, RETURN_ADDRESS());
	}
}

void spin_unlock_pair(struct spinlock *a, struct spinlock *b)
{
	if (a != b)
		spin_unlock(a > b ? a : b);
	spin_unlock(a < b ? a : b);
}

void spin_check_held(const struct spinlock *lock)
{
	if (lock->holder != stack_header() && !panic_in_progress())
		panic("lock %s should be held here, and is not", lock->name);
}

/*
 * Reader-writer locks. A writer that waits keeps new readers out, or many readers would keep it out
 * for ever. So a CPU must not take the lock for reading twice: between the two a writer may come.
 */
void rwspin_init(struct rwspinlock *lock, enum lock_rank rank, const char *name)
{
	*lock = (struct rwspinlock)RWSPINLOCK_INIT(rank, name);
}

static bool try_read(struct rwspinlock *lock)
{
	int state = atomic_load_explicit(&lock->state, memory_order_relaxed);

	/* Acquire: pairs with the release of the last writer. */
	return state >= 0 &&
	       atomic_load_explicit(&lock->writers_waiting, memory_order_relaxed) == 0 &&
	       atomic_compare_exchange_weak_explicit(&lock->state, &state, state + 1,
						     memory_order_acquire, memory_order_relaxed);
}

static bool try_write(struct rwspinlock *lock)
{
	int state = 0;

	/* Acquire: pairs with the releases of the last writer and of all readers since. */
	return atomic_compare_exchange_weak_explicit(&lock->state, &state, -1, memory_order_acquire,
						     memory_order_relaxed);
}

irq_flags rwspin_read_lock_irq(struct rwspinlock *lock)
{
	irq_flags flags = irq_disable_save();

	preempt_disable();
	if (CONFIG_LOCK_CHECK)
		lock_check_acquire(lock, lock->name, lock->rank, true, false, RETURN_ADDRESS());
	while (!try_read(lock))
		cpu_relax();
	return flags;
}

void rwspin_read_unlock_irq(struct rwspinlock *lock, irq_flags flags)
{
	if (CONFIG_LOCK_CHECK)
		lock_check_release(lock);
	/* Release: what we read is read before the next writer changes it. */
	atomic_fetch_sub_explicit(&lock->state, 1, memory_order_release);
	irq_restore(flags);
	preempt_enable();
}

irq_flags rwspin_write_lock_irq(struct rwspinlock *lock)
{
	irq_flags flags = irq_disable_save();

	preempt_disable();
	if (CONFIG_LOCK_CHECK)
		lock_check_acquire(lock, lock->name, lock->rank, false, false, RETURN_ADDRESS());
	/* Relaxed: it only keeps readers from coming; the exchange on `state` orders the data. */
	atomic_fetch_add_explicit(&lock->writers_waiting, 1, memory_order_relaxed);
	while (!try_write(lock))
		cpu_relax();
	atomic_fetch_sub_explicit(&lock->writers_waiting, 1, memory_order_relaxed);
	return flags;
}

void rwspin_write_unlock_irq(struct rwspinlock *lock, irq_flags flags)
{
	if (CONFIG_LOCK_CHECK)
		lock_check_release(lock);
	/* Release: what we wrote is seen by the next holders. */
	atomic_store_explicit(&lock->state, 0, memory_order_release);
	irq_restore(flags);
	preempt_enable();
}

void rwspin_check_held(const struct rwspinlock *lock)
{
	if (!panic_in_progress() && !lock_check_is_held(lock))
		panic("lock %s should be held here, and is not", lock->name);
}

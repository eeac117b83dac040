/*
 * Read-copy-update: readers walk shared structures without writing to memory; what they may still
 * see is freed only after every CPU has passed a point where it can hold nothing: a call of
 * schedule(), which never happens with preemption off.
 */
#pragma once
#include <stdatomic.h>
#include "core/preempt.h"

struct rcu_head {
	struct rcu_head *next;
	void (*function)(struct rcu_head *head);
};

/* Readers do not sleep. */
static inline void rcu_read_lock(void) { preempt_disable(); }
static inline void rcu_read_unlock(void) { preempt_enable(); }

/*
 * Call function(head) after a grace period, in a kernel thread; it may not sleep. Any context, but
 * no lock of rank RUN_QUEUE or later held.
 */
void rcu_call(struct rcu_head *head, void (*function)(struct rcu_head *));
/* Wait for a grace period, and until all callbacks queued before this call have run. May sleep. */
void rcu_synchronize(void);
/*
 * sched tells that this CPU has passed a quiescent point: nothing read before is still in use here.
 */
void rcu_quiescent(void);
/*
 * Start the thread that does it all; callbacks queued earlier wait for it. Once the scheduler runs.
 */
void rcu_init(void);

/* Publish and read a pointer: release pairs with the dependency-ordered (here acquire) load. */
#define rcu_assign(pointer, value) atomic_store_explicit(&(pointer), (value), memory_order_release)
#define rcu_read(pointer)	   atomic_load_explicit(&(pointer), memory_order_acquire)

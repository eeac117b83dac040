/* Work that is put off: done when a test says so, and at its end. */
#include <stddef.h>
#include "sched/rcu.h"
#include "sched/work_queue.h"
#include "test.h"

static struct rcu_head *callbacks;
static struct list works = LIST_INIT(works);

void rcu_call(struct rcu_head *head, void (*function)(struct rcu_head *))
{
	head->function = function;
	head->next = callbacks;
	callbacks = head;
}

void rcu_synchronize(void)
{
	while (callbacks) {
		struct rcu_head *head = callbacks;

		callbacks = head->next;
		head->function(head);
	}
}

void work_init(struct work *work, void (*function)(struct work *work))
{
	*work = (struct work){ .function = function };
}

bool work_schedule(struct work *work)
{
	if (work->pending)
		return false;
	work->pending = true;
	list_add_tail(&works, &work->node);
	return true;
}

void test_run_deferred(void)
{
	struct work *work;

	rcu_synchronize();
	while ((work = list_pop_head_entry(&works, struct work, node)) != NULL) {
		work->pending = false;
		work->function(work);
		rcu_synchronize();
	}
}

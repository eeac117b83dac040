/*
 * What a process does about each signal: the table that sigaction(2) changes and CLONE_SIGHAND
 * shares.
 */
#include "arch/irq_flags.h"
#include "core/assert.h"
#include "core/spinlock_irq_off.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "proc/internal.h"
#include "uapi/linux/errno.h"

static struct signal_handlers *handlers_alloc(void)
{
	struct signal_handlers *handlers = kzalloc(sizeof(*handlers), 0);

	if (!handlers)
		return NULL;
	refcount_set(&handlers->references, 1);
	spin_init(&handlers->lock, LOCK_RANK_SIGNAL_HANDLERS, "signal handlers");
	return handlers;
}

int signal_handlers_create(struct signal_handlers **out)
{
	struct signal_handlers *handlers = handlers_alloc();

	if (!handlers)
		return -ENOMEM;
	*out = handlers;
	return 0;
}

void signal_handlers_assign(struct signal_handlers *to, struct signal_handlers *from)
{
	irq_flags flags = spin_lock_irq(&from->lock);

	memcpy(to->actions, from->actions, sizeof(to->actions));
	spin_unlock_irq(&from->lock, flags);
}

int signal_handlers_copy(struct signal_handlers *from, struct signal_handlers **out)
{
	struct signal_handlers *handlers = handlers_alloc();

	if (!handlers)
		return -ENOMEM;
	signal_handlers_assign(handlers, from);
	*out = handlers;
	return 0;
}

void signal_handlers_put(struct signal_handlers *handlers)
{
	if (handlers && refcount_put(&handlers->references))
		kfree(handlers);
}

void signal_reset_handlers(struct signal_handlers *handlers)
{
	irq_flags flags = spin_lock_irq(&handlers->lock);

	for (unsigned int i = 0; i < SIGNAL_COUNT; i++) {
		uintptr_t kept = handlers->actions[i].handler == SIG_IGN ? SIG_IGN : SIG_DFL;

		handlers->actions[i] = (struct signal_action){ .handler = kept };
	}
	spin_unlock_irq(&handlers->lock, flags);
}

void signal_get_action(struct process *process, int signal, struct signal_action *out)
{
	/* An exec may be giving the table back: the signal lock holds it. */
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	irq_flags inner = spin_lock_irq(&process->handlers->lock);

	*out = process->handlers->actions[signal - 1];
	spin_unlock_irq(&process->handlers->lock, inner);
	spin_unlock_irq(&process->signal_lock, flags);
}

int signal_set_action(int signal, struct signal_action *new, struct signal_action *old)
{
	struct process *process = process_current();
	/* Only the process itself exchanges the table, and it is in this call. */
	struct signal_handlers *handlers = process->handlers;
	struct signal_action *action;

	if (signal < 1 || signal > SIGNAL_COUNT ||
	    (new && (signal == SIGKILL || signal == SIGSTOP)))
		return -EINVAL;
	action = &handlers->actions[signal - 1];
	if (new)
		new->mask &= ~SIGNALS_UNBLOCKABLE;
	/* A call's: they were on. */
	assert(irq_is_enabled());
	irq_disable();
	spin_lock_irq_off(&handlers->lock);
	if (unlikely(old))
		*old = *action;
	if (likely(new))
		*action = *new;
	spin_unlock_irq_off(&handlers->lock);
	irq_enable();
	/* POSIX 3.3.1.3: what becomes ignored while pending is thrown away, blocked or not. */
	if (unlikely(new && new->handler <= SIG_IGN) &&
	    (new->handler == SIG_IGN || (SIGNALS_IGNORED_BY_DEFAULT & SIGNAL_BIT(signal)))) {
		irq_flags flags = spin_lock_irq(&process->signal_lock);

		signal_flush_everywhere(process, SIGNAL_BIT(signal));
		spin_unlock_irq(&process->signal_lock, flags);
	}
	return 0;
}

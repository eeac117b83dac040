/*
 * The file systems that this kernel knows, in the order in which they said so. They are never taken
 * back, so a list that only grows at its end may be read without the lock.
 */
#include "core/assert.h"
#include "core/spinlock.h"
#include "lib/string.h"
#include "vfs/inode.h"

static struct spinlock types_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "file systems");
static struct file_system_type *_Atomic first_type; /* [types_lock to change] */

void file_system_register(struct file_system_type *type)
{
	irq_flags flags = spin_lock_irq(&types_lock);
	struct file_system_type *last = first_type;

	type->next = NULL;
	while (last && last->next)
		last = last->next;
	if (last)
		last->next = type;
	else
		first_type = type;
	spin_unlock_irq(&types_lock, flags);
}

const struct file_system_type *file_system_next(const struct file_system_type *type)
{
	return type ? type->next : first_type;
}

const struct file_system_type *file_system_find(const char *name)
{
	const struct file_system_type *type = file_system_next(NULL);

	while (type && strcmp(type->name, name) != 0)
		type = file_system_next(type);
	return type;
}

/*
 * The machine's name and its domain's: set rarely, copied whole under a lock.
 */
#include "proc/system_names.h"

#include "core/assert.h"
#include "core/spinlock.h"
#include "lib/string.h"
#include "proc/process.h"
#include "uapi/linux/personality.h"

static struct spinlock names_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "system names");
static char names[SYSTEM_NAMES][SYSTEM_NAME_SIZE] = {	/* [names_lock] */
	[SYSTEM_HOST] = "quartet",
	[SYSTEM_DOMAIN] = "(none)",
};

void system_name_get(enum system_name which, char name[SYSTEM_NAME_SIZE])
{
	irq_flags flags = spin_lock_irq(&names_lock);

	memcpy(name, names[which], SYSTEM_NAME_SIZE);
	spin_unlock_irq(&names_lock, flags);
}

void system_name_set(enum system_name which, const char *name, size_t size)
{
	irq_flags flags;

	assert(size < SYSTEM_NAME_SIZE);
	flags = spin_lock_irq(&names_lock);
	memcpy(names[which], name, size);
	memset(names[which] + size, 0, SYSTEM_NAME_SIZE - size);
	spin_unlock_irq(&names_lock, flags);
}

const char *system_release(void)
{
	return process_current()->personality & UNAME26 ? SYSTEM_RELEASE_UNAME26 : SYSTEM_RELEASE;
}

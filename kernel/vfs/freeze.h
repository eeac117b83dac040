/*
 * Freezing a file system: nothing changes on its disk until it is thawed. (Theory: freeze.c.)
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include "core/compiler.h"
#include "core/config.h"
#include "core/lock_check.h"
#include "uapi/linux/errno.h"
#include "vfs/inode.h"

/*
 * FIFREEZE: wait for those who are changing something, hold up all others, and bring the disk into
 * order. Errors: -EOPNOTSUPP, -EBUSY (frozen already), -EINTR (killed), -EIO, -ENOMEM. The caller
 * keeps `super` alive. May sleep, no locks held.
 */
must_check int super_block_freeze(struct super_block *super);
/* FITHAW. Errors: -EINVAL (not frozen). As above. */
must_check int super_block_thaw(struct super_block *super);

/* May this inode, FREEING and without a name, not be deleted now? Then the thaw will do it. */
bool freeze_puts_off_deletion(struct inode *inode);

/*
 * FREEZE_ALL for who syncs, which has to be left if this is true. False: it is frozen, so all is
 * written. May sleep.
 */
must_check bool freeze_enter_sync(struct super_block *super);

/* The slow parts of what follows. */
must_check int freeze_wait(struct super_block *super, enum freeze_level level);
void freeze_wake(void);

static inline enum freeze_level freeze_level(const struct super_block *super)
{
	return (enum freeze_level)atomic_load_explicit(&super->freeze_level, memory_order_seq_cst);
}

/*
 * Count in first and look at the level second; who freezes sets the level first and looks at the
 * count second. Both are full fences: at least one of them sees the other.
 */
static inline bool freeze_try_enter(struct super_block *super, enum freeze_level level)
{
	atomic_fetch_add_explicit(&super->changers[level], 1, memory_order_seq_cst);
	if (likely(freeze_level(super) < level))
		return true;
	atomic_fetch_sub_explicit(&super->changers[level], 1, memory_order_seq_cst);
	freeze_wake();
	return false;
}

static inline void freeze_leave(struct super_block *super, enum freeze_level level)
{
	atomic_fetch_sub_explicit(&super->changers[level], 1, memory_order_seq_cst);
	if (unlikely(freeze_level(super) >= level))
		freeze_wake();
}

/*
 * The same for those who `wait` until it is thawed, and those who do not. Errors: -EINTR (killed),
 * -EAGAIN (not to wait).
 */
must_check static inline int freeze_enter(struct super_block *super, enum freeze_level level,
					  enum lock_rank rank, bool wait)
{
	int error = 0;

	if (CONFIG_DEBUG)
		lock_check_acquire(&super->changers[level], "change of a file system", rank, true,
				   false, __builtin_return_address(0));
	if (unlikely(!freeze_try_enter(super, level)))
		error = wait ? freeze_wait(super, level) : -EAGAIN;
	if (CONFIG_DEBUG && error)
		lock_check_release(&super->changers[level]);
	return error;
}

static inline void freeze_leave_checked(struct super_block *super, enum freeze_level level)
{
	freeze_leave(super, level);
	if (CONFIG_DEBUG)
		lock_check_release(&super->changers[level]);
}

/*
 * Something of `super`, which can be frozen, is about to be changed by a system call: between these
 * two nobody freezes it, and if it is frozen now the caller sleeps. Not nested. Locks: none held.
 * Errors: -EINTR: killed.
 */
must_check static inline int freeze_enter_change(struct super_block *super)
{
	return freeze_enter(super, FREEZE_CHANGES, LOCK_RANK_CHANGE, true);
}

static inline void freeze_leave_change(struct super_block *super)
{
	freeze_leave_checked(super, FREEZE_CHANGES);
}

/* The same of any file system. */
must_check static inline int freeze_begin_change(struct super_block *super)
{
	return super->can_freeze ? freeze_enter_change(super) : 0;
}

static inline void freeze_end_change(struct super_block *super)
{
	if (super->can_freeze)
		freeze_leave_change(super);
}

/*
 * The same for a write fault of a shared mapping. Errors: also -EAGAIN, if it is not to `wait`.
 * Locks: the address space's at most, if it waits.
 */
must_check static inline int freeze_enter_fault(struct super_block *super, bool wait)
{
	return freeze_enter(super, FREEZE_FAULTS, LOCK_RANK_CHANGE_FAULT, wait);
}

static inline void freeze_leave_fault(struct super_block *super)
{
	freeze_leave_checked(super, FREEZE_FAULTS);
}

/*
 * futex(2): its operations, and what the kernel reads in a word that is a lock.
 */
#pragma once

/* clang-format off */
#define FUTEX_WAIT		0
#define FUTEX_WAKE		1
#define FUTEX_FD		2
#define FUTEX_REQUEUE		3
#define FUTEX_CMP_REQUEUE	4
#define FUTEX_WAKE_OP		5
#define FUTEX_LOCK_PI		6
#define FUTEX_UNLOCK_PI		7
#define FUTEX_TRYLOCK_PI	8
#define FUTEX_WAIT_BITSET	9
#define FUTEX_WAKE_BITSET	10
#define FUTEX_WAIT_REQUEUE_PI	11
#define FUTEX_CMP_REQUEUE_PI	12
#define FUTEX_LOCK_PI2		13

#define FUTEX_PRIVATE_FLAG	128
#define FUTEX_CLOCK_REALTIME	256

/* In the word: the number of the owner's thread, and what else is true of the lock. */
#define FUTEX_OWNER_MASK	0x3fffffffu
#define FUTEX_OWNER_DIED	0x40000000u
#define FUTEX_WAITERS		0x80000000u

/* In the address of a robust list's entry: a lock with priority inheritance. */
#define ROBUST_LIST_PI		1u
/* clang-format on */

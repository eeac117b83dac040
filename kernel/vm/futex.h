/*
 * Futexes: waiting on a word of user memory. Keyed by frame owner (page cache and index, or address
 * space and address for private ones), so that they work across processes.
 */
#pragma once
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"

struct address_space;

/*
 * Errors as futex(2). `deadline_ns` monotonic, UINT64_MAX for ever. Result of wake: the number
 * woken.
 */
must_check int futex_wait(struct address_space *space, user_addr word, uint32_t expected,
			  uint32_t bitset, bool shared, uint64_t deadline_ns);
must_check int futex_wake(struct address_space *space, user_addr word, uint32_t count,
			  uint32_t bitset, bool shared);
must_check int futex_requeue(struct address_space *space, user_addr word, user_addr target,
			     uint32_t wake_count, uint32_t requeue_count, bool compare,
			     uint32_t expected, bool shared);
must_check int futex_wake_op(struct address_space *space, user_addr word, user_addr word2,
			     uint32_t wake_count, uint32_t wake_count2, uint32_t operation,
			     bool shared);

/*
 * Wait until one of `count` words is woken: its place in the list. Errors: as futex_wait; -EAGAIN:
 * one has another value; -ENOMEM.
 */
struct futex_wish { user_addr word; uint32_t expected; bool shared; };
must_check int futex_wait_any(struct address_space *space, const struct futex_wish *wishes,
			      unsigned int count, uint64_t deadline_ns);

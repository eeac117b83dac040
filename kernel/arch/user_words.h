/*
 * Words of user memory written and read one by one, for structures that would otherwise be made on
 * the stack and copied, or of which not all is wanted. Between user_words_open() and
 * user_words_close() nothing else is done but to load what is written, and plain arithmetic: no
 * call, for user memory is open to all that runs there. A fault is satisfied, or execution goes on
 * at `fault`, which closes too. The caller holds no lock that a fault may take (arch/user_copy.h).
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "arch/user_range.h"
#include "core/lock_check.h"

#include "machine/user_words.h"
/*
 * Inline there:
 *	void user_words_open(void), user_words_close(void)
 *	USER_STORE_OR_GOTO(field, value, fault): write 32 bits to `field` of a structure in user
 *		memory, or go to `fault`
 *	USER_LOAD_OR_GOTO(word, field, fault): read `field` of one in user memory into `word` of
 *		one of ours, or go to `fault`
 */

/* Words at `address` for these. The caller has asked user_range_ok() for all that it touches. */
static inline uint32_t *user_words_at(user_addr address)
{
	if (CONFIG_LOCK_CHECK)
		assert_may_sleep();
	return (uint32_t *)user_addr_value(address);
}

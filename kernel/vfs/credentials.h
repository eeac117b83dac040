/*
 * Credentials: who a process acts as. Immutable once shared; a change makes a new copy.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/refcount.h"
#include "core/types.h"

/* [I] all fields, once published */
struct credentials {
	struct refcount references;	/* [a] */
	user_id uid, euid, suid, fsuid;
	group_id gid, egid, sgid, fsgid;
	uint64_t cap_permitted, cap_effective, cap_inheritable, cap_bounding, cap_ambient;
	uint32_t secure_bits;
	bool no_new_privileges;
	unsigned int group_count;
	group_id groups[];		/* supplementary, sorted */
};

extern struct credentials credentials_root;	/* init's: everything; static */

/*
 * Whose call is under way: the current thread's, who need not be who opened the file that it is
 * about. Borrowed, for as long as the thread is in this call. For what lies too deep to be told.
 */
const struct credentials *credentials_caller(void);
/* proc/ knows who is running; until it has said how to ask, root. */
void credentials_set_caller(const struct credentials *(*caller)(void));

/*
 * A private copy to change and then publish, with room for `group_count` groups (copied up to
 * that). NULL: no memory.
 */
struct credentials *credentials_copy(const struct credentials *from, unsigned int group_count);
static inline void credentials_get(const struct credentials *credentials)
{
	refcount_get(&((struct credentials *)credentials)->references);
}
void credentials_put(const struct credentials *credentials);
/* fsgid and supplementary */
bool credentials_in_group(const struct credentials *credentials, group_id group);
bool credentials_in_egroup(const struct credentials *credentials, group_id group);
/* Linux's capability numbers (uapi/linux/capability.h). */
static inline bool credentials_capable(const struct credentials *credentials,
				       unsigned int capability)
{
	return credentials->cap_effective & UINT64_C(1) << capability;
}
/* Does `mine` permit all capabilities that `theirs` permits? */
static inline bool credentials_cover(const struct credentials *mine,
				     const struct credentials *theirs)
{
	return (theirs->cap_permitted & ~mine->cap_permitted) == 0;
}

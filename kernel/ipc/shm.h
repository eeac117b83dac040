/*
 * System V shared memory. Errors as shmget(2) and its kin; all may sleep.
 */
#pragma once
#include "ipc/ipc_table.h"

struct address_space;
struct vm_limits;

void shm_init(void);
must_check int shm_get(int32_t key, size_t size, int flags, const struct credentials *credentials);
must_check int shm_attach(struct address_space *space, const struct vm_limits *limits, int id,
			  uintptr_t address, int flags, const struct credentials *credentials,
			  uintptr_t *out);
must_check int shm_detach(struct address_space *space, uintptr_t address);
must_check int shm_remove(int id, const struct credentials *credentials);
must_check int shm_set_owner(int id, user_id uid, group_id gid, uint32_t mode,
		       const struct credentials *credentials);
/* SHM_LOCK and SHM_UNLOCK: nothing here is ever swapped, so it is remembered and no more. */
must_check int shm_lock(int id, bool lock, uint64_t limit, const struct credentials *credentials);

struct shm_status {
	int id;
	int32_t key;
	user_id uid, cuid;
	group_id gid, cgid;
	uint32_t mode;
	size_t size, resident_pages;
	int64_t attached, detached, changed;	/* seconds */
	process_id creator, last;
	unsigned int attach_count;
};
/* IPC_STAT by id; SHM_STAT by index; SHM_STAT_ANY asks no permission. */
must_check int shm_stat(int id, bool by_index, bool ask, const struct credentials *credentials,
			struct shm_status *out);
struct shm_totals {
	unsigned int used;
	int highest_index;
	size_t pages, resident_pages;
};
void shm_totals(struct shm_totals *out);
/* To walk all, from index 0: the next one's status, and `*index` is past it; false: no more. */
bool shm_next(unsigned int *index, struct shm_status *out);

#define SHM_SIZE_MAX (UINT32_MAX - (1u << 24))
enum { SHM_COUNT_MAX = 4096 };

/*
 * System V semaphores. Errors as semop(2) and its kin; all may sleep.
 */
#pragma once
#include "ipc/ipc_table.h"

struct sembuf;
struct semaphore_undo_list;

enum {
	SEM_SETS_MAX = 32000,		/* SEMMNI */
	SEM_PER_SET_MAX = 32000,	/* SEMMSL */
	SEM_TOTAL_MAX = 1024000000,	/* SEMMNS */
	SEM_OPERATIONS_MAX = 500,	/* SEMOPM */
	SEM_VALUE_MAX = 32767,		/* SEMVMX */
};

void sem_init(void);
must_check int sem_get(int32_t key, int count, int flags, const struct credentials *credentials);
/*
 * All of `operations` at once, waiting until `deadline_ns` (monotonic) for it. `undo` is the
 * thread's own list for SEM_UNDO. Errors: -EAGAIN, -EINTR, -EIDRM, -EFBIG, -ERANGE, -EACCES,
 * -EINVAL, -ENOMEM.
 */
must_check int sem_operate(int id, const struct sembuf *operations, unsigned int count,
			   uint64_t deadline_ns, const struct credentials *credentials,
			   struct semaphore_undo_list **undo);
must_check int sem_remove(int id, const struct credentials *credentials);
must_check int sem_set_owner(int id, user_id uid, group_id gid, uint32_t mode,
		       const struct credentials *credentials);

/* GETVAL, GETPID, GETNCNT, GETZCNT of one semaphore: the number. */
enum sem_question { SEM_ASK_VALUE, SEM_ASK_PID, SEM_ASK_INCREASE_WAITERS, SEM_ASK_ZERO_WAITERS };
must_check int sem_ask(int id, int number, enum sem_question question,
		       const struct credentials *credentials);
must_check int sem_set_value(int id, int number, int value, const struct credentials *credentials);
/* SETALL, GETALL: an array that the set's count says the size of (sem_stat); -EINVAL if not. */
must_check int sem_set_all(int id, const uint16_t *values, unsigned int count,
			   const struct credentials *credentials);
must_check int sem_get_all(int id, uint16_t *values, unsigned int count,
			   const struct credentials *credentials);

struct sem_status {
	int id;
	int32_t key;
	user_id uid, cuid;
	group_id gid, cgid;
	uint32_t mode;
	int64_t operated, changed;	/* seconds */
	unsigned int count;
};
/* `wish`: the permission to ask for, 0 for none. */
must_check int sem_stat(int id, bool by_index, uint32_t wish,
			const struct credentials *credentials, struct sem_status *out);
void sem_totals(unsigned int *sets, unsigned int *semaphores, int *highest_index);
/* To walk all, from index 0: the next one's status, and `*index` is past it; false: no more. */
bool sem_next(unsigned int *index, struct sem_status *out);

/* sem_undo.c; filled into proc's hooks by sem_init */
must_check int sem_undo_share(struct semaphore_undo_list **from, struct semaphore_undo_list **to);
void sem_undo_release(struct semaphore_undo_list *list);

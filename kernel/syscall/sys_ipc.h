/*
 * Between System V's structures and ours (abi_ipc.c); `new_form`: IPC_64's.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "core/compiler.h"
#include "core/types.h"

struct msg_status;
struct sem_status;
struct shm_status;

/* What IPC_SET changes of any object. */
struct ipc_owner {
	user_id uid;
	group_id gid;
	uint32_t mode;
};
/* All kinds' structures begin alike. Errors: -EFAULT. */
must_check int abi_ipc_owner_get(user_addr from, bool new_form, struct ipc_owner *out);
must_check int abi_msqid_get(user_addr from, bool new_form, struct ipc_owner *owner,
			     size_t *queue_bytes);
must_check int abi_shmid_put(user_addr to, const struct shm_status *status, bool new_form);
must_check int abi_semid_put(user_addr to, const struct sem_status *status, bool new_form);
must_check int abi_msqid_put(user_addr to, const struct msg_status *status, bool new_form);

/* sys_ipc.c: the calls of either form; `command` without IPC_64. */
int syscall_semctl(int id, int number, int command, uint32_t argument, bool new_form);
int syscall_msgctl(int id, int command, user_addr pointer, bool new_form);
int syscall_shmctl(int id, int command, user_addr pointer, bool new_form);

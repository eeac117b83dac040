/*
 * System V's structures, old and new, filled in whole: no stack leaks.
 */
#include "arch/user_copy.h"
#include "ipc/msg.h"
#include "ipc/sem.h"
#include "ipc/shm.h"
#include "lib/min_max.h"
#include "syscall/sys_ipc.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/ipc.h"

/* What the three kinds' statuses have in common, by the same names. */
#define PERM64(status)                                                              \
	{                                                                           \
		.key = (status)->key, .uid = (status)->uid, .gid = (status)->gid,   \
		.cuid = (status)->cuid, .cgid = (status)->cgid,                     \
		.mode = (uint16_t)(status)->mode,                                   \
		.seq = (uint16_t)((unsigned int)(status)->id / IPC_INDEX_COUNT),    \
	}
#define PERM_OLD(status)                                                            \
	{                                                                           \
		.key = (status)->key, .uid = id_to_16((status)->uid),               \
		.gid = id_to_16((status)->gid), .cuid = id_to_16((status)->cuid),   \
		.cgid = id_to_16((status)->cgid), .mode = (uint16_t)(status)->mode, \
		.seq = (uint16_t)((unsigned int)(status)->id / IPC_INDEX_COUNT),    \
	}
#define TIME_LOW(time)	((uint32_t)(uint64_t)(time))
#define TIME_HIGH(time) ((uint32_t)((uint64_t)(time) >> 32))

static uint16_t id_to_16(uint32_t id)
{
	return id > UINT16_MAX ? 65534 : (uint16_t)id;
}

static uint16_t count_to_16(size_t count)
{
	return (uint16_t)min_t(size_t, count, UINT16_MAX);
}

static uint32_t id_from_16(uint16_t id)
{
	return id == UINT16_MAX ? UINT32_MAX : id;
}

int abi_ipc_owner_get(user_addr from, bool new_form, struct ipc_owner *out)
{
	struct ipc64_perm perm;
	struct ipc_perm_old old;

	if (new_form) {
		if (copy_from_user(&perm, from, sizeof(perm)))
			return -EFAULT;
		*out = (struct ipc_owner){ perm.uid, perm.gid, perm.mode };
	} else {
		if (copy_from_user(&old, from, sizeof(old)))
			return -EFAULT;
		*out = (struct ipc_owner){ id_from_16(old.uid), id_from_16(old.gid), old.mode };
	}
	return 0;
}

int abi_msqid_get(user_addr from, bool new_form, struct ipc_owner *owner, size_t *queue_bytes)
{
	struct msqid64_ds new;
	struct msqid_ds_old old;

	if (new_form) {
		if (copy_from_user(&new, from, sizeof(new)))
			return -EFAULT;
		*queue_bytes = new.qbytes;
	} else {
		if (copy_from_user(&old, from, sizeof(old)))
			return -EFAULT;
		*queue_bytes = old.qbytes ? old.qbytes : old.lqbytes;
	}
	return abi_ipc_owner_get(from, new_form, owner);
}

int abi_shmid_put(user_addr to, const struct shm_status *status, bool new_form)
{
	struct shmid64_ds new = {
		.perm = PERM64(status),
		.size = status->size,
		.atime = TIME_LOW(status->attached),
		.atime_high = TIME_HIGH(status->attached),
		.dtime = TIME_LOW(status->detached),
		.dtime_high = TIME_HIGH(status->detached),
		.ctime = TIME_LOW(status->changed),
		.ctime_high = TIME_HIGH(status->changed),
		.cpid = status->creator,
		.lpid = status->last,
		.nattch = status->attach_count,
	};
	struct shmid_ds_old old = {
		.perm = PERM_OLD(status),
		.size = (int32_t)min_t(size_t, status->size, INT32_MAX),
		.atime = (int32_t)status->attached,
		.dtime = (int32_t)status->detached,
		.ctime = (int32_t)status->changed,
		.cpid = (uint16_t)status->creator,
		.lpid = (uint16_t)status->last,
		.nattch = count_to_16(status->attach_count),
	};

	return new_form ? copy_to_user(to, &new, sizeof(new)) : copy_to_user(to, &old, sizeof(old));
}

int abi_semid_put(user_addr to, const struct sem_status *status, bool new_form)
{
	struct semid64_ds new = {
		.perm = PERM64(status),
		.otime = TIME_LOW(status->operated),
		.otime_high = TIME_HIGH(status->operated),
		.ctime = TIME_LOW(status->changed),
		.ctime_high = TIME_HIGH(status->changed),
		.nsems = status->count,
	};
	struct semid_ds_old old = {
		.perm = PERM_OLD(status),
		.otime = (int32_t)status->operated,
		.ctime = (int32_t)status->changed,
		.nsems = count_to_16(status->count),
	};

	return new_form ? copy_to_user(to, &new, sizeof(new)) : copy_to_user(to, &old, sizeof(old));
}

int abi_msqid_put(user_addr to, const struct msg_status *status, bool new_form)
{
	struct msqid64_ds new = {
		.perm = PERM64(status),
		.stime = TIME_LOW(status->sent),
		.stime_high = TIME_HIGH(status->sent),
		.rtime = TIME_LOW(status->received),
		.rtime_high = TIME_HIGH(status->received),
		.ctime = TIME_LOW(status->changed),
		.ctime_high = TIME_HIGH(status->changed),
		.cbytes = status->bytes,
		.qnum = status->count,
		.qbytes = status->queue_bytes,
		.lspid = status->last_sender,
		.lrpid = status->last_receiver,
	};
	struct msqid_ds_old old = {
		.perm = PERM_OLD(status),
		.stime = (int32_t)status->sent,
		.rtime = (int32_t)status->received,
		.ctime = (int32_t)status->changed,
		.lcbytes = status->bytes,
		.lqbytes = status->queue_bytes,
		.cbytes = count_to_16(status->bytes),
		.qnum = count_to_16(status->count),
		.qbytes = count_to_16(status->queue_bytes),
		.lspid = (uint16_t)status->last_sender,
		.lrpid = (uint16_t)status->last_receiver,
	};

	return new_form ? copy_to_user(to, &new, sizeof(new)) : copy_to_user(to, &old, sizeof(old));
}

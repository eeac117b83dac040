/*
 * System V IPC: structures and commands of i386, in the old form and in that of IPC_64.
 */
#pragma once
#include <stdint.h>

/* clang-format off */
#define IPC_PRIVATE	0
#define IPC_CREAT	01000
#define IPC_EXCL	02000
#define IPC_NOWAIT	04000

#define IPC_RMID	0
#define IPC_SET		1
#define IPC_STAT	2
#define IPC_INFO	3
#define IPC_64		0x100

#define SHM_RDONLY	010000
#define SHM_RND		020000
#define SHM_REMAP	040000
#define SHM_EXEC	0100000
#define SHM_DEST	01000
#define SHM_LOCKED	02000
#define SHM_HUGETLB	04000
#define SHM_NORESERVE	010000
#define SHM_HUGE_SHIFT	26
#define SHM_HUGE_MASK	0x3fu
#define SHM_LOCK	11
#define SHM_UNLOCK	12
#define SHM_STAT	13
#define SHM_INFO	14
#define SHM_STAT_ANY	15

#define SEM_UNDO	0x1000
#define SEM_GETPID	11
#define SEM_GETVAL	12
#define SEM_GETALL	13
#define SEM_GETNCNT	14
#define SEM_GETZCNT	15
#define SEM_SETVAL	16
#define SEM_SETALL	17
#define SEM_STAT	18
#define SEM_INFO	19
#define SEM_STAT_ANY	20

#define MSG_NOERROR	010000
#define MSG_EXCEPT	020000
#define MSG_COPY	040000
#define MSG_STAT	11
#define MSG_INFO	12
#define MSG_STAT_ANY	13

/* ipc(2)'s calls */
#define IPC_SEMOP	1
#define IPC_SEMGET	2
#define IPC_SEMCTL	3
#define IPC_SEMTIMEDOP	4
#define IPC_MSGSND	11
#define IPC_MSGRCV	12
#define IPC_MSGGET	13
#define IPC_MSGCTL	14
#define IPC_SHMAT	21
#define IPC_SHMDT	22
#define IPC_SHMGET	23
#define IPC_SHMCTL	24
/* clang-format on */

struct ipc64_perm {
	int32_t key;
	uint32_t uid, gid, cuid, cgid;
	uint16_t mode, pad1;
	uint16_t seq, pad2;
	uint32_t unused[2];
};

struct ipc_perm_old {
	int32_t key;
	uint16_t uid, gid, cuid, cgid, mode, seq;
};

struct shmid64_ds {
	struct ipc64_perm perm;
	uint32_t size;
	uint32_t atime, atime_high, dtime, dtime_high, ctime, ctime_high;
	int32_t cpid, lpid;
	uint32_t nattch;
	uint32_t unused[2];
};

struct shmid_ds_old {
	struct ipc_perm_old perm;
	int32_t size;
	int32_t atime, dtime, ctime;
	uint16_t cpid, lpid, nattch, unused;
	uint32_t unused2[2];
};

struct shminfo64 {
	uint32_t shmmax, shmmin, shmmni, shmseg, shmall, unused[4];
};

struct shm_info {
	int32_t used_ids;
	uint32_t shm_tot, shm_rss, shm_swp, swap_attempts, swap_successes;
};

struct semid64_ds {
	struct ipc64_perm perm;
	uint32_t otime, otime_high, ctime, ctime_high;
	uint32_t nsems;
	uint32_t unused[2];
};

struct semid_ds_old {
	struct ipc_perm_old perm;
	int32_t otime, ctime;
	uint32_t unused[4];
	uint16_t nsems, pad;
};

struct seminfo {
	int32_t semmap, semmni, semmns, semmnu, semmsl, semopm, semume, semusz, semvmx, semaem;
};

struct sembuf {
	uint16_t sem_num;
	int16_t sem_op;
	int16_t sem_flg;
};

struct msqid64_ds {
	struct ipc64_perm perm;
	uint32_t stime, stime_high, rtime, rtime_high, ctime, ctime_high;
	uint32_t cbytes, qnum, qbytes;
	int32_t lspid, lrpid;
	uint32_t unused[2];
};

struct msqid_ds_old {
	struct ipc_perm_old perm;
	uint32_t first, last;
	int32_t stime, rtime, ctime;
	uint32_t lcbytes, lqbytes;
	uint16_t cbytes, qnum, qbytes, lspid, lrpid, pad;
};

struct msginfo {
	int32_t msgpool, msgmap, msgmax, msgmnb, msgmni, msgssz, msgtql;
	uint16_t msgseg, pad;
};

_Static_assert(sizeof(struct ipc64_perm) == 36, "struct ipc64_perm");
_Static_assert(sizeof(struct shmid64_ds) == 84, "struct shmid64_ds");
_Static_assert(sizeof(struct shmid_ds_old) == 48, "struct shmid_ds");
_Static_assert(sizeof(struct semid64_ds) == 64, "struct semid64_ds");
_Static_assert(sizeof(struct semid_ds_old) == 44, "struct semid_ds");
_Static_assert(sizeof(struct msqid64_ds) == 88, "struct msqid64_ds");
_Static_assert(sizeof(struct msqid_ds_old) == 56, "struct msqid_ds");
_Static_assert(sizeof(struct msginfo) == 32, "struct msginfo");
_Static_assert(sizeof(struct sembuf) == 6, "struct sembuf");

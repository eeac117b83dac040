/*
 * /proc/sysvipc: what there is of System V's objects, as ipcs reads it.
 */
#include "fs/procfs/internal.h"
#include "ipc/mqueue.h"
#include "ipc/msg.h"
#include "ipc/sem.h"
#include "ipc/shm.h"
#include "mem/page_frame.h"

static void print_shm(struct procfs_text *text, const struct shm_status *status)
{
	procfs_print(text,
		     "%10d %10d  %4o %10lu %5u %5u  %5u %5u %5u %5u %5u %10llu %10llu %10llu "
		     "%10lu %10lu\n",
		     status->key, status->id, status->mode, (unsigned long)status->size,
		     (unsigned int)status->creator, (unsigned int)status->last,
		     status->attach_count, status->uid, status->gid, status->cuid, status->cgid,
		     (unsigned long long)status->attached, (unsigned long long)status->detached,
		     (unsigned long long)status->changed,
		     (unsigned long)status->resident_pages * PAGE_SIZE, 0ul);
}

static int show_shm(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct shm_status status;

	(void)subject;
	procfs_print(text, "       key      shmid perms       size  cpid  lpid nattch   uid   gid"
			   "  cuid  cgid      atime      dtime      ctime        rss       swap\n");
	for (unsigned int index = 0; shm_next(&index, &status);)
		print_shm(text, &status);
	return 0;
}

static void print_sem(struct procfs_text *text, const struct sem_status *status)
{
	procfs_print(text, "%10d %10d  %4o %10u %5u %5u %5u %5u %10llu %10llu\n", status->key,
		     status->id, status->mode, status->count, status->uid, status->gid,
		     status->cuid, status->cgid, (unsigned long long)status->operated,
		     (unsigned long long)status->changed);
}

static int show_sem(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct sem_status status;

	(void)subject;
	procfs_print(text, "       key      semid perms      nsems   uid   gid  cuid  cgid"
			   "      otime      ctime\n");
	for (unsigned int index = 0; sem_next(&index, &status);)
		print_sem(text, &status);
	return 0;
}

static void print_msg(struct procfs_text *text, const struct msg_status *status)
{
	procfs_print(text,
		     "%10d %10d  %4o  %10lu %10lu %5u %5u %5u %5u %5u %5u %10llu %10llu %10llu\n",
		     status->key, status->id, status->mode, (unsigned long)status->bytes,
		     (unsigned long)status->count, (unsigned int)status->last_sender,
		     (unsigned int)status->last_receiver, status->uid, status->gid, status->cuid,
		     status->cgid, (unsigned long long)status->sent,
		     (unsigned long long)status->received, (unsigned long long)status->changed);
}

static int show_msg(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct msg_status status;

	(void)subject;
	procfs_print(text, "       key      msqid perms      cbytes       qnum lspid lrpid   uid"
			   "   gid  cuid  cgid      stime      rtime      ctime\n");
	for (unsigned int index = 0; msg_next(&index, &status);)
		print_msg(text, &status);
	return 0;
}

#define TEXT(entry_name, number, function)                                                      \
	{                                                                                       \
		.name = entry_name, .mode = MODE_REGULAR | 0444, .id = number, .show = function \
	}

const struct procfs_entry procfs_sysvipc_entries[] = {
	TEXT("msg", 191, show_msg),
	TEXT("sem", 192, show_sem),
	TEXT("shm", 193, show_shm),
	{ .name = NULL },
};

/* ---- /proc/sys/kernel: the limits, which are constant ---------------------------------------- */

int procfs_show_shm_max(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, "%u\n", SHM_SIZE_MAX);
	return 0;
}

int procfs_show_shm_count(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, "%d\n", SHM_COUNT_MAX);
	return 0;
}

int procfs_show_sem_limits(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, "%d\t%d\t%d\t%d\n", SEM_PER_SET_MAX, SEM_TOTAL_MAX, SEM_OPERATIONS_MAX,
		     SEM_SETS_MAX);
	return 0;
}

int procfs_show_mqueue_messages(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, "%d\n", MQUEUE_MESSAGES_MAX);
	return 0;
}

int procfs_show_mqueue_size(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, "%d\n", MQUEUE_SIZE_MAX);
	return 0;
}

int procfs_show_mqueue_count(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, "%d\n", MQUEUE_COUNT_MAX);
	return 0;
}

int procfs_show_msg_max(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, "%d\n", MSG_SIZE_MAX);
	return 0;
}

int procfs_show_msg_queue_bytes(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, "%d\n", MSG_QUEUE_BYTES);
	return 0;
}

int procfs_show_msg_queues(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, "%d\n", MSG_QUEUES_MAX);
	return 0;
}

/*
 * System V messages. Errors as msgsnd(2) and its kin; all may sleep.
 */
#pragma once
#include "ipc/ipc_table.h"
#include "lib/list.h"

enum {
	MSG_QUEUES_MAX = 32000,		/* MSGMNI */
	MSG_SIZE_MAX = 8192,		/* MSGMAX */
	MSG_QUEUE_BYTES = 16384,	/* MSGMNB: what a queue holds, unless it is told more */
};

/* One message; the sender's until it is sent, the receiver's once it is received. */
struct message {
	struct list_node node;
	int32_t type;			/* > 0 */
	size_t size;
	char text[];
};
struct message *message_create(size_t size);	/* NULL: no memory */
void message_destroy(struct message *message);

void msg_init(void);
must_check int msg_get(int32_t key, int flags, const struct credentials *credentials);
/* Takes the message over on success. Errors: -EAGAIN, -EIDRM, -ERESTARTNOHAND, -EACCES, -EINVAL. */
must_check int msg_send(int id, struct message *message, bool wait,
			const struct credentials *credentials);

struct msg_receive_request {
	int32_t type;		/* 0: any; > 0: this; < 0: the lowest up to -type */
	bool except;		/* any but `type` */
	bool wait, cut;		/* MSG_NOERROR: a larger one may be cut */
	bool copy;		/* MSG_COPY: number `type` from the front, and it stays */
	size_t size;		/* room */
};
/* Errors: -ENOMSG, -E2BIG, -EIDRM, -ERESTARTNOHAND, -EACCES, -EINVAL, -ENOMEM (copy). */
must_check int msg_receive(int id, const struct msg_receive_request *request,
			   const struct credentials *credentials, struct message **out);
must_check int msg_remove(int id, const struct credentials *credentials);
must_check int msg_set_owner(int id, user_id uid, group_id gid, uint32_t mode, size_t queue_bytes,
			     const struct credentials *credentials);

struct msg_status {
	int id;
	int32_t key;
	user_id uid, cuid;
	group_id gid, cgid;
	uint32_t mode;
	size_t bytes, count, queue_bytes;
	int64_t sent, received, changed;	/* seconds */
	process_id last_sender, last_receiver;
};
must_check int msg_stat(int id, bool by_index, bool ask, const struct credentials *credentials,
			struct msg_status *out);
struct msg_totals {
	unsigned int used;
	int highest_index;
	size_t messages, bytes;
};
void msg_totals(struct msg_totals *out);
/* To walk all, from index 0: the next one's status, and `*index` is past it; false: no more. */
bool msg_next(unsigned int *index, struct msg_status *out);

/*
 * What pty.c, pty_master.c and devpts.c share.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/types.h"
#include "lib/list.h"
#include "tty/tty.h"
#include "vfs/file.h"

/* [I] immutable  [l] tty.lock  [p] the table's lock */
struct pty {
	struct tty tty;			/* the slave's side; its references are the pair's */
	unsigned int number;		/* [I] N of /dev/pts/N */
	uint32_t generation;		/* [I] no other pair ever had it */
	struct list_node node;		/* [p] in the table, by number, until the pair is freed */
	bool has_master;		/* [p] and the slave can be found */
	bool is_locked;			/* [p] TIOCSPTLCK: the slave cannot be opened */
	bool slave_has_left;		/* [l] it was open, and is not any more */
	bool is_packet;			/* [l] TIOCPKT: master's reads begin with what they are */
	uint8_t packet_news;		/* [l] TIOCPKT_ bits that the master has to read */
	struct wait_queue master_queue;	/* the master's readers, writers and pollers */
	struct mutex master_read_mutex;	/* LOCK_RANK_TTY_READ */
	struct mutex master_write_mutex; /* LOCK_RANK_TTY_WRITE */
	file_mode mode;			/* [p] of the node in /dev/pts, as are the owners */
	user_id uid;			/* [p] */
	group_id gid;			/* [p] */
};

/* A new pair with one reference, its master's. Errors: -ENOSPC, -ENOMEM. */
must_check int pty_create(struct pty **out);
/* The master closes: the slave is hung up and its name goes. The reference is put. */
void pty_close_master(struct pty *pty);
bool pty_is_locked(struct pty *pty);
void pty_set_locked(struct pty *pty, bool is_locked);

/* What devpts shows of a pair. */
struct pty_node {
	unsigned int number;
	uint32_t generation;
	file_mode mode;
	user_id uid;
	group_id gid;
};
/* The first pair whose number is at least `number`; false: none. Must not sleep. */
must_check bool pty_find_node(unsigned int number, struct pty_node *out);
/* chmod and chown of the node, if it is still the same pair. */
void pty_set_node(const struct pty_node *node);

extern const struct file_ops pty_master_ops;

void devpts_init(void);

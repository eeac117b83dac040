/*
 * Pairs: their numbers, and the terminal of the slave's side.
 *
 * The slave is a terminal like others. Its device is a program, which has the master open: bytes
 * that it writes are typed (pty_master.c), bytes that it reads come from the terminal's output
 * ring.
 *
 * States of a pair:
 * 	master open, slave not yet	the master waits for output
 * 	both open			bytes pass
 * 	slave closed again		the master reads what is left, then -EIO; or opened anew
 * 	master closed			the slave is hung up and has no name; its last file frees it
 *
 * A number is in use until its pair is freed, so no two live pairs have the same device number.
 */
#include "tty/pty.h"

#include "core/spinlock.h"
#include "mem/kmalloc.h"
#include "proc/process.h"
#include "tty/job_control.h"
#include "tty/pty_internal.h"
#include "tty/tty_numbers.h"
#include "uapi/linux/errno.h"
#include "vfs/char_device.h"
#include "vfs/credentials.h"
#include "vfs/poll.h"

enum {
	/* as on Linux: each costs kernel memory, and anybody may make them */
	PTY_MAX = 4096,
	GROUP_TTY = 5,
	NODE_MODE = 0620,
};

static struct spinlock table_lock = SPINLOCK_INIT(LOCK_RANK_LEAF, "ptys");
static struct list table = LIST_INIT(table);	/* [table_lock] of struct pty, by number */
static unsigned int pty_count;			/* [table_lock] */
static uint32_t next_generation;		/* [table_lock] */

static inline struct pty *pty_of(struct tty *tty)
{
	return container_of(tty, struct pty, tty);
}

/* ---- the slave's device ---------------------------------------------------------------------- */

static int slave_open(struct tty *tty)
{
	irq_flags flags = spin_lock_irq(&tty->lock);

	pty_of(tty)->slave_has_left = false;
	spin_unlock_irq(&tty->lock, flags);
	return 0;
}

static void slave_close(struct tty *tty)
{
	struct pty *pty = pty_of(tty);
	irq_flags flags = spin_lock_irq(&tty->lock);

	pty->slave_has_left = true;
	line_discipline_start(&tty->line); /* nobody is left to type ^Q for */
	wait_queue_wake_all(&pty->master_queue, UINT32_MAX);
	spin_unlock_irq(&tty->lock, flags);
}

static void slave_start_output(struct tty *tty)
{
	wait_queue_wake_all(&pty_of(tty)->master_queue, POLL_IN | POLL_READ_NORMAL);
}

static void slave_resume_input(struct tty *tty)
{
	wait_queue_wake_all(&pty_of(tty)->master_queue, POLL_OUT | POLL_WRITE_NORMAL);
}

/* To a master in packet mode. Of what undoes each other the last counts. */
static void slave_note(struct tty *tty, uint8_t what)
{
	static const uint8_t flow = TIOCPKT_STOP | TIOCPKT_START;
	static const uint8_t keys = TIOCPKT_NOSTOP | TIOCPKT_DOSTOP;
	struct pty *pty = pty_of(tty);

	if (!pty->is_packet || !what)
		return;
	if (what & flow)
		pty->packet_news &= (uint8_t)~flow;
	if (what & keys)
		pty->packet_news &= (uint8_t)~keys;
	pty->packet_news |= what;
	wait_queue_wake_all(&pty->master_queue, POLL_IN | POLL_READ_NORMAL | POLL_PRI);
}

/* Do ^S and ^Q stop and start the output, so that a terminal may do it by itself? */
static bool has_usual_flow_keys(const struct termios2 *termios)
{
	return termios->c_iflag & IXON && termios->c_cc[VSTOP] == 0x13 &&
	       termios->c_cc[VSTART] == 0x11;
}

static void slave_set_termios(struct tty *tty, const struct termios2 *old)
{
	struct termios2 *now = &tty->line.termios;
	bool has_keys = has_usual_flow_keys(now);
	uint8_t news = 0;

	if (has_keys != has_usual_flow_keys(old))
		news = has_keys ? TIOCPKT_DOSTOP : TIOCPKT_NOSTOP;
	if ((old->c_lflag | now->c_lflag) & EXTPROC)
		news |= TIOCPKT_IOCTL;
	slave_note(tty, news);
	/* A byte is always eight bits here. */
	now->c_cflag = (now->c_cflag & ~(CSIZE | PARENB)) | CS8 | CREAD;
}

static void slave_destroy(struct tty *tty)
{
	struct pty *pty = pty_of(tty);
	irq_flags flags = spin_lock_irq(&table_lock);

	list_remove(&pty->node);
	pty_count--;
	spin_unlock_irq(&table_lock, flags);
	kfree(tty->line.input);
	kfree(pty);
}

static const struct tty_driver_ops slave_ops = {
	.open = slave_open,
	.close = slave_close,
	.start_output = slave_start_output,
	.resume_input = slave_resume_input,
	.note = slave_note,
	.set_termios = slave_set_termios,
	.destroy = slave_destroy,
};

/* ---- the table ------------------------------------------------------------------------------- */

/* Put it where the first gap is, which is its number. Table locked. */
static void number_pty(struct pty *pty)
{
	struct pty *other;
	unsigned int number = 0;

	list_for_each_entry(other, &table, node) {
		if (other->number != number)
			break;
		number++;
	}
	pty->number = number;
	pty->generation = ++next_generation;
	pty->tty.device = TTY_PTS_NUMBER(number);
	if (other)
		list_insert_before(&other->node, &pty->node);
	else
		list_add_tail(&table, &pty->node);
	pty_count++;
}

int pty_create(struct pty **out)
{
	const struct credentials *credentials = credentials_current();
	struct pty *pty = kzalloc(sizeof(*pty), 0);
	uint8_t *buffers = kmalloc(TTY_BUFFERS_SIZE, 0);
	irq_flags flags;
	int error = -ENOMEM;

	if (!pty || !buffers)
		goto free;
	tty_init_one(&pty->tty, &slave_ops, 0, buffers);
	pty->tty.line.termios.c_cflag &= ~HUPCL; /* there are no lines to drop */
	wait_queue_init(&pty->master_queue);
	mutex_init(&pty->master_read_mutex, LOCK_RANK_TTY_READ, "pty master read");
	mutex_init(&pty->master_write_mutex, LOCK_RANK_TTY_WRITE, "pty master write");
	pty->has_master = pty->is_locked = true;
	pty->mode = NODE_MODE;
	pty->uid = credentials->fsuid;
	pty->gid = GROUP_TTY;
	flags = spin_lock_irq(&table_lock);
	error = pty_count < PTY_MAX ? 0 : -ENOSPC;
	if (!error)
		number_pty(pty);
	spin_unlock_irq(&table_lock, flags);
	if (error)
		goto free;
	*out = pty;
	return 0;

free:
	kfree(buffers);
	kfree(pty);
	return error;
}

void pty_close_master(struct pty *pty)
{
	irq_flags flags = spin_lock_irq(&table_lock);

	pty->has_master = false;
	spin_unlock_irq(&table_lock, flags);
	/* Who found the slave and has not opened it yet, and who reads now, look at this. */
	atomic_store_explicit(&pty->tty.is_gone, true, memory_order_release);
	job_control_hang_up(&pty->tty);
	tty_put(&pty->tty);
}

bool pty_is_locked(struct pty *pty)
{
	irq_flags flags = spin_lock_irq(&table_lock);
	bool is_locked = pty->is_locked;

	spin_unlock_irq(&table_lock, flags);
	return is_locked;
}

void pty_set_locked(struct pty *pty, bool is_locked)
{
	irq_flags flags = spin_lock_irq(&table_lock);

	pty->is_locked = is_locked;
	spin_unlock_irq(&table_lock, flags);
}

static int find_slave(dev_number number, struct tty **out)
{
	int error = -EIO; /* what Linux says of a device that has no master */
	irq_flags flags = spin_lock_irq(&table_lock);
	struct pty *pty;

	list_for_each_entry(pty, &table, node) {
		if (pty->tty.device != number || !pty->has_master || pty->is_locked)
			continue;
		tty_get(&pty->tty); /* the master still has one */
		*out = &pty->tty;
		error = 0;
		break;
	}
	spin_unlock_irq(&table_lock, flags);
	return error;
}

bool pty_find_node(unsigned int number, struct pty_node *out)
{
	irq_flags flags = spin_lock_irq(&table_lock);
	struct pty *pty;

	list_for_each_entry(pty, &table, node) {
		if (pty->number < number || !pty->has_master)
			continue;
		*out = (struct pty_node){ pty->number, pty->generation, pty->mode, pty->uid,
					  pty->gid };
		break;
	}
	spin_unlock_irq(&table_lock, flags);
	return pty != NULL;
}

void pty_set_node(const struct pty_node *node)
{
	irq_flags flags = spin_lock_irq(&table_lock);
	struct pty *pty;

	list_for_each_entry(pty, &table, node) {
		if (pty->generation != node->generation)
			continue;
		pty->mode = node->mode;
		pty->uid = node->uid;
		pty->gid = node->gid;
		break;
	}
	spin_unlock_irq(&table_lock, flags);
}

static struct tty_kind slave_kind = {
	.numbers = { .first = TTY_PTS_NUMBER(0), .count = PTY_MAX, .find = find_slave },
	.name = "pts",
};

static struct char_device master_device = {
	.first = TTY_PTMX_NUMBER,
	.count = 1,
	.name = "ptmx",
	.ops = &pty_master_ops,
};

void pty_init(void)
{
	tty_kind_register(&slave_kind);
	char_device_register(&master_device);
	tty_add_node("ptmx", TTY_PTMX_NUMBER, 0666, NULL);
	/* This also makes the folder to mount on. */
	tty_add_node("pts/ptmx", TTY_PTMX_NUMBER, 0666, NULL);
	devpts_init();
}

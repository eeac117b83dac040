/*
 * The master's side of a pseudo-terminal: what a terminal emulator, script(1) or sshd has open.
 *
 * A write is typing: it goes through the slave's line discipline, signals included, before it
 * returns. A read takes what the slave's programs have written, and the echo. When the slave's
 * input is full, the writer waits; when its output is full, the slave's programs do.
 *
 * In packet mode (TIOCPKT) a read begins with a byte: 0, then output follows; or bits that say what
 * became of the slave, and then nothing does.
 */
#include "arch/user_copy.h"
#include "lib/format.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "proc/file_owner.h"
#include "proc/process.h"
#include "tty/internal.h"
#include "tty/job_control.h"
#include "tty/pty.h"
#include "tty/pty_internal.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/credentials.h"
#include "vfs/dentry.h"
#include "vfs/path_walk.h"
#include "vfs/poll.h"

enum { CHUNK = 512 };

static bool is_nonblocking(const struct file *file)
{
	return atomic_load_explicit(&file->flags, memory_order_relaxed) & O_NONBLOCK;
}

static int lock_turn(struct mutex *mutex, const struct file *file)
{
	if (is_nonblocking(file))
		return mutex_try_lock(mutex) ? 0 : -EAGAIN;
	return mutex_lock_interruptible(mutex) ? -ERESTARTSYS : 0;
}

static int master_open(struct file *file)
{
	struct pty *pty;
	int error = pty_create(&pty);

	if (!error)
		file->private = pty;
	return error;
}

static void master_release(struct file *file)
{
	pty_close_master(file->private);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Move what there is. Returns bytes, or -EFAULT if there were none. */
static ssize_t take_output(struct tty *tty, struct io_buffer *buffer)
{
	uint8_t chunk[CHUNK];
	size_t total = 0;
	size_t count;

	while (buffer->remaining > 0) {
		irq_flags flags = spin_lock_irq(&tty->lock);

		count = tty_take_output(tty, chunk, min(buffer->remaining, sizeof(chunk)));
		spin_unlock_irq(&tty->lock, flags);
		if (count == 0)
			break;
		if (io_buffer_put(buffer, chunk, count))
			return total ? (ssize_t)total : -EFAULT;
		total += count;
	}
	return (ssize_t)total;
}

static bool is_packet(struct pty *pty)
{
	return __atomic_load_n(&pty->is_packet, __ATOMIC_RELAXED);
}

static bool has_packet_news(struct pty *pty)
{
	return is_packet(pty) && __atomic_load_n(&pty->packet_news, __ATOMIC_RELAXED);
}

/* The same in packet mode. */
static ssize_t take_packet(struct pty *pty, struct io_buffer *buffer)
{
	irq_flags flags = spin_lock_irq(&pty->tty.lock);
	uint8_t news = pty->packet_news;
	bool has_output = tty_has_output(&pty->tty);
	ssize_t count;

	pty->packet_news = 0;
	spin_unlock_irq(&pty->tty.lock, flags);
	if (!news && !has_output)
		return 0;
	if (io_buffer_put(buffer, &news, 1))
		return -EFAULT;
	if (news || buffer->remaining == 0)
		return 1;
	count = take_output(&pty->tty, buffer);
	return count < 0 ? count : count + 1;
}

static ssize_t read_locked(struct file *file, struct io_buffer *buffer)
{
	struct pty *pty = file->private;

	for (;;) {
		bool has_left = pty->slave_has_left;
		ssize_t count = is_packet(pty) ? take_packet(pty, buffer)
					       : take_output(&pty->tty, buffer);

		if (count != 0)
			return count;
		/* What it wrote before it left was there when we looked. */
		if (has_left)
			return -EIO;
		if (is_nonblocking(file))
			return -EAGAIN;
		if (wait_event_interruptible(&pty->master_queue,
					     tty_has_output(&pty->tty) || pty->slave_has_left ||
						     has_packet_news(pty)))
			return -ERESTARTSYS;
	}
}

static ssize_t master_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct pty *pty = file->private;
	ssize_t result;

	(void)position;
	if (buffer->remaining == 0)
		return 0;
	result = lock_turn(&pty->master_read_mutex, file);
	if (result)
		return result;
	result = read_locked(file, buffer);
	mutex_unlock(&pty->master_read_mutex);
	return result;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Type `size` bytes, waiting for room. Adds to *total; 0 or an error. */
static int type_chunk(struct file *file, const uint8_t *bytes, size_t size, ssize_t *total)
{
	struct pty *pty = file->private;

	while (size > 0) {
		size_t done = tty_receive_now(&pty->tty, bytes, size);

		*total += (ssize_t)done;
		bytes += done;
		size -= done;
		if (done > 0)
			continue;
		if (is_nonblocking(file))
			return -EAGAIN;
		if (wait_event_interruptible(&pty->master_queue,
					     line_discipline_has_room(&pty->tty.line)))
			return -ERESTARTSYS;
	}
	return 0;
}

static ssize_t write_locked(struct file *file, struct io_buffer *buffer)
{
	uint8_t chunk[CHUNK];
	ssize_t total = 0;
	int error = 0;

	while (buffer->remaining > 0 && !error) {
		size_t size = min(buffer->remaining, sizeof(chunk));

		if (total > 0 && thread_is_interrupted(thread_current()))
			error = -ERESTARTSYS;
		else if (io_buffer_get(buffer, chunk, size))
			error = -EFAULT;
		else
			error = type_chunk(file, chunk, size, &total);
	}
	return total ? total : error;
}

static ssize_t master_write(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct pty *pty = file->private;
	ssize_t result;

	(void)position;
	if (buffer->remaining == 0)
		return 0;
	result = lock_turn(&pty->master_write_mutex, file);
	if (result)
		return result;
	result = write_locked(file, buffer);
	mutex_unlock(&pty->master_write_mutex);
	return result;
}

/* ---- poll and ioctl -------------------------------------------------------------------------- */

static uint32_t master_poll(struct file *file, struct poll_table *table)
{
	struct pty *pty = file->private;
	struct tty *tty = &pty->tty;
	uint32_t state = 0;
	irq_flags flags;

	poll_register(table, &pty->master_queue);
	flags = spin_lock_irq(&tty->lock);
	if (tty_has_output(tty))
		state |= POLL_IN | POLL_READ_NORMAL;
	if (pty->is_packet && pty->packet_news)
		state |= POLL_IN | POLL_READ_NORMAL | POLL_PRI;
	if (line_discipline_has_room(&tty->line))
		state |= POLL_OUT | POLL_WRITE_NORMAL;
	else
		tty->input_is_held = true; /* whoever makes room tells the poller */
	if (pty->slave_has_left)
		state |= POLL_HANG_UP;
	spin_unlock_irq(&tty->lock, flags);
	return state;
}

static int master_set_flags(struct file *file, uint32_t flags)
{
	if (!(flags & O_ASYNC))
		return 0;
	return file_owner_set_default(file, FILE_OWNER_PROCESS, process_current()->id);
}

static enum file_news master_news(struct file *file, const struct wait_queue *queue, uint32_t key)
{
	(void)file, (void)queue;
	if (key & POLL_HANG_UP)
		return NEWS_NONE;
	if (key & POLL_IN)
		return NEWS_IN;
	return key & POLL_OUT ? NEWS_OUT : NEWS_NONE;
}

static int set_locked(struct pty *pty, user_addr from)
{
	uint32_t is_locked;

	if (get_user_u32(&is_locked, from))
		return -EFAULT;
	pty_set_locked(pty, is_locked != 0);
	return 0;
}

static int set_packet(struct pty *pty, user_addr from)
{
	irq_flags flags;
	uint32_t wanted;

	if (get_user_u32(&wanted, from))
		return -EFAULT;
	flags = spin_lock_irq(&pty->tty.lock);
	if (wanted && !pty->is_packet)
		pty->packet_news = 0;
	__atomic_store_n(&pty->is_packet, wanted != 0, __ATOMIC_RELAXED);
	spin_unlock_irq(&pty->tty.lock, flags);
	return 0;
}

static int put_readable(struct tty *tty, user_addr to)
{
	irq_flags flags = spin_lock_irq(&tty->lock);
	uint32_t count = ring_buffer_used(&tty->line.output);

	spin_unlock_irq(&tty->lock, flags);
	return put_user_u32(to, count);
}

/* Whose terminal the slave is, without being in that session: terminal emulators ask it. */
static int put_owner(struct tty *tty, unsigned int command, user_addr to)
{
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);
	process_id foreground = job_control_foreground_id(tty);
	process_id session = tty->session ? tty->session->id : 0;

	rwspin_read_unlock_irq(&process_tree_lock, flags);
	if (command == TIOCGPGRP)
		return put_user_u32(to, foreground > 0 ? (uint32_t)foreground : 0);
	return session ? put_user_u32(to, (uint32_t)session) : -ENOTTY;
}

static int master_ioctl(struct file *file, unsigned int command, uintptr_t argument)
{
	struct pty *pty = file->private;
	user_addr address = user_addr_from(argument);

	switch (command) {
	case TIOCGPTN:
		return put_user_u32(address, pty->number);
	case TIOCSPTLCK:
		return set_locked(pty, address);
	case TIOCGPTLCK:
		return put_user_u32(address, pty_is_locked(pty));
	case TIOCPKT:
		return set_packet(pty, address);
	case TIOCGPKT:
		return put_user_u32(address, is_packet(pty));
	case FIONREAD:
		return put_readable(&pty->tty, address);
	case TIOCGPGRP:
	case TIOCGSID:
		return put_owner(&pty->tty, command, address);
	}
	return termios_ioctl(&pty->tty, command, argument);
}

int pty_open_peer(const struct file *master, uint32_t flags, struct file **out)
{
	const struct path *node = &master->path;
	struct walk_context context = { .root = *node, .credentials = credentials_current() };
	const struct pty *pty = master->private;
	char name[16];
	int error;

	if (master->ops != &pty_master_ops)
		return master->ops == &tty_file_ops ? -EIO : -ENOTTY;
	context.start = (struct path){ node->mount, dentry_get_parent(node->dentry) };
	/* The node is /dev/ptmx or /dev/pts/ptmx. */
	snprintf(name, sizeof(name), "pts/%u", pty->number);
	error = file_open(&context, name, flags & ~(uint32_t)O_CLOEXEC, 0, out);
	if (error == -ENOENT)
		error = file_open(&context, name + strlen("pts/"), flags & ~(uint32_t)O_CLOEXEC, 0,
				  out);
	dentry_put(context.start.dentry);
	return error;
}

const struct file_ops pty_master_ops = {
	.open = master_open,
	.release = master_release,
	.read = master_read,
	.write = master_write,
	.ioctl = master_ioctl,
	.poll = master_poll,
	.set_flags = master_set_flags,
	.news = master_news,
	.stream = true,
};

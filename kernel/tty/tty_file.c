/*
 * Terminals as programs open them: read, write, poll, ioctl.
 *
 * A file that was open when its terminal was hung up is dead: reads give 0, writes and ioctls -EIO,
 * poll everything. Opening the terminal again gives a live one. Sleepers look at that too, so a
 * hang-up ends their waits; and whoever moves bytes looks under the terminal's lock, so that a dead
 * file's reader, awake but not on his way yet, takes nothing of what comes after.
 *
 * The conditions of sleepers read the line discipline without its lock: single words, looked at
 * again under it.
 */
#include "arch/user_copy.h"
#include "lib/min_max.h"
#include "mem/kmalloc.h"
#include "proc/file_owner.h"
#include "proc/process.h"
#include "sched/clock.h"
#include "tty/internal.h"
#include "tty/job_control.h"
#include "tty/tty_numbers.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/credentials.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/poll.h"

enum { CHUNK = 512, TENTH_NS = 100000000 };

static bool is_nonblocking(const struct file *file)
{
	return atomic_load_explicit(&file->flags, memory_order_relaxed) & O_NONBLOCK;
}

/* One at a time; -EAGAIN instead of waiting for the other, if the file says so. */
static int lock_turn(struct mutex *mutex, const struct file *file)
{
	if (is_nonblocking(file))
		return mutex_try_lock(mutex) ? 0 : -EAGAIN;
	return mutex_lock_interruptible(mutex) ? -ERESTARTSYS : 0;
}

/* ---- open and close -------------------------------------------------------------------------- */

static int begin_use(struct tty *tty)
{
	int error = 0;

	mutex_lock(&tty->open_mutex);
	if (tty->is_exclusive && !credentials_capable(credentials_current(), CAP_SYS_ADMIN))
		error = -EBUSY;
	else if (tty->open_count == 0 && tty->ops->open)
		error = tty->ops->open(tty);
	if (!error)
		tty->open_count++;
	mutex_unlock(&tty->open_mutex);
	return error;
}

static void end_use(struct tty *tty)
{
	mutex_lock(&tty->open_mutex);
	if (--tty->open_count == 0) {
		tty->is_exclusive = false;
		if (tty->ops->close)
			tty->ops->close(tty);
	}
	mutex_unlock(&tty->open_mutex);
}

static int tty_file_open(struct file *file)
{
	dev_number number = file->inode->device;
	bool may_adopt = number != TTY_CURRENT_NUMBER && number != TTY_CONSOLE_NUMBER &&
			 number != TTY_SCREEN_NUMBER(0) && (file->mode & FILE_READ) &&
			 !(atomic_load_explicit(&file->flags, memory_order_relaxed) & O_NOCTTY);
	struct tty_file *opened = kzalloc(sizeof(*opened), 0);
	struct tty *tty;
	int error;

	if (!opened)
		return -ENOMEM;
	error = tty_find(number, &tty);
	if (error)
		goto free_opened;
	error = begin_use(tty);
	if (error)
		goto put_tty;
	opened->tty = tty;
	opened->is_console = number == TTY_CONSOLE_NUMBER;
	opened->hang_up_count =
		atomic_load_explicit(&tty->hang_up_count, memory_order_acquire);
	/* Only now: if it goes after this look, the hang-up that follows is for this file too. */
	error = -EIO;
	if (atomic_load_explicit(&tty->is_gone, memory_order_acquire))
		goto leave;
	file->private = opened;
	if (may_adopt)
		job_control_adopt(opened);
	return 0;

leave:
	end_use(tty);
put_tty:
	tty_put(tty);
free_opened:
	kfree(opened);
	return error;
}

static void tty_file_release(struct file *file)
{
	struct tty_file *opened = file->private;

	end_use(opened->tty);
	tty_put(opened->tty);
	kfree(opened);
}

/* ---- read ------------------------------------------------------------------------------------ */

/* How long a read waits, and for how much (termios(3), "noncanonical mode"). */
struct patience {
	size_t minimum;			/* bytes that end the read */
	uint64_t first_deadline_ns;	/* until the first byte */
	uint64_t pause_ns;		/* between two bytes; 0: no matter */
};

static void get_patience(struct tty *tty, struct patience *patience)
{
	irq_flags flags = spin_lock_irq(&tty->lock);
	const struct termios2 *termios = &tty->line.termios;
	uint64_t time_ns = (uint64_t)termios->c_cc[VTIME] * TENTH_NS;

	*patience = (struct patience){ .minimum = 1, .first_deadline_ns = WAIT_FOREVER };
	if (!(termios->c_lflag & ICANON)) {
		if (termios->c_cc[VMIN] > 0) {
			patience->minimum = termios->c_cc[VMIN];
			patience->pause_ns = time_ns;
		} else {
			patience->first_deadline_ns = time_ns ? clock_monotonic_ns() + time_ns : 0;
		}
	}
	spin_unlock_irq(&tty->lock, flags);
}

/*
 * Move what there is, but not beyond the end of a line. Returns bytes, or -EFAULT if there were
 * none.
 */
static ssize_t take_input(const struct tty_file *opened, struct io_buffer *buffer, bool *is_end)
{
	struct tty *tty = opened->tty;
	uint8_t chunk[CHUNK];
	size_t total = 0;
	size_t wanted, count;

	*is_end = false;
	do {
		irq_flags flags;

		wanted = min(buffer->remaining, sizeof(chunk));
		count = 0;
		flags = spin_lock_irq(&tty->lock);
		if (!tty_file_is_hung_up(opened))
			count = line_discipline_read(&tty->line, chunk, wanted, is_end);
		tty_resume_input(tty);
		tty_start_output(tty);
		spin_unlock_irq(&tty->lock, flags);
		if (count > 0 && io_buffer_put(buffer, chunk, count))
			return total ? (ssize_t)total : -EFAULT;
		total += count;
	} while (count == wanted && !*is_end && buffer->remaining > 0);
	return (ssize_t)total;
}

/* A read that waits while the master of a pseudo-terminal closes fails; later ones find nothing. */
static ssize_t result_of_hang_up(struct tty *tty)
{
	/* Acquire: pairs with the release in pty_close_master, before the hang-up. */
	return atomic_load_explicit(&tty->is_gone, memory_order_acquire) ? -EIO : 0;
}

static ssize_t read_locked(struct file *file, struct io_buffer *buffer)
{
	struct tty_file *opened = file->private;
	struct tty *tty = opened->tty;
	struct patience patience;
	ssize_t total = 0;

	get_patience(tty, &patience);
	for (;;) {
		uint64_t deadline_ns = patience.first_deadline_ns;
		bool is_end;
		ssize_t count = take_input(opened, buffer, &is_end);
		int error;

		if (count < 0)
			return total ? total : count;
		total += count;
		if (is_end || (size_t)total >= patience.minimum || buffer->remaining == 0)
			return total;
		if (tty_file_is_hung_up(opened))
			return total ? total : result_of_hang_up(tty);
		if (deadline_ns == 0)
			return total;
		if (is_nonblocking(file))
			return total ? total : -EAGAIN;
		if (total && patience.pause_ns)
			deadline_ns = clock_monotonic_ns() + patience.pause_ns;
		error = wait_event_interruptible_until(
			&tty->read_queue,
			line_discipline_is_readable(&tty->line, false) ||
				tty_file_is_hung_up(opened),
			deadline_ns);
		if (error == -ETIMEDOUT)
			return total;
		if (error)
			return total ? total : -ERESTARTSYS;
	}
}

static ssize_t tty_file_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct tty_file *opened = file->private;
	ssize_t result;

	(void)position;
	if (tty_file_is_hung_up(opened) || buffer->remaining == 0)
		return 0;
	if (!opened->is_console) {
		result = job_control_check(opened->tty, SIGTTIN);
		if (result)
			return result;
	}
	result = lock_turn(&opened->tty->read_mutex, file);
	if (result)
		return result;
	result = read_locked(file, buffer);
	mutex_unlock(&opened->tty->read_mutex);
	if (result > 0)
		inode_touch(file->inode, true, false, false);
	return result;
}

/* ---- write ----------------------------------------------------------------------------------- */

/* Give `size` bytes to the line discipline, waiting for room. Adds to *total; 0 or an error. */
static int write_chunk(struct file *file, const uint8_t *bytes, size_t size, ssize_t *total)
{
	struct tty_file *opened = file->private;
	struct tty *tty = opened->tty;

	for (;;) {
		irq_flags flags = spin_lock_irq(&tty->lock);
		size_t done = 0;

		if (!tty_file_is_hung_up(opened))
			done = line_discipline_write(&tty->line, bytes, size);
		tty_start_output(tty);
		spin_unlock_irq(&tty->lock, flags);
		*total += (ssize_t)done;
		bytes += done;
		size -= done;
		if (size == 0)
			return 0;
		if (tty_file_is_hung_up(opened))
			return -EIO;
		if (done > 0)
			continue;
		atomic_store_explicit(&opened->lacked_room, true, memory_order_relaxed);
		if (is_nonblocking(file))
			return -EAGAIN;
		if (wait_event_interruptible(&tty->write_queue,
					     line_discipline_is_writable(&tty->line) ||
						     tty_file_is_hung_up(opened)))
			return -ERESTARTSYS;
	}
}

static ssize_t write_locked(struct file *file, struct io_buffer *buffer)
{
	struct tty_file *opened = file->private;
	uint8_t chunk[CHUNK];
	ssize_t total = 0;
	int error = 0;

	while (buffer->remaining > 0 && !error) {
		size_t size = min(buffer->remaining, sizeof(chunk));

		if (tty_file_is_hung_up(opened))
			error = -EIO;
		else if (total > 0 && thread_is_interrupted(thread_current()))
			error = -ERESTARTSYS;
		else if (io_buffer_get(buffer, chunk, size))
			error = -EFAULT;
		else
			error = write_chunk(file, chunk, size, &total);
	}
	return total ? total : error;
}

static ssize_t tty_file_write(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	struct tty_file *opened = file->private;
	struct tty *tty = opened->tty;
	ssize_t result;

	(void)position;
	if (tty_file_is_hung_up(opened))
		return -EIO;
	if (buffer->remaining == 0)
		return 0;
	if ((tty->line.termios.c_lflag & TOSTOP) && !opened->is_console) {
		result = job_control_check(tty, SIGTTOU);
		if (result)
			return result;
	}
	result = lock_turn(&tty->write_mutex, file);
	if (result)
		return result;
	result = write_locked(file, buffer);
	mutex_unlock(&tty->write_mutex);
	if (result > 0)
		inode_touch(file->inode, false, true, true);
	return result;
}

/* ---- poll and ioctl -------------------------------------------------------------------------- */

static uint32_t tty_file_poll(struct file *file, struct poll_table *table)
{
	struct tty_file *opened = file->private;
	struct tty *tty = opened->tty;
	uint32_t state = 0;
	irq_flags flags;

	poll_register(table, &tty->read_queue);
	poll_register(table, &tty->write_queue);
	if (tty_file_is_hung_up(opened))
		return POLL_IN | POLL_OUT | POLL_ERROR | POLL_HANG_UP | POLL_READ_NORMAL |
		       POLL_WRITE_NORMAL;
	flags = spin_lock_irq(&tty->lock);
	if (line_discipline_is_readable(&tty->line, true))
		state |= POLL_IN | POLL_READ_NORMAL;
	if (line_discipline_is_writable(&tty->line))
		state |= POLL_OUT | POLL_WRITE_NORMAL;
	spin_unlock_irq(&tty->lock, flags);
	return state;
}

/* Of a terminal without an owner it is the foreground group, or else whoever asks for news. */
static int tty_file_set_flags(struct file *file, uint32_t flags)
{
	struct tty_file *opened = file->private;
	uint32_t old = atomic_load_explicit(&file->flags, memory_order_relaxed);
	process_id group;
	irq_flags irqs;

	if (!((old ^ flags) & O_ASYNC))
		return 0;
	if (tty_file_is_hung_up(opened))
		return -ENOTTY;
	if (!(flags & O_ASYNC))
		return 0;
	irqs = rwspin_read_lock_irq(&process_tree_lock);
	group = job_control_foreground_id(opened->tty);
	rwspin_read_unlock_irq(&process_tree_lock, irqs);
	if (group > 0)
		return file_owner_set_default(file, FILE_OWNER_GROUP, group);
	return file_owner_set_default(file, FILE_OWNER_PROCESS, process_current()->id);
}

/* A hang-up has a signal of its own. */
static enum file_news tty_file_news(struct file *file, const struct wait_queue *queue, uint32_t key)
{
	struct tty_file *opened = file->private;

	if (tty_file_is_hung_up(opened))
		return NEWS_NONE;
	if (queue == &opened->tty->read_queue)
		return key & POLL_IN ? NEWS_IN : NEWS_NONE;
	return key & POLL_OUT && atomic_exchange_explicit(&opened->lacked_room, false,
							  memory_order_relaxed)
		       ? NEWS_OUT
		       : NEWS_NONE;
}

static int tty_file_ioctl(struct file *file, unsigned int command, uintptr_t argument)
{
	struct tty_file *opened = file->private;
	struct tty *tty = opened->tty;
	int result;

	if (tty_file_is_hung_up(opened))
		return command == TIOCSPGRP ? -ENOTTY : -EIO;
	result = job_control_ioctl(file, tty, command, argument);
	if (result == -ENOTTY)
		result = termios_ioctl(tty, command, argument);
	if (result == -ENOTTY && tty->ops->ioctl)
		result = tty->ops->ioctl(tty, command, argument);
	return result;
}

const struct file_ops tty_file_ops = {
	.open = tty_file_open,
	.release = tty_file_release,
	.read = tty_file_read,
	.write = tty_file_write,
	.ioctl = tty_file_ioctl,
	.poll = tty_file_poll,
	.set_flags = tty_file_set_flags,
	.news = tty_file_news,
	.stream = true,
};

/*
 * signalfd(2): taking signals with read().
 *
 * The file is only a mask; whose signals are read is decided by who reads: the reading thread's and
 * its process's. So poll() registers on the caller's process, which may end before the file does:
 * it then closes its signal_queue (wait_queue_close), and whoever watches from elsewhere hears no
 * more.
 */
#include "proc/signalfd.h"

#include "lib/string.h"
#include "mem/slab.h"
#include "proc/internal.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "uapi/linux/signalfd.h"
#include "vfs/file.h"
#include "vfs/poll.h"
#include "vm/io_buffer.h"

/* [a] atomic: changed whole by signalfd(2) on an existing file */
struct signalfd {
	_Atomic(signal_set) mask;
};

static struct slab_cache *slab;

void signalfd_init(void)
{
	slab = slab_cache_create("signalfd", sizeof(struct signalfd), 0);
}

static signal_set mask_of(const struct file *file)
{
	const struct signalfd *signalfd = file->private;

	return atomic_load_explicit(&signalfd->mask, memory_order_relaxed);
}

/* Kinds of siginfo, by what the number and the code say; the union has no tag. */
static void describe_by_kind(struct linux_signalfd_siginfo *out, const struct linux_siginfo *info)
{
	if (info->code == SI_TIMER) {
		out->timer_id = (uint32_t)info->timer.timer_id;
		out->overrun = (uint32_t)info->timer.overrun;
		out->integer = info->timer.value.integer;
		out->pointer = info->timer.value.pointer;
	} else if (info->code == SI_SIGIO || (info->signo == SIGIO && info->code > 0 &&
					      info->code != SI_KERNEL)) {
		out->band = (uint32_t)info->io.band;
		out->fd = info->io.fd;
	} else if (info->code <= 0 || info->code == SI_KERNEL) {
		out->pid = (uint32_t)info->user.pid;
		out->uid = info->user.uid;
		if (info->code < 0 && info->code != SI_TKILL) {
			out->integer = info->user.value.integer;
			out->pointer = info->user.value.pointer;
		}
	} else if (info->signo == SIGCHLD) {
		out->pid = (uint32_t)info->child.pid;
		out->uid = info->child.uid;
		out->status = info->child.status;
		out->user_ticks = (uint64_t)info->child.user_ticks;
		out->system_ticks = (uint64_t)info->child.system_ticks;
	} else if (info->signo == SIGSYS) {
		out->call_address = info->syscall.call_address;
		out->call_number = info->syscall.call_number;
		out->architecture = info->syscall.architecture;
	} else if (SIGNAL_BIT(info->signo) & SIGNALS_FAULT) {
		out->address = info->fault.address;
	}
}

static int put_info(struct io_buffer *buffer, const struct linux_siginfo *info)
{
	struct linux_signalfd_siginfo out;

	memset(&out, 0, sizeof(out));
	out.signo = (uint32_t)info->signo;
	out.error = info->error;
	out.code = info->code;
	describe_by_kind(&out, info);
	return io_buffer_put(buffer, &out, sizeof(out));
}

static int take_now(signal_set which, struct linux_siginfo *info)
{
	struct user_thread *thread = user_thread_current();
	irq_flags flags = spin_lock_irq(&thread->process->signal_lock);
	int signal = signal_take(thread, which, info);

	signal_recalculate(thread);
	spin_unlock_irq(&thread->process->signal_lock, flags);
	return signal;
}

static ssize_t signalfd_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	bool may_wait = !(atomic_load_explicit(&file->flags, memory_order_relaxed) & O_NONBLOCK);
	struct process *process = process_current();
	struct linux_siginfo info;
	ssize_t done = 0;

	(void)position;
	if (buffer->remaining < sizeof(struct linux_signalfd_siginfo))
		return -EINVAL;
	while (buffer->remaining >= sizeof(struct linux_signalfd_siginfo)) {
		if (take_now(mask_of(file), &info)) {
			if (put_info(buffer, &info))
				return done ? done : -EFAULT;
			done += (ssize_t)sizeof(struct linux_signalfd_siginfo);
			continue;
		}
		if (done)
			break;
		if (!may_wait)
			return -EAGAIN;
		if (wait_event_interruptible(&process->signal_queue,
					     signal_pending_set() & mask_of(file)))
			return -ERESTARTSYS;
	}
	return done;
}

static uint32_t signalfd_poll(struct file *file, struct poll_table *table)
{
	poll_register(table, &process_current()->signal_queue);
	return signal_pending_set() & mask_of(file) ? POLL_IN : 0;
}

static void signalfd_release(struct file *file)
{
	slab_free(slab, file->private);
}

static void signalfd_describe(struct file *file, struct description_sink *sink)
{
	description_print(sink, "sigmask:\t%016llx\n", (unsigned long long)mask_of(file));
}

static const struct file_ops signalfd_ops = {
	.release = signalfd_release,
	.read = signalfd_read,
	.seek = file_seek_nowhere,
	.poll = signalfd_poll,
	.describe = signalfd_describe,
	.stream = true,
};

int signalfd_create(signal_set mask, uint32_t flags, struct file **out)
{
	struct signalfd *signalfd = slab_alloc(slab, 0);
	int error;

	if (!signalfd)
		return -ENOMEM;
	atomic_store_explicit(&signalfd->mask, mask & ~SIGNALS_UNBLOCKABLE, memory_order_relaxed);
	error = file_create_anonymous("[signalfd]", &signalfd_ops, signalfd, O_RDWR | flags,
				      FILE_READ | FILE_WRITE, out);
	if (error)
		slab_free(slab, signalfd);
	return error;
}

int signalfd_set_mask(struct file *file, signal_set mask)
{
	struct signalfd *signalfd = file->private;

	if (file->ops != &signalfd_ops)
		return -EINVAL;
	atomic_store(&signalfd->mask, mask & ~SIGNALS_UNBLOCKABLE);
	/* What was pending already may be asked for only now. */
	wait_queue_wake_all(&process_current()->signal_queue, 0);
	return 0;
}

/*
 * Job control (POSIX 11.1): the terminal's side of sessions and process groups.
 *
 * A session and its controlling terminal point at each other, under process_tree_lock: session->tty
 * holds a reference, tty->session is cleared before the session can go. The foreground group is
 * referenced by the terminal. Both are set together, when a session leader takes the terminal, and
 * cleared together: by TIOCNOTTY of the leader, by its end, by a hang-up, or when an
 * administrator's TIOCSCTTY steals the terminal. A process that is not the leader may give the
 * terminal up for itself (process_terminal).
 *
 * A hang-up first kills the files that are open, then clears. So who takes the terminal looks under
 * the lock whether his file is still alive: then the clearing comes after him.
 *
 * Signals are sent without the tree lock, which signal_send_group takes by itself, to a group that
 * is referenced meanwhile.
 */
#include "tty/job_control.h"

#include "arch/user_copy.h"
#include "core/stack_header.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "tty/internal.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"
#include "vfs/file.h"

static struct process_group *group_get(struct process_group *group)
{
	if (group)
		refcount_get(&group->references);
	return group;
}

static void group_put(struct process_group *group)
{
	if (group)
		process_group_put(group);
}

static void send_kernel_signal(struct process_group *group, int signal)
{
	struct linux_siginfo info;

	signal_info_kernel(&info, signal);
	(void)signal_send_group(group, &info);
}

/* Tree lock held. */
static struct session *current_session(void)
{
	return process_current()->group->session;
}

struct tty *job_control_get_terminal(void)
{
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);
	struct tty *tty = process_terminal(process_current());

	if (tty)
		tty_get(tty);
	rwspin_read_unlock_irq(&process_tree_lock, flags);
	return tty;
}

bool job_control_may(const struct tty *tty, unsigned int capability)
{
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);
	bool is_own = process_terminal(process_current()) == tty;

	rwspin_read_unlock_irq(&process_tree_lock, flags);
	return is_own || credentials_capable(credentials_current(), capability);
}

static struct process_group *foreground_get(struct tty *tty)
{
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);
	struct process_group *group = group_get(tty->foreground);

	rwspin_read_unlock_irq(&process_tree_lock, flags);
	return group;
}

process_id job_control_foreground_id(struct tty *tty)
{
	rwspin_assert_held(&process_tree_lock);
	return tty->foreground ? tty->foreground->id : -1;
}

void job_control_signal_foreground(struct tty *tty, int signal)
{
	struct process_group *group = foreground_get(tty);

	if (!group)
		return;
	send_kernel_signal(group, signal);
	process_group_put(group);
}

/* ---- who may use the terminal ---------------------------------------------------------------- */

static bool current_heeds(int signal)
{
	const struct user_thread *thread = user_thread_current();

	return !(thread->blocked & SIGNAL_BIT(signal)) &&
	       thread->process->handlers->actions[signal - 1].handler != SIG_IGN;
}

/*
 * The current group if it is in the background of its own session's terminal `tty`: referenced,
 * else NULL.
 */
static struct process_group *background_get(struct tty *tty, bool *is_orphaned)
{
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);
	struct process_group *group = process_current()->group;

	if (process_terminal(process_current()) != tty || !tty->foreground ||
	    tty->foreground == group)
		group = NULL;
	if (group)
		*is_orphaned = process_group_is_orphaned(group_get(group));
	rwspin_read_unlock_irq(&process_tree_lock, flags);
	return group;
}

int job_control_check(struct tty *tty, int signal)
{
	bool is_orphaned;
	struct process_group *group = background_get(tty, &is_orphaned);
	int error;

	if (!group)
		return 0;
	if (!current_heeds(signal)) {
		error = signal == SIGTTIN ? -EIO : 0;
	} else if (is_orphaned) {
		error = -EIO;
	} else {
		send_kernel_signal(group, signal);
		/* The call restarts even if another thread takes the signal. */
		thread_add_return_work(thread_current(), RETURN_WORK_SIGNAL);
		error = -ERESTARTSYS;
	}
	process_group_put(group);
	return error;
}

/* ---- taking and leaving a terminal ----------------------------------------------------------- */

/* What a change of hands leaves to be put once the tree lock is dropped. */
struct leftovers {
	struct tty *tty;		/* the session's reference */
	struct process_group *group;	/* the terminal's */
};

/* Part the terminal and its session, if it has one. Tree lock exclusive. */
static void detach(struct tty *tty, struct leftovers *leftovers)
{
	leftovers->group = tty->foreground;
	tty->foreground = NULL;
	if (tty->session && tty->session->tty == tty) {
		leftovers->tty = tty;
		tty->session->tty = NULL;
	}
	tty->session = NULL;
}

/* Give it to the current process's session, which has none. Tree lock exclusive. */
static void attach(struct tty *tty)
{
	struct process_group *group = process_current()->group;

	tty_get(tty);
	tty->session = group->session;
	tty->session->tty = tty;
	tty->foreground = group_get(group);
}

static void put_leftovers(const struct leftovers *leftovers)
{
	group_put(leftovers->group);
	if (leftovers->tty)
		tty_put(leftovers->tty);
}

void job_control_adopt(const struct tty_file *opened)
{
	struct tty *tty = opened->tty;
	irq_flags flags = rwspin_write_lock_irq(&process_tree_lock);
	struct session *session = current_session();

	if (session->leader == process_current() && !session->tty && !tty->session &&
	    !tty_file_is_hung_up(opened))
		attach(tty);
	rwspin_write_unlock_irq(&process_tree_lock, flags);
}

/* TIOCSCTTY, in Linux's order of errors. */
static int take_terminal(struct file *file, struct tty *tty, bool steal)
{
	bool is_admin = credentials_capable(credentials_current(), CAP_SYS_ADMIN);
	struct leftovers leftovers = { NULL, NULL };
	irq_flags flags = rwspin_write_lock_irq(&process_tree_lock);
	struct session *session = current_session();
	bool is_leader = session->leader == process_current();
	int error = 0;

	if (is_leader && tty->session == session)
		goto unlock;
	error = -EIO;
	if (tty_file_is_hung_up(file->private))
		goto unlock;
	error = -EPERM;
	if (!is_leader || session->tty)
		goto unlock;
	if (tty->session && !(steal && is_admin))
		goto unlock;
	if (!(file->mode & FILE_READ) && !is_admin)
		goto unlock;
	error = 0;
	detach(tty, &leftovers);
	attach(tty);
unlock:
	rwspin_write_unlock_irq(&process_tree_lock, flags);
	put_leftovers(&leftovers);
	return error;
}

/*
 * The session `session` (NULL: whichever has it) loses the terminal; its leader and foreground
 * group hear of it.
 */
static void leave_terminal(struct tty *tty, struct session *session)
{
	struct leftovers leftovers = { NULL, NULL };
	struct process *leader = NULL;
	irq_flags flags = rwspin_write_lock_irq(&process_tree_lock);

	if (tty->session && (!session || tty->session == session)) {
		leader = tty->session->leader;
		if (leader)
			process_get(leader);
		detach(tty, &leftovers);
	}
	rwspin_write_unlock_irq(&process_tree_lock, flags);
	if (leader) {
		struct linux_siginfo info;

		signal_info_kernel(&info, SIGHUP);
		(void)signal_send_process(leader, &info);
		signal_info_kernel(&info, SIGCONT);
		(void)signal_send_process(leader, &info);
		process_put(leader);
	}
	if (leftovers.group) {
		send_kernel_signal(leftovers.group, SIGHUP);
		send_kernel_signal(leftovers.group, SIGCONT);
	}
	put_leftovers(&leftovers);
}

static void send_own_signal(struct process_group *group, int signal)
{
	struct linux_siginfo info;

	signal_info_user(&info, signal);
	(void)signal_send_group(group, &info);
}

/*
 * TIOCNOTTY: of the leader for its session, of another for itself and the children it will have.
 */
static int give_up_terminal(struct tty *tty)
{
	struct leftovers leftovers = { NULL, NULL };
	irq_flags flags = rwspin_write_lock_irq(&process_tree_lock);
	struct session *session = current_session();
	bool is_own = process_terminal(process_current()) == tty;

	if (is_own && session->leader == process_current())
		detach(tty, &leftovers);
	else if (is_own)
		process_current()->gave_up_terminal = true;
	rwspin_write_unlock_irq(&process_tree_lock, flags);
	if (leftovers.group) {
		send_own_signal(leftovers.group, SIGHUP);
		send_own_signal(leftovers.group, SIGCONT);
	}
	put_leftovers(&leftovers);
	return is_own ? 0 : -ENOTTY;
}

/* ---- hanging up ------------------------------------------------------------------------------ */

/*
 * Whoever has the terminal open now has it no more. What was written is still sent: it may be a
 * program's last words.
 */
static void kill_open_files(struct tty *tty)
{
	irq_flags flags = spin_lock_irq(&tty->lock);

	atomic_fetch_add_explicit(&tty->hang_up_count, 1, memory_order_release);
	line_discipline_flush_input(&tty->line);
	line_discipline_start(&tty->line);
	tty_start_output(tty);
	if (tty->ops->hang_up)
		tty->ops->hang_up(tty);
	tty_resume_input(tty);
	wait_queue_wake_all(&tty->read_queue, UINT32_MAX);
	wait_queue_wake_all(&tty->write_queue, UINT32_MAX);
	spin_unlock_irq(&tty->lock, flags);
}

void job_control_hang_up(struct tty *tty)
{
	kill_open_files(tty);
	leave_terminal(tty, NULL);
}

void job_control_hang_up_current(void)
{
	struct tty *tty = job_control_get_terminal();

	if (!tty)
		return;
	job_control_hang_up(tty);
	tty_put(tty);
}

/* The session's own reference to the terminal is gone already; the caller puts it. */
static void leader_exits(struct tty *tty, struct session *session)
{
	kill_open_files(tty);
	leave_terminal(tty, session);
}

static dev_number terminal_device(struct tty *tty)
{
	return tty->device;
}

static const struct terminal_ops terminal_ops = {
	.put = tty_put,
	.leader_exits = leader_exits,
	.device = terminal_device,
	.foreground = job_control_foreground_id,
};

void job_control_init(void)
{
	session_set_terminal_ops(&terminal_ops);
}

/* ---- commands -------------------------------------------------------------------------------- */

static int get_foreground(struct tty *tty, user_addr to)
{
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);
	bool is_own = process_terminal(process_current()) == tty;
	process_id id = tty->foreground ? tty->foreground->id : 0;

	rwspin_read_unlock_irq(&process_tree_lock, flags);
	return is_own ? put_user_u32(to, (uint32_t)id) : -ENOTTY;
}

static int get_session(struct tty *tty, user_addr to)
{
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);
	bool is_own = process_terminal(process_current()) == tty;
	process_id id = tty->session ? tty->session->id : 0;

	rwspin_read_unlock_irq(&process_tree_lock, flags);
	return is_own && id ? put_user_u32(to, (uint32_t)id) : -ENOTTY;
}

/*
 * Why there is no such group: no process has that number either, or it is one that does not lead a
 * group.
 */
static int missing_group(process_id id)
{
	struct process *process = process_find_get(id);

	if (!process)
		return -ESRCH;
	process_put(process);
	return -EPERM;
}

static int change_foreground(struct tty *tty, process_id id)
{
	struct process_group *old = NULL;
	irq_flags flags = rwspin_write_lock_irq(&process_tree_lock);
	struct session *session = current_session();
	struct process_group *group;
	int error = 0;

	if (process_terminal(process_current()) != tty) {
		error = -ENOTTY;
		goto unlock;
	}
	group = process_group_find(id);
	if (!group) {
		error = -ESRCH;
	} else if (group->session != session) {
		error = -EPERM;
	} else {
		old = tty->foreground;
		tty->foreground = group_get(group);
	}
unlock:
	rwspin_write_unlock_irq(&process_tree_lock, flags);
	group_put(old);
	return error == -ESRCH ? missing_group(id) : error;
}

static int set_foreground(struct tty *tty, user_addr from)
{
	int error = job_control_check(tty, SIGTTOU);
	uint32_t id;

	if (error)
		return error == -EIO ? -ENOTTY : error;
	if (get_user_u32(&id, from))
		return -EFAULT;
	if ((process_id)id < 0)
		return -EINVAL;
	return change_foreground(tty, (process_id)id);
}

static int hang_up_by_call(struct tty *tty)
{
	if (!credentials_capable(credentials_current(), CAP_SYS_ADMIN))
		return -EPERM;
	job_control_hang_up(tty);
	return 0;
}

int job_control_ioctl(struct file *file, struct tty *tty, unsigned int command, uintptr_t argument)
{
	user_addr address = user_addr_from(argument);

	switch (command) {
	case TIOCSCTTY:
		return take_terminal(file, tty, argument == 1);
	case TIOCNOTTY:
		return give_up_terminal(tty);
	case TIOCGPGRP:
		return get_foreground(tty, address);
	case TIOCSPGRP:
		return set_foreground(tty, address);
	case TIOCGSID:
		return get_session(tty, address);
	case TIOCVHANGUP:
		return hang_up_by_call(tty);
	}
	return -ENOTTY;
}

/*
 * Process groups and sessions: who is signalled together, and who shares a terminal.
 *
 * A group lives as long as it has members, or a terminal remembers it as its foreground; a
 * session as long as it has groups. Both hold their number in the process table meanwhile. The
 * leader of a session may hold a controlling terminal for it; when the leader ends, the terminal
 * is let go and its foreground group hears of it.
 *
 * A group is orphaned when no member has a parent in another group of the same session: nobody
 * is left who could continue it, so it may not stop (POSIX 3.264), and gets SIGHUP and SIGCONT
 * if it is stopped when that happens.
 */
#include "core/assert.h"
#include "mem/slab.h"
#include "mem/kmalloc.h"
#include "proc/internal.h"
#include "uapi/linux/errno.h"

static const struct terminal_ops *terminal_ops;

void session_set_terminal_ops(const struct terminal_ops *ops)
{
	terminal_ops = ops;
}

const struct terminal_ops *session_terminal_ops(void)
{
	return terminal_ops;
}

struct session *session_alloc(process_id id)
{
	struct session *session = kzalloc(sizeof(*session), 0);

	if (!session)
		return NULL;
	refcount_set(&session->references, 1);
	session->id = id;
	return session;
}

struct process_group *process_group_alloc(process_id id, struct session *session)
{
	struct process_group *group = kzalloc(sizeof(*group), 0);

	if (!group)
		return NULL;
	refcount_set(&group->references, 1);
	group->id = id;
	group->session = session;
	list_init(&group->members);
	return group;
}

/* Tree lock exclusive. */
static void session_put_locked(struct session *session)
{
	if (!refcount_put(&session->references))
		return;
	assert(!session->tty);
	process_table_set_session(session->id, NULL);
	kfree(session);
}

static void group_put_locked(struct process_group *group)
{
	if (!refcount_put(&group->references))
		return;
	assert(list_is_empty(&group->members));
	process_table_set_group(group->id, NULL);
	session_put_locked(group->session);
	kfree(group);
}

void process_group_put(struct process_group *group)
{
	irq_flags flags = rwspin_write_lock_irq(&process_tree_lock);

	group_put_locked(group);
	rwspin_write_unlock_irq(&process_tree_lock, flags);
}

struct process_group *process_group_get_current(void)
{
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);
	struct process_group *group = process_current()->group;

	refcount_get(&group->references);
	rwspin_read_unlock_irq(&process_tree_lock, flags);
	return group;
}

void process_group_add(struct process_group *group, struct process *process)
{
	refcount_get(&group->references);
	process->group = group;
	list_add_tail(&group->members, &process->group_node);
}

void process_group_remove(struct process *process)
{
	struct process_group *group = process->group;

	list_remove(&process->group_node);
	process->group = NULL;
	group_put_locked(group);
}

/* Orphaned if `leaving` (may be NULL) is left out of account. Tree lock held. */
static bool group_is_orphaned_without(const struct process_group *group,
				      const struct process *leaving)
{
	for (const struct list_node *node = group->members.head.next; node != &group->members.head;
	     node = node->next) {
		const struct process *member = container_of(node, struct process, group_node);
		const struct process *parent = member->parent;

		if (member == leaving || member->state != PROCESS_ALIVE || !parent ||
		    parent == leaving || parent->id == 1 || !parent->group)
			continue;
		if (parent->group != group && parent->group->session == group->session)
			return false;
	}
	return true;
}

bool process_group_is_orphaned(struct process_group *group)
{
	return group_is_orphaned_without(group, NULL);
}

static bool group_has_stopped_member(const struct process_group *group)
{
	for (const struct list_node *node = group->members.head.next; node != &group->members.head;
	     node = node->next) {
		if (container_of(node, struct process, group_node)->is_stopped)
			return true;
	}
	return false;
}

static void hang_up_group(struct process_group *group)
{
	struct linux_siginfo info;

	for (struct list_node *node = group->members.head.next; node != &group->members.head;
	     node = node->next) {
		struct process *member = container_of(node, struct process, group_node);

		signal_info_kernel(&info, SIGHUP);
		signal_send_process(member, &info);
		signal_info_kernel(&info, SIGCONT);
		signal_send_process(member, &info);
	}
}

/*
 * `leaving` is about to end: its own group, or those of its children, may become orphaned by
 * that.
 */
void process_group_check_orphans(struct process *leaving)
{
	struct process_group *own = leaving->group;
	struct process *parent = leaving->parent;

	if (parent && parent->group && parent->group != own &&
	    parent->group->session == own->session && group_is_orphaned_without(own, leaving) &&
	    group_has_stopped_member(own))
		hang_up_group(own);
	for (struct list_node *node = leaving->children.head.next; node != &leaving->children.head;
	     node = node->next) {
		struct process *child = container_of(node, struct process, sibling);

		if (!child->group || child->group == own || child->group->session != own->session)
			continue;
		if (group_has_stopped_member(child->group) &&
		    group_is_orphaned_without(child->group, leaving))
			hang_up_group(child->group);
	}
}

void session_leader_exit(struct process *leader)
{
	struct session *session;
	struct tty *tty = NULL;
	irq_flags flags = rwspin_write_lock_irq(&process_tree_lock);

	session = leader->group->session;
	if (session->leader == leader) {
		session->leader = NULL;
		tty = session->tty;
		session->tty = NULL;
	}
	rwspin_write_unlock_irq(&process_tree_lock, flags);
	/* Our membership keeps the session while the terminal lets go of it. */
	if (tty) {
		terminal_ops->leader_exits(tty, session);
		terminal_ops->put(tty);
	}
}

int process_new_session(process_id *out)
{
	struct process *process = process_current();
	struct session *session = session_alloc(process->id);
	struct process_group *group = session ? process_group_alloc(process->id, session) : NULL;
	irq_flags flags;
	int error;

	if (!group) {
		kfree(session);
		return -ENOMEM;
	}
	flags = rwspin_write_lock_irq(&process_tree_lock);
	error = process_group_find(process->id) || process_table_session(process->id) ? -EPERM : 0;
	if (!error) {
		/* Nothing below can fail. The group takes over our reference to the session. */
		session->leader = process;
		process_table_set_session(process->id, session);
		process_table_set_group(process->id, group);
		process_group_remove(process);
		process_group_add(group, process);
		process->gave_up_terminal = false;
		group_put_locked(group);
		*out = process->id;
	}
	rwspin_write_unlock_irq(&process_tree_lock, flags);
	if (error) {
		kfree(group);
		kfree(session);
	}
	return error;
}

/* setpgid's rules, in Linux's order: a child that is dead is one too. Tree lock exclusive. */
static int check_set_group(struct process *caller, struct process *target, process_id wanted)
{
	if (!target)
		return -ESRCH;
	if (target != caller) {
		if (target->parent != caller)
			return -ESRCH;
		if (target->group->session != caller->group->session)
			return -EPERM;
		if (target->flags & PROCESS_HAS_EXECED)
			return -EACCES;
	}
	if (target->group->session->leader == target)
		return -EPERM;
	if (wanted != target->id) {
		struct process_group *group = process_group_find(wanted);

		if (!group || group->session != caller->group->session)
			return -EPERM;
	}
	return 0;
}

int process_set_group(process_id pid, process_id wanted)
{
	struct process *caller = process_current();
	struct process_group *fresh;
	struct process_group *group;
	struct process *target;
	irq_flags flags;
	int error;

	if (pid == 0)
		pid = caller->id;
	if (wanted == 0)
		wanted = pid;
	if (wanted < 0)
		return -EINVAL;
	if (pid < 0)
		return -ESRCH;
	fresh = process_group_alloc(wanted, NULL);
	if (!fresh)
		return -ENOMEM;
	flags = rwspin_write_lock_irq(&process_tree_lock);
	target = process_table_process(pid);
	error = check_set_group(caller, target, wanted);
	if (error || target->group->id == wanted)
		goto unlock;
	group = process_group_find(wanted);
	if (!group) {
		group = fresh;
		fresh = NULL;
		group->session = target->group->session;
		refcount_get(&group->session->references);
		process_table_set_group(wanted, group);
	} else {
		refcount_get(&group->references);
	}
	process_group_remove(target);
	process_group_add(group, target);
	group_put_locked(group);
unlock:
	rwspin_write_unlock_irq(&process_tree_lock, flags);
	kfree(fresh);
	return error;
}

int process_get_group(process_id pid, process_id *out)
{
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);
	struct process *process = pid ? process_table_process(pid) : process_current();
	int error = -ESRCH;

	if (process && process->group) {
		*out = process->group->id;
		error = 0;
	}
	rwspin_read_unlock_irq(&process_tree_lock, flags);
	return error;
}

int process_get_session(process_id pid, process_id *out)
{
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);
	struct process *process = pid ? process_table_process(pid) : process_current();
	int error = -ESRCH;

	if (process && process->group) {
		*out = process->group->session->id;
		error = 0;
	}
	rwspin_read_unlock_irq(&process_tree_lock, flags);
	return error;
}

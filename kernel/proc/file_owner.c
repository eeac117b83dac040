/*
 * Owners of open files, and the signals they get.
 *
 * Idea. O_ASYNC is a watch like epoll's: entries on the queues that the file's poll names, whose
 * callback is given each wake-up. So files that nobody listens to pay nothing. What a wake-up means
 * the file says (file_ops.news), since some are not news: bytes that were left over, for one.
 *
 * The callback runs under a queue's lock, perhaps in an interrupt, and may not send signals: their
 * locks come first. It notes the event in the owner, puts that on the list `pending`, and makes
 * sure that somebody sends: the current thread on its way to user mode, so that the signal is there
 * when the call that caused it returns, and the kernel thread "sigio", should the current one sleep
 * or never go there. Two events of one kind that come before either is sent are one signal.
 *
 * Lifetime. A file makes its owner when one is first asked for, keeps it to its end, and ends it
 * (file.watcher) before its own release: then no callback runs any more. A reference each: the
 * file's, and that of the pending list. Processes, threads and groups are referenced, so that an id
 * that was given to another means nobody.
 *
 * Locks. delivery_lock makes sure that who finds the list empty finds the signals sent. Inside:
 * the list's, which is its sleeper's queue's; the owner's; the process tree's.
 */
#include "proc/file_owner.h"

#include "core/assert.h"
#include "core/panic.h"
#include "core/stack_header.h"
#include "mem/slab.h"
#include "proc/directory_notice.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "sched/mutex.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/credentials.h"
#include "vfs/file.h"
#include "vfs/poll.h"

enum { HOOKS_MAX = 2 };

/* All references, or NULL. A process may be named by a thread of it that does not lead it. */
struct target {
	enum file_owner_kind kind;
	struct process *process;
	struct user_thread *thread;
	struct process_group *group;
	user_id uid, euid; /* of who named it */
};

struct hook {
	struct wait_entry wait;
	struct file_owner *owner;
};

/* [a] atomic  [l] lock  [m] mutex  [p] pending's lock  [I] immutable */
struct file_owner {
	struct file_watcher watcher;
	struct refcount references;	/* [a] */
	struct file *file;		/* [I] ours; used while hooked only */
	struct spinlock lock;		/* LOCK_RANK_LEAF, interrupts off */
	struct target target;		/* [l] */
	atomic_int signal;		/* [a] 0: SIGIO without details */
	atomic_int fd;			/* [a] by which it was told to listen */
	struct mutex mutex;		/* LOCK_RANK_SLEEPING_LEAF */
	bool is_listening;		/* [m] the file has O_ASYNC because it is hooked */
	unsigned int hook_count;	/* [m] */
	struct hook hooks[HOOKS_MAX];	/* [m] */
	atomic_uint news;		/* [a] 1 << enum file_news: to be told */
	struct list_node pending_node;	/* [p] */
};

static struct slab_cache *owner_slab;
static struct list pending = LIST_INIT(pending);	/* [deliverer.lock] */
static struct wait_queue deliverer;			/* its lock also protects `pending` */
static struct mutex delivery_lock;

/* ---- targets --------------------------------------------------------------------------------- */

static void target_get(const struct target *target)
{
	if (target->process)
		process_get(target->process);
	if (target->thread)
		user_thread_get(target->thread);
	if (target->group)
		refcount_get(&target->group->references);
}

static void target_put(const struct target *target)
{
	if (target->process)
		process_put(target->process);
	if (target->thread)
		user_thread_put(target->thread);
	if (target->group)
		process_group_put(target->group);
}

static bool is_somebody(const struct target *target)
{
	return target->process || target->thread || target->group;
}

static struct process_group *group_find_get(process_id id)
{
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);
	struct process_group *group = process_group_find(id);

	if (group)
		refcount_get(&group->references);
	rwspin_read_unlock_irq(&process_tree_lock, flags);
	return group;
}

/* An id that is in use for something else names nobody, as on Linux. Errors: -ESRCH. */
static int target_find(enum file_owner_kind kind, process_id id, struct target *out)
{
	*out = (struct target){ .kind = kind };
	out->uid = credentials_current()->uid;
	out->euid = credentials_current()->euid;
	if (id == 0)
		return 0;
	if (id < 0 || !process_id_is_used(id))
		return -ESRCH;
	if (kind == FILE_OWNER_GROUP)
		out->group = group_find_get(id);
	else if (kind == FILE_OWNER_PROCESS)
		out->process = process_find_get(id);
	if (kind == FILE_OWNER_THREAD || (kind == FILE_OWNER_PROCESS && !out->process))
		out->thread = user_thread_find_get(id);
	return 0;
}

static bool group_has_members(struct process_group *group)
{
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);
	bool has_members = !list_is_empty(&group->members);

	rwspin_read_unlock_irq(&process_tree_lock, flags);
	return has_members;
}

static bool is_forgiven(const struct process *process)
{
	return atomic_load(&process->state) == PROCESS_FORGIVEN;
}

/* An ended thread's id is free again, unless it is the process's as well. */
static bool thread_is_gone(struct user_thread *thread)
{
	struct process *process = thread->process;
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	bool is_gone = thread->ended && thread->id != process->id;

	spin_unlock_irq(&process->signal_lock, flags);
	return is_gone || is_forgiven(process);
}

static process_id target_id(const struct target *target)
{
	if (target->group)
		return group_has_members(target->group) ? target->group->id : 0;
	if (target->process)
		return is_forgiven(target->process) ? 0 : target->process->id;
	if (target->kind == FILE_OWNER_THREAD && target->thread)
		return thread_is_gone(target->thread) ? 0 : target->thread->id;
	return 0;
}

/* ---- sending --------------------------------------------------------------------------------- */

/* As kill(2) by whoever named the owner, then. */
static bool may_signal(const struct target *target, struct process *receiver)
{
	const struct credentials *theirs = process_credentials_get(receiver);
	bool may = target->euid == 0 || target->euid == theirs->suid ||
		   target->euid == theirs->uid || target->uid == theirs->suid ||
		   target->uid == theirs->uid;

	credentials_put(theirs);
	return may;
}

/* Of these the code says something of their own. */
static bool has_own_codes(int signal)
{
	const signal_set own = SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSEGV) |
			       SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGCHLD) |
			       SIGNAL_BIT(SIGSYS);

	return own & SIGNAL_BIT(signal);
}

static int32_t band_of(enum file_news news)
{
	switch (news) {
	case NEWS_IN: return POLL_IN | POLL_READ_NORMAL;
	case NEWS_OUT: return POLL_OUT | POLL_WRITE_NORMAL | POLL_WRITE_BAND;
	case NEWS_MESSAGE: return POLL_IN | POLL_READ_NORMAL | POLL_MESSAGE;
	case NEWS_URGENT: return POLL_PRI | POLL_READ_BAND;
	case NEWS_HANG_UP: return POLL_HANG_UP | POLL_ERROR;
	default: return -1;
	}
}

static void fill_info(struct linux_siginfo *info, int signal, enum file_news news, int fd)
{
	signal_info_kernel(info, signal);
	info->code = has_own_codes(signal) ? SI_SIGIO : (int32_t)news;
	info->io.band = band_of(news);
	info->io.fd = fd;
}

static int send_to(struct process *process, struct user_thread *thread,
		   const struct linux_siginfo *info)
{
	return thread ? signal_send_thread(thread, info) : signal_send_process(process, info);
}

/* If there is no room for the details, at least SIGIO. */
static void tell(const struct target *target, struct process *process, struct user_thread *thread,
		 const struct linux_siginfo *info)
{
	struct linux_siginfo plain;

	if (!may_signal(target, process))
		return;
	if (info && send_to(process, thread, info) == 0)
		return;
	signal_info_kernel(&plain, SIGIO);
	/* That one always has room. */
	(void)!send_to(process, thread, &plain);
}

static void tell_group(const struct target *target, const struct linux_siginfo *info)
{
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);
	struct process *member;

	list_for_each_entry(member, &target->group->members, group_node)
		tell(target, member, NULL, info);
	rwspin_read_unlock_irq(&process_tree_lock, flags);
}

static void tell_target(const struct target *target, const struct linux_siginfo *info)
{
	if (target->group)
		tell_group(target, info);
	else if (target->process)
		tell(target, target->process, NULL, info);
	else if (target->thread)
		tell(target, target->thread->process,
		     target->kind == FILE_OWNER_THREAD ? target->thread : NULL, info);
}

/* As it is, with references. */
static void owner_get_target(struct file_owner *owner, struct target *out)
{
	irq_flags flags = spin_lock_irq(&owner->lock);

	*out = owner->target;
	target_get(out);
	spin_unlock_irq(&owner->lock, flags);
}

static void deliver(struct file_owner *owner)
{
	unsigned int news = atomic_exchange(&owner->news, 0);
	int signal = atomic_load(&owner->signal);
	struct linux_siginfo info;
	struct target target;

	owner_get_target(owner, &target);
	for (enum file_news one = NEWS_IN; one <= NEWS_HANG_UP; one++) {
		if (!(news & (1u << one)))
			continue;
		if (signal)
			fill_info(&info, signal, one, atomic_load(&owner->fd));
		tell_target(&target, signal ? &info : NULL);
	}
	target_put(&target);
}

static struct file_owner *owner_of(struct file *file)
{
	struct file_watcher *watcher = atomic_load_explicit(&file->watcher, memory_order_acquire);

	return watcher ? container_of(watcher, struct file_owner, watcher) : NULL;
}

void file_owner_tell(struct file *file, int fd, enum file_news news)
{
	struct file_owner *owner = owner_of(file);
	struct linux_siginfo info;
	struct target target;
	int signal;

	if (!owner)
		return;
	signal = atomic_load(&owner->signal);
	if (signal)
		fill_info(&info, signal, news, fd);
	owner_get_target(owner, &target);
	tell_target(&target, signal ? &info : NULL);
	target_put(&target);
}

void file_owner_tell_urgent(struct file *file)
{
	struct file_owner *owner = owner_of(file);
	struct linux_siginfo info;
	struct target target;
	int signal;

	if (!owner)
		return;
	owner_get_target(owner, &target);
	signal_info_kernel(&info, SIGURG);
	tell_target(&target, &info);
	signal = atomic_load(&owner->signal);
	if (signal && atomic_load_explicit(&file->flags, memory_order_relaxed) & O_ASYNC) {
		fill_info(&info, signal, NEWS_URGENT, atomic_load(&owner->fd));
		tell_target(&target, &info);
	}
	target_put(&target);
}

static void owner_put(struct file_owner *owner)
{
	if (!refcount_put(&owner->references))
		return;
	target_put(&owner->target);
	slab_free(owner_slab, owner);
}

static struct file_owner *take_pending(void)
{
	irq_flags flags = spin_lock_irq(&deliverer.lock);
	struct file_owner *owner = list_pop_head_entry(&pending, struct file_owner, pending_node);

	spin_unlock_irq(&deliverer.lock, flags);
	return owner;
}

void file_owner_deliver(void)
{
	struct file_owner *owner;

	mutex_lock(&delivery_lock);
	while ((owner = take_pending())) {
		deliver(owner);
		owner_put(owner);
	}
	mutex_unlock(&delivery_lock);
}

static bool has_pending(void)
{
	return __atomic_load_n(&pending.head.next, __ATOMIC_ACQUIRE) != &pending.head;
}

static void run_deliverer(void *argument)
{
	(void)argument;
	for (;;) {
		wait_event(&deliverer, has_pending());
		file_owner_deliver();
	}
}

/* ---- listening ------------------------------------------------------------------------------- */

/* Any context, under the lock of the file's queue. */
static bool on_wake(struct wait_entry *entry, uint32_t key)
{
	struct file_owner *owner = container_of(entry, struct hook, wait)->owner;
	const struct wait_queue *queue = atomic_load_explicit(&entry->queue, memory_order_relaxed);
	enum file_news news = key & POLL_NO_NEWS ? NEWS_NONE
						 : owner->file->ops->news(owner->file, queue, key);
	irq_flags flags;

	if (news == NEWS_NONE)
		return false;
	atomic_fetch_or(&owner->news, 1u << news);
	flags = spin_lock_irq(&deliverer.lock);
	if (!list_node_is_linked(&owner->pending_node)) {
		refcount_get(&owner->references);
		list_add_tail(&pending, &owner->pending_node);
	}
	wait_queue_wake_one_locked(&deliverer, 0);
	spin_unlock_irq(&deliverer.lock, flags);
	atomic_fetch_or(&stack_header()->return_work, RETURN_WORK_NOTIFY);
	return false;
}

struct hook_table {
	struct poll_table table;
	struct file_owner *owner;
};

static void add_queue(struct poll_table *table, struct wait_queue *queue)
{
	struct file_owner *owner = container_of(table, struct hook_table, table)->owner;
	struct hook *hook = &owner->hooks[owner->hook_count++];

	assert(owner->hook_count <= HOOKS_MAX);
	hook->owner = owner;
	wait_entry_init(&hook->wait);
	hook->wait.wake = on_wake;
	wait_queue_add(queue, &hook->wait);
}

static void set_async_flag(struct file *file, bool on)
{
	if (on)
		atomic_fetch_or_explicit(&file->flags, O_ASYNC, memory_order_relaxed);
	else
		atomic_fetch_and_explicit(&file->flags, ~(unsigned int)O_ASYNC,
					  memory_order_relaxed);
}

/* After this no callback runs or will run. */
static void remove_hooks(struct file_owner *owner)
{
	while (owner->hook_count > 0)
		wait_queue_remove_rcu(&owner->hooks[--owner->hook_count].wait);
}

/* The file is about to go. */
static void end(struct file_watcher *watcher)
{
	struct file_owner *owner = container_of(watcher, struct file_owner, watcher);

	remove_hooks(owner);
	if (inode_is(owner->file->inode, MODE_DIRECTORY))
		directory_notice_end(owner->file, NULL);
	owner_put(owner);
}

static void closed(struct file_watcher *watcher, const void *table)
{
	struct file_owner *owner = container_of(watcher, struct file_owner, watcher);

	if (inode_is(owner->file->inode, MODE_DIRECTORY))
		directory_notice_end(owner->file, table);
}

/* The file's, made now if it has none. Errors: -ENOMEM. */
static int owner_make(struct file *file, struct file_owner **out)
{
	struct file_watcher *nobody = NULL;
	struct file_owner *owner = owner_of(file);

	if (!owner) {
		owner = slab_alloc_zeroed(owner_slab, 0);
		if (!owner)
			return -ENOMEM;
		owner->watcher.end = end;
		owner->watcher.closed = closed;
		refcount_set(&owner->references, 1);
		owner->file = file;
		spin_init(&owner->lock, LOCK_RANK_LEAF, "file owner");
		mutex_init(&owner->mutex, LOCK_RANK_SLEEPING_LEAF, "file owner");
		if (!atomic_compare_exchange_strong(&file->watcher, &nobody, &owner->watcher)) {
			slab_free(owner_slab, owner);
			owner = owner_of(file);
		}
	}
	*out = owner;
	return 0;
}

/* Hooks and the flag are of one mind whenever the mutex is free. */
int file_owner_listen(struct file *file, int fd, bool on)
{
	struct hook_table hooks = { .table.add = add_queue };
	struct file_owner *owner = owner_of(file);

	if (!on && !owner)
		return 0;
	if (on && owner_make(file, &owner))
		return -ENOMEM;
	mutex_lock(&owner->mutex);
	if (!on && owner->is_listening) {
		remove_hooks(owner);
		set_async_flag(file, false);
	} else if (on && !owner->is_listening) {
		atomic_store(&owner->fd, fd);
		hooks.owner = owner;
		(void)file->ops->poll(file, &hooks.table);
		set_async_flag(file, true);
	}
	owner->is_listening = on;
	mutex_unlock(&owner->mutex);
	return 0;
}

/* ---- owners ---------------------------------------------------------------------------------- */

static int set_target(struct file *file, const struct target *target, bool is_default)
{
	struct target dropped = *target;
	struct file_owner *owner;
	irq_flags flags;

	if (owner_make(file, &owner)) {
		target_put(target);
		return -ENOMEM;
	}
	flags = spin_lock_irq(&owner->lock);
	if (!is_default || !is_somebody(&owner->target)) {
		dropped = owner->target;
		owner->target = *target;
	}
	spin_unlock_irq(&owner->lock, flags);
	target_put(&dropped);
	return 0;
}

int file_owner_set(struct file *file, enum file_owner_kind kind, process_id id)
{
	struct target target;
	int error = target_find(kind, id, &target);

	return error ? error : set_target(file, &target, false);
}

int file_owner_set_default(struct file *file, enum file_owner_kind kind, process_id id)
{
	struct target target;

	return target_find(kind, id, &target) ? 0 : set_target(file, &target, true);
}

static void target_of(struct file *file, struct target *out)
{
	struct file_owner *owner = owner_of(file);

	*out = (struct target){ 0 };
	if (owner)
		owner_get_target(owner, out);
}

process_id file_owner_get(struct file *file, enum file_owner_kind *kind)
{
	struct target target;
	process_id id;

	target_of(file, &target);
	id = target_id(&target);
	*kind = target.kind;
	target_put(&target);
	return id;
}

void file_owner_get_users(struct file *file, user_id *real, user_id *effective)
{
	struct target target;

	target_of(file, &target);
	*real = target.uid;
	*effective = target.euid;
	target_put(&target);
}

int file_owner_set_signal(struct file *file, int signal)
{
	struct file_owner *owner;

	if (!owner_of(file) && signal == 0)
		return 0;
	if (owner_make(file, &owner))
		return -ENOMEM;
	atomic_store(&owner->signal, signal);
	return 0;
}

int file_owner_get_signal(struct file *file)
{
	struct file_owner *owner = owner_of(file);

	return owner ? atomic_load(&owner->signal) : 0;
}

void file_owner_init(void)
{
	struct thread *thread;

	directory_notice_init();
	owner_slab = slab_cache_create("file_owner", sizeof(struct file_owner), 0);
	mutex_init(&delivery_lock, LOCK_RANK_SLEEPING_LEAF, "signals of files");
	wait_queue_init_ranked(&deliverer, LOCK_RANK_FILE_NEWS, "news of files");
	thread = thread_create_kernel("sigio", run_deliverer, NULL);
	if (!thread)
		panic("no memory for the thread that sends SIGIO");
	thread_start(thread);
}

/*
 * Processes and threads as objects: memory, references, looking at those of others.
 *
 * A process is referenced by its slot in the process table until it is forgiven, by each of its
 * threads, and by whoever holds it for a moment. A user thread is referenced by itself until it
 * is off its CPU for good, by whoever found it, and a leader that has ended by its process, until
 * that is forgiven: how it was scheduled may still be asked, and changed.
 */
#include "proc/process.h"
#include "arch/cpu.h"
#include "core/assert.h"
#include "mem/kmalloc.h"
#include "mem/slab.h"
#include "proc/file_owner.h"
#include "proc/internal.h"
#include "proc/posix_timers.h"
#include "proc/signalfd.h"
#include "sched/clock.h"
#include "sched/schedule.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/fs_context.h"
#include "vm/futex.h"

static struct slab_cache *process_cache;
static struct slab_cache *thread_cache;

/* Whom the word of a futex means. Referenced, or NULL. */
static struct thread *find_futex_owner(uint32_t id)
{
	struct user_thread *thread = user_thread_find_get((process_id)id);

	return thread ? &thread->thread : NULL;
}

/* The kernel's own threads act as root. */
static const struct credentials *find_caller(void)
{
	return user_thread_is_current() ? credentials_current() : &credentials_root;
}

void process_init(void)
{
	process_cache = slab_cache_create("process", sizeof(struct process), 0);
	thread_cache = slab_cache_create("user_thread", sizeof(struct user_thread), 16);
	user_count_init();
	process_table_init();
	signal_queue_init();
	posix_timers_init();
	signalfd_init();
	out_of_memory_init();
	exec_layout_init();
	futex_pi_set_finder(find_futex_owner);
	credentials_set_caller(find_caller);
	file_owner_init();
}

struct process *process_alloc(void)
{
	struct process *process = slab_alloc_zeroed(process_cache, 0);

	if (!process)
		return NULL;
	refcount_set(&process->references, 1);
	list_init(&process->children);
	list_init(&process->threads);
	list_init(&process->tracees);
	spin_init(&process->signal_lock, LOCK_RANK_SIGNAL, "process signals");
	wait_queue_init(&process->thread_ended);
	wait_queue_init(&process->signal_queue);
	wait_queue_init(&process->death_queue);
	wait_queue_init(&process->child_wait);
	wait_queue_init(&process->vfork_queue);
	signal_pending_init(&process->pending);
	return process;
}

/* Whoever watched its signals or its death may just be leaving the queue (wait_queue_close). */
static void process_free(struct rcu_head *head)
{
	slab_free(process_cache, container_of(head, struct process, rcu));
}

void process_put(struct process *process)
{
	if (!refcount_put(&process->references))
		return;
	assert(list_is_empty(&process->threads) && list_is_empty(&process->children));
	assert(list_is_empty(&process->tracees) && !process->leader_tracee);
	assert(!process->space && !process->executable && !process->ended_leader);
	assert(rbtree_is_empty(&process->posix_timers));
	/* A signalfd of ours that others inherited may still be watched by their epolls. */
	wait_queue_close(&process->signal_queue);
	signal_handlers_put(process->handlers);
	if (process->last_credentials)
		credentials_put(process->last_credentials);
	kfree(process->cpu_timers);
	rcu_call(&process->rcu, process_free);
}

struct user_thread *user_thread_alloc(void)
{
	struct user_thread *thread = slab_alloc_zeroed(thread_cache, 0);

	if (!thread)
		return NULL;
	signal_pending_init(&thread->pending);
	thread->timer_slack_ns = thread->initial_timer_slack_ns = 50000; /* Linux's */
	atomic_init(&thread->login_user, LOGIN_UNSET);
	atomic_init(&thread->login_session, LOGIN_UNSET);
	return thread;
}

int user_thread_set_login(uint32_t user)
{
	static atomic_uint last_session;
	struct user_thread *thread = user_thread_current();
	uint32_t session = LOGIN_UNSET;

	if (atomic_load_explicit(&thread->login_user, memory_order_relaxed) != LOGIN_UNSET &&
	    !credentials_capable(credentials_current(), CAP_AUDIT_CONTROL))
		return -EPERM;
	while (user != LOGIN_UNSET && session == LOGIN_UNSET)
		session = atomic_fetch_add_explicit(&last_session, 1, memory_order_relaxed) + 1;
	/* Relaxed, here and where they are read: each stands alone. */
	atomic_store_explicit(&thread->login_session, session, memory_order_relaxed);
	atomic_store_explicit(&thread->login_user, user, memory_order_relaxed);
	return 0;
}

/*
 * The memory of a thread whose references are gone: called by sched in any context that does not
 * sleep.
 */
static void release_thread(struct thread *thread)
{
	struct user_thread *user = container_of(thread, struct user_thread, thread);

	arch_thread_fini(&thread->arch);
	user_count_put(user->charged);
	process_put(user->process);
	slab_free(thread_cache, user);
}

int user_thread_init(struct user_thread *thread, const char *name, void (*entry)(void *),
		     void *argument)
{
	int error = thread_init(&thread->thread, name, entry, argument, release_thread);

	if (!error)
		schedule_set_shares_of_new(&thread->thread, user_count_shares(thread->charged));
	return error;
}

/*
 * A thread that fork could not finish; its process reference and others are the caller's to
 * drop.
 */
void user_thread_free_unstarted(struct user_thread *thread)
{
	arch_thread_fini(&thread->thread.arch);
	slab_free(thread_cache, thread);
}

bool user_thread_is_current(void)
{
	return thread_current()->release == release_thread;
}

struct address_space *process_space_get(struct process *process)
{
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	struct address_space *space = process->space;

	if (space)
		address_space_get(space);
	spin_unlock_irq(&process->signal_lock, flags);
	return space;
}

void process_vdso_moved(struct process *process, uintptr_t to)
{
	irq_flags flags = spin_lock_irq(&process->signal_lock);

	process->space->vdso_base = to;
	for (struct list_node *node = process->threads.head.next; node != &process->threads.head;
	     node = node->next) {
		struct user_thread *thread = container_of(node, struct user_thread, process_node);

		if (!thread->ended)
			arch_thread_set_vdso(thread->thread.stack, to);
	}
	spin_unlock_irq(&process->signal_lock, flags);
}

/* Any thread of `process` that still runs, or NULL. Signal lock held. */
static struct user_thread *live_thread(struct process *process)
{
	for (struct list_node *node = process->threads.head.next; node != &process->threads.head;
	     node = node->next) {
		struct user_thread *thread = container_of(node, struct user_thread, process_node);

		if (!thread->ended)
			return thread;
	}
	return NULL;
}

struct fd_table *process_fds_get(struct process *process)
{
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	struct user_thread *thread = live_thread(process);
	struct fd_table *fds = thread ? thread->fds : NULL;

	if (fds)
		fd_table_keep(fds);
	spin_unlock_irq(&process->signal_lock, flags);
	if (fds)
		fd_table_mark_shared(fds);
	return fds;
}

struct fs_context *process_fs_get(struct process *process)
{
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	struct user_thread *thread = live_thread(process);
	struct fs_context *fs = thread ? thread->fs : NULL;

	if (fs)
		fs_context_get(fs);
	spin_unlock_irq(&process->signal_lock, flags);
	return fs;
}

/*
 * Those of its first thread; a dead process keeps none, and is then judged by its last one's, which
 * exit leaves in the process. Signal lock held.
 */
static const struct credentials *credentials_locked(struct process *process)
{
	struct user_thread *thread = live_thread(process);

	return thread ? atomic_load_explicit(&thread->credentials, memory_order_relaxed)
		      : process->last_credentials;
}

const struct credentials *process_credentials_get(struct process *process)
{
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	const struct credentials *credentials = credentials_locked(process);

	credentials_get(credentials);
	spin_unlock_irq(&process->signal_lock, flags);
	return credentials;
}

static bool same_user(const struct credentials *mine, const struct credentials *theirs,
		      enum process_access kind)
{
	user_id uid = kind == PROCESS_ACCESS_REAL ? mine->uid : mine->fsuid;
	group_id gid = kind == PROCESS_ACCESS_REAL ? mine->gid : mine->fsgid;

	return uid == theirs->euid && uid == theirs->suid && uid == theirs->uid &&
	       gid == theirs->egid && gid == theirs->sgid && gid == theirs->gid;
}

/*
 * Same user in all three ids, dumpable, and no capability that we lack; or CAP_SYS_PTRACE. Oneself
 * always.
 */
bool process_may_access_locked(struct process *process, enum process_access kind)
{
	const struct credentials *mine = credentials_current();
	const struct credentials *theirs = credentials_locked(process);
	uint64_t capabilities =
		kind == PROCESS_ACCESS_REAL ? mine->cap_permitted : mine->cap_effective;

	if (process == process_current() || credentials_capable(mine, CAP_SYS_PTRACE))
		return true;
	return atomic_load_explicit(&process->dumpable, memory_order_relaxed) &&
	       same_user(mine, theirs, kind) &&
	       !(theirs->cap_permitted & ~capabilities);
}

bool process_may_access(struct process *process, enum process_access kind)
{
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	bool allowed = process_may_access_locked(process, kind);

	spin_unlock_irq(&process->signal_lock, flags);
	return allowed;
}

int process_access_space(struct process *process, enum process_access kind,
			 struct address_space **out)
{
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	int error = process_may_access_locked(process, kind) ? 0 : -EPERM;

	if (!error) {
		*out = process->space;
		if (*out)
			address_space_get(*out);
	}
	spin_unlock_irq(&process->signal_lock, flags);
	return error;
}

void user_thread_set_credentials(const struct credentials *credentials)
{
	struct user_thread *thread = user_thread_current();
	struct process *process = thread->process;
	const struct credentials *old = credentials_current();
	struct user_count *user = NULL, *old_user = NULL;
	bool changes_power = old->euid != credentials->euid || old->egid != credentials->egid ||
			     old->fsuid != credentials->fsuid || old->fsgid != credentials->fsgid ||
			     (credentials->cap_permitted & ~old->cap_permitted);
	irq_flags flags;

	/*
	 * Without memory for the new user's record the charge stays with the old one: it only
	 * counts.
	 */
	if (old->uid != credentials->uid)
		user = user_count_get(credentials->uid);
	if (user)
		user_count_charge_many(user, USER_THREADS, 1);
	flags = spin_lock_irq(&process->signal_lock);
	if (changes_power) {
		atomic_store_explicit(&process->dumpable, false, memory_order_relaxed);
		process->parent_death_signal = 0;
	}
	if (user) {
		old_user = thread->charged;
		thread->charged = user;
	}
	atomic_store_explicit(&thread->credentials, credentials, memory_order_relaxed);
	spin_unlock_irq(&process->signal_lock, flags);
	if (old_user) {
		schedule_set_shares(&thread->thread, user_count_shares(user));
		user_count_uncharge(old_user, USER_THREADS);
		user_count_put(old_user);
	}
	credentials_put(old);
}

void process_add_io(struct thread_io *sum, const struct thread_io *more)
{
	wide_count_add_all(&sum->read_size, &more->read_size);
	wide_count_add_all(&sum->write_size, &more->write_size);
	wide_count_add_all(&sum->read_calls, &more->read_calls);
	wide_count_add_all(&sum->write_calls, &more->write_calls);
	sum->disk_read_size += more->disk_read_size;
	sum->disk_write_size += more->disk_write_size;
	sum->cancelled_write_size += more->cancelled_write_size;
}

void process_add_thread_usage(struct usage *sum, struct user_thread *thread)
{
	uint64_t user_ns, system_ns;

	schedule_times(&thread->thread, &user_ns, &system_ns);
	sum->user_ns += user_ns;
	sum->system_ns += system_ns;
	sum->minor_faults += thread->minor_faults;
	sum->major_faults += thread->major_faults;
	sum->voluntary_switches += thread->thread.voluntary_switches;
	sum->involuntary_switches += thread->thread.involuntary_switches;
	process_add_io(&sum->io, &thread->thread.io);
}

void process_usage(struct process *process, struct usage *out)
{
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	size_t peak;

	*out = process->usage;
	for (struct list_node *node = process->threads.head.next; node != &process->threads.head;
	     node = node->next)
		process_add_thread_usage(out, container_of(node, struct user_thread, process_node));
	if (process->space) {
		peak = atomic_load_explicit(&process->space->resident_peak, memory_order_relaxed);
		if (peak > out->resident_peak_pages)
			out->resident_peak_pages = peak;
	}
	spin_unlock_irq(&process->signal_lock, flags);
}

void process_vm_limits(struct process *process, struct vm_limits *out)
{
	const struct credentials *credentials = credentials_current();
	const struct limits *limits = &process->limits;
	unsigned int start;

	do {
		start = seq_read_begin(&limits->sequence);
		out->address_space_size = limits->of[LIMIT_ADDRESS_SPACE].current;
		out->data_size = limits->of[LIMIT_DATA].current;
		out->stack_size = limits->of[LIMIT_STACK].current;
		out->locked_size = limits->of[LIMIT_LOCKED].current;
	} while (seq_read_retry(&limits->sequence, start));
	if (credentials_capable(credentials, CAP_IPC_LOCK))
		out->locked_size = UINT64_MAX;
	out->is_administrator = credentials_capable(credentials, CAP_SYS_ADMIN);
}

void process_children_usage(struct process *process, struct usage *out)
{
	irq_flags flags = rwspin_read_lock_irq(&process_tree_lock);

	*out = process->children_usage;
	rwspin_read_unlock_irq(&process_tree_lock, flags);
}

void process_set_parent(struct process *process, struct process *parent)
{
	rwspin_assert_held(&process_tree_lock);
	process->parent = parent;
	atomic_store_explicit(&process->parent_id, parent ? parent->id : 0, memory_order_relaxed);
}

void process_visit_threads(struct process *process,
			   void (*visit)(struct user_thread *thread, void *argument),
			   void *argument)
{
	irq_flags flags = spin_lock_irq(&process->signal_lock);

	for (struct list_node *node = process->threads.head.next; node != &process->threads.head;
	     node = node->next) {
		struct user_thread *thread = container_of(node, struct user_thread, process_node);

		if (!thread->ended)
			visit(thread, argument);
	}
	spin_unlock_irq(&process->signal_lock, flags);
}

const char *process_name(struct process *process, char *buffer, size_t size)
{
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	struct user_thread *thread = live_thread(process);
	const char *name = thread ? thread->thread.name : process->last_name;
	size_t i;

	for (i = 0; i + 1 < size && name[i]; i++)
		buffer[i] = name[i];
	buffer[i] = '\0';
	spin_unlock_irq(&process->signal_lock, flags);
	return buffer;
}

static const struct thread_ipc_ops *ipc_ops;	/* constant after boot */

void process_set_ipc_ops(const struct thread_ipc_ops *ops)
{
	ipc_ops = ops;
}

const struct thread_ipc_ops *process_ipc_ops(void)
{
	return ipc_ops;
}

/* As on Linux: whoever is not over the limit may pass it by one call. */
struct user_count *process_charge_in_flight(unsigned int count)
{
	struct user_count *user = user_thread_current()->charged;
	uint64_t limit = limits_current(&process_current()->limits, LIMIT_OPEN_FILES);
	const struct credentials *credentials = credentials_current();

	if (user_count_used(user, USER_FILES_IN_FLIGHT) > limit &&
	    !credentials_capable(credentials, CAP_SYS_RESOURCE) &&
	    !credentials_capable(credentials, CAP_SYS_ADMIN))
		return NULL;
	user_count_charge_many(user, USER_FILES_IN_FLIGHT, count);
	user_count_hold(user);
	return user;
}

void process_uncharge_in_flight(struct user_count *user, unsigned int count)
{
	user_count_uncharge_many(user, USER_FILES_IN_FLIGHT, count);
	user_count_put(user);
}

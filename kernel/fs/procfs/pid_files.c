/*
 * /proc/PID/stat, status and the other short files, in the formats of proc(5).
 */
#include "fs/procfs/internal.h"
#include "lib/format.h"
#include "lib/math64.h"
#include "lib/parse.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "sched/schedule.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"
#include "vfs/fd_table.h"
#include "vfs/fs_context.h"

enum { NS_PER_TICK = 10000000 };

/* What stat and status say, taken at one moment as far as locks allow. */
struct snapshot {
	process_id id, thread_group, parent, group, session, tracer;
	char state;
	char name[16];
	unsigned int thread_count;
	int nice, realtime_priority;
	int priority; /* real-time, its own or lent; 0: none */
	enum sched_policy policy;
	unsigned int cpu;
	uint32_t tty;
	process_id tty_group;
	struct usage usage, children;
	signal_set pending, shared_pending, blocked, ignored, caught;
	uint64_t start_ns;
	int exit_signal;
	uint32_t exit_status;
	bool is_strict;	/* SECCOMP_MODE_STRICT */
};

static const char *state_name(char state)
{
	switch (state) {
	case 'R':
		return "R (running)";
	case 'S':
		return "S (sleeping)";
	case 'D':
		return "D (disk sleep)";
	case 'T':
		return "T (stopped)";
	case 't':
		return "t (tracing stop)";
	case 'Z':
		return "Z (zombie)";
	default:
		return "X (dead)";
	}
}

/* The thread that the subject names: that of task/TID, or the eldest live one. Signal lock held. */
static struct user_thread *choose_thread(const struct procfs_subject *subject)
{
	struct process *process = subject->process;

	for (struct list_node *node = process->threads.head.next; node != &process->threads.head;
	     node = node->next) {
		struct user_thread *thread = container_of(node, struct user_thread, process_node);

		if (!thread->ended && (!subject->thread || thread->id == subject->thread))
			return thread;
	}
	return NULL;
}

static void snapshot_thread(struct snapshot *out, struct user_thread *thread)
{
	out->id = thread->id;
	out->tracer = trace_tracer_id(thread);
	/*
	 * From when its tracer or parent is told, which may be before it gets to sleep. A tracer
	 * may let it go on though its process is stopped.
	 */
	if (thread->trace.stopped)
		out->state = 't';
	else if (thread->stop_done && thread->process->stop_requested && !out->tracer)
		out->state = 'T';
	else
		out->state = thread_state_letter(&thread->thread);
	memcpy(out->name, thread->thread.name, sizeof(out->name));
	out->nice = thread->thread.nice;
	out->policy = thread->thread.policy;
	out->realtime_priority = thread->thread.realtime_priority;
	out->priority = schedule_priority(&thread->thread);
	out->cpu = ((const struct stack_header *)thread->thread.stack)->cpu;
	out->pending = thread->pending.set;
	out->blocked = thread->blocked;
	out->is_strict = thread->gate.is_strict;
	out->start_ns = thread->start_ns;
}

static void snapshot_actions(struct snapshot *out, const struct process *process)
{
	for (unsigned int i = 0; i < SIGNAL_COUNT; i++) {
		uintptr_t handler = process->handlers->actions[i].handler;

		if (handler == SIG_IGN)
			out->ignored |= SIGNAL_BIT(i + 1);
		else if (handler != SIG_DFL)
			out->caught |= SIGNAL_BIT(i + 1);
	}
}

static int take_snapshot(const struct procfs_subject *subject, struct snapshot *out)
{
	struct process *process = subject->process;
	struct user_thread *thread;
	struct tty *tty;
	irq_flags flags, inner;

	memset(out, 0, sizeof(*out));
	flags = rwspin_read_lock_irq(&process_tree_lock);
	if (process->state == PROCESS_FORGIVEN) {
		rwspin_read_unlock_irq(&process_tree_lock, flags);
		return -ESRCH;
	}
	out->parent = process_parent_id(process);
	out->group = process->group->id;
	out->session = process->group->session->id;
	out->tty_group = -1;
	tty = process_terminal(process);
	if (tty && session_terminal_ops()) {
		out->tty = session_terminal_ops()->device(tty);
		out->tty_group = session_terminal_ops()->foreground(tty);
	}
	out->children = process->children_usage;
	inner = spin_lock_irq(&process->signal_lock);
	out->id = out->thread_group = process->id;
	out->start_ns = process->start_ns;
	out->thread_count = process->thread_count;
	out->shared_pending = process->pending.set;
	out->exit_signal = process->exit_signal;
	out->exit_status = process->exit_status;
	out->state = 'Z';
	memcpy(out->name, process->last_name, sizeof(out->name));
	thread = choose_thread(subject);
	if (thread)
		snapshot_thread(out, thread);
	/*
	 * A leader that has ended stays in view as the process's zombie until the other threads
	 * are gone.
	 */
	if (!subject->thread && !process->group_leader)
		out->state = 'Z';
	snapshot_actions(out, process);
	spin_unlock_irq(&process->signal_lock, inner);
	rwspin_read_unlock_irq(&process_tree_lock, flags);
	if (!thread && subject->thread)
		return -ESRCH;
	process_usage(process, &out->usage);
	return 0;
}

static uint64_t ticks(uint64_t ns)
{
	return div64_u32(ns, NS_PER_TICK, NULL);
}

/* Linux's priority column: 20 + nice for ordinary threads, below 0 for realtime. */
static int priority_column(const struct snapshot *s)
{
	return s->priority ? -1 - s->priority : 20 + s->nice;
}

/* The device as tty_nr: major in bits 8 to 15, minor below and from 20 up. */
static uint32_t tty_column(uint32_t device)
{
	return (DEV_MINOR(device) & 0xff) | DEV_MAJOR(device) << 8 |
	       (DEV_MINOR(device) & ~0xffu) << 12;
}

int procfs_show_stat(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct address_space *space = process_space_get(subject->process);
	bool may_see = process_may_inspect(subject->process);
	struct snapshot s;
	size_t virtual_size = 0, resident = 0;
	uintptr_t code_start = 0, code_end = 0, stack_start = 0;
	int error = take_snapshot(subject, &s);

	if (space) {
		virtual_size = space->mapped_pages * PAGE_SIZE;
		resident = address_space_resident_pages(space);
		if (may_see) {
			code_start = space->code_start;
			code_end = space->code_end;
			stack_start = space->stack_start;
		}
		address_space_put(space);
	}
	if (error)
		return error;
	procfs_print(text, "%d (%s) %c %d %d %d %u %d 0 ", s.id, s.name, s.state, s.parent, s.group,
		     s.session, tty_column(s.tty), s.tty_group);
	procfs_print(text, "%llu %llu %llu %llu ", (unsigned long long)s.usage.minor_faults,
		     (unsigned long long)s.children.minor_faults,
		     (unsigned long long)s.usage.major_faults,
		     (unsigned long long)s.children.major_faults);
	procfs_print(text, "%llu %llu %llu %llu ", (unsigned long long)ticks(s.usage.user_ns),
		     (unsigned long long)ticks(s.usage.system_ns),
		     (unsigned long long)ticks(s.children.user_ns),
		     (unsigned long long)ticks(s.children.system_ns));
	procfs_print(text, "%d %d %u 0 %llu %zu %zu 4294967295 ", priority_column(&s), s.nice,
		     s.thread_count, (unsigned long long)ticks(s.start_ns), virtual_size, resident);
	procfs_print(text, "%zu %zu %zu 0 0 %u %u %u %u ", (size_t)code_start, (size_t)code_end,
		     (size_t)stack_start, (uint32_t)(s.pending & 0x7fffffff),
		     (uint32_t)(s.blocked & 0x7fffffff), (uint32_t)(s.ignored & 0x7fffffff),
		     (uint32_t)(s.caught & 0x7fffffff));
	procfs_print(text, "0 0 0 %d %u %d %d 0 0 0 0 0 0 0 0 0 0 %u\n", s.exit_signal, s.cpu,
		     s.realtime_priority, (int)s.policy, may_see ? s.exit_status : 0);
	return 0;
}

static void print_memory(struct procfs_text *text, struct address_space *space)
{
	enum { KIB_PER_PAGE = PAGE_SIZE / 1024 };
	struct resident_pages resident;
	size_t peak;
	size_t tables = atomic_load_explicit(&space->table_frames, memory_order_relaxed);
	size_t size = space->mapped_pages * KIB_PER_PAGE;

	address_space_resident(space, &resident);
	peak = atomic_load_explicit(&space->resident_peak, memory_order_relaxed);
	procfs_print(text, "VmPeak:\t%8zu kB\nVmSize:\t%8zu kB\nVmLck:\t%8zu kB\nVmPin:\t%8u kB\n",
		     size, size, space->locked_pages * KIB_PER_PAGE, 0u);
	procfs_print(text, "VmHWM:\t%8zu kB\nVmRSS:\t%8zu kB\n", peak * KIB_PER_PAGE,
		     (resident.anonymous + resident.file) * KIB_PER_PAGE);
	procfs_print(text, "RssAnon:\t%8zu kB\nRssFile:\t%8zu kB\nRssShmem:\t%8u kB\n",
		     resident.anonymous * KIB_PER_PAGE, resident.file * KIB_PER_PAGE, 0u);
	procfs_print(text, "VmData:\t%8zu kB\nVmStk:\t%8u kB\nVmExe:\t%8zu kB\nVmLib:\t%8u kB\n",
		     space->committed_pages * KIB_PER_PAGE, 132u,
		     (size_t)(space->code_end - space->code_start) / 1024, 0u);
	procfs_print(text, "VmPTE:\t%8zu kB\nVmSwap:\t%8u kB\n", tables * KIB_PER_PAGE, 0u);
}

static void print_groups(struct procfs_text *text, const struct credentials *credentials)
{
	procfs_print(text, "Groups:\t");
	for (unsigned int i = 0; i < credentials->group_count; i++)
		procfs_print(text, "%u ", credentials->groups[i]);
	procfs_print(text, "\n");
}

/* A name is any bytes, and must not look like other lines. (stat and comm have it raw.) */
static void put_name_line(struct procfs_text *text, const char *name)
{
	procfs_print(text, "Name:\t");
	for (; *name; name++) {
		if (*name == '\n' || *name == '\\')
			procfs_print(text, *name == '\n' ? "\\n" : "\\\\");
		else
			procfs_put_bytes(text, name, 1);
	}
	procfs_print(text, "\n");
}

int procfs_show_status(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct process *process = subject->process;
	const struct credentials *credentials;
	struct address_space *space;
	struct fd_table *fds;
	struct fs_context *fs;
	struct snapshot s;
	int error = take_snapshot(subject, &s);

	if (error)
		return error;
	credentials = process_credentials_get(process);
	fds = process_fds_get(process);
	fs = process_fs_get(process);
	put_name_line(text, s.name);
	if (fs) {
		procfs_print(text, "Umask:\t%04o\n", fs->umask);
		fs_context_put(fs);
	}
	procfs_print(text, "State:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t%d\n",
		     state_name(s.state), s.thread_group, s.id, s.parent, s.tracer);
	procfs_print(text, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", credentials->uid,
		     credentials->euid, credentials->suid, credentials->fsuid, credentials->gid,
		     credentials->egid, credentials->sgid, credentials->fsgid);
	procfs_print(text, "FDSize:\t%u\n", fds ? fd_table_capacity(fds) : 0);
	if (fds)
		fd_table_put(fds);
	print_groups(text, credentials);
	procfs_print(text, "NStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", s.thread_group,
		     s.id, s.group, s.session);
	space = process_space_get(process);
	if (space) {
		print_memory(text, space);
		address_space_put(space);
	}
	procfs_print(text, "Threads:\t%u\nSigQ:\t0/%llu\n", s.thread_count,
		     (unsigned long long)limits_current(&process->limits, LIMIT_PENDING_SIGNALS));
	procfs_print(text, "SigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\n",
		     (unsigned long long)s.pending, (unsigned long long)s.shared_pending,
		     (unsigned long long)s.blocked);
	procfs_print(text, "SigIgn:\t%016llx\nSigCgt:\t%016llx\n", (unsigned long long)s.ignored,
		     (unsigned long long)s.caught);
	procfs_print(text, "CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\n",
		     (unsigned long long)credentials->cap_inheritable,
		     (unsigned long long)credentials->cap_permitted,
		     (unsigned long long)credentials->cap_effective);
	procfs_print(text, "CapBnd:\t%016llx\nCapAmb:\t%016llx\nNoNewPrivs:\t%d\nSeccomp:\t%d\n",
		     (unsigned long long)credentials->cap_bounding,
		     (unsigned long long)credentials->cap_ambient, credentials->no_new_privileges,
		     s.is_strict);
	credentials_put(credentials);
	procfs_print(text, "voluntary_ctxt_switches:\t%llu\nnonvoluntary_ctxt_switches:\t%llu\n",
		     (unsigned long long)s.usage.voluntary_switches,
		     (unsigned long long)s.usage.involuntary_switches);
	return 0;
}

int procfs_show_statm(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct address_space *space = process_space_get(subject->process);
	struct resident_pages resident;

	if (!space) {
		procfs_print(text, "0 0 0 0 0 0 0\n");
		return 0;
	}
	address_space_resident(space, &resident);
	procfs_print(text, "%zu %zu %zu %zu 0 %zu 0\n", space->mapped_pages,
		     resident.anonymous + resident.file, resident.file,
		     (size_t)(space->code_end - space->code_start + PAGE_SIZE - 1) / PAGE_SIZE,
		     space->committed_pages);
	address_space_put(space);
	return 0;
}

int procfs_show_auxv(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct address_space *space = process_space_get(subject->process);

	if (!space)
		return 0;
	procfs_put_bytes(text, (const char *)space->saved_auxv, sizeof(space->saved_auxv));
	address_space_put(space);
	return 0;
}

int procfs_show_comm(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct snapshot s;
	int error = take_snapshot(subject, &s);

	if (!error)
		procfs_print(text, "%s\n", s.name);
	return error;
}

ssize_t procfs_store_comm(const struct procfs_subject *subject, char *line, size_t size)
{
	struct process *process = subject->process;
	struct user_thread *thread;
	irq_flags flags;

	if (process != process_current())
		return -EINVAL;
	flags = spin_lock_irq(&process->signal_lock);
	thread = choose_thread(subject);
	if (thread)
		strlcpy(thread->thread.name, line, sizeof(thread->thread.name));
	spin_unlock_irq(&process->signal_lock, flags);
	return thread ? (ssize_t)size : -ESRCH;
}

/* Linux has no newline behind these two. */
int procfs_show_login_user(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct process *process = subject->process;
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	struct user_thread *thread = choose_thread(subject);
	uint32_t user = LOGIN_UNSET;

	if (thread)
		user = atomic_load_explicit(&thread->login_user, memory_order_relaxed);
	spin_unlock_irq(&process->signal_lock, flags);
	procfs_print(text, "%u", user);
	return 0;
}

int procfs_show_login_session(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct process *process = subject->process;
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	struct user_thread *thread = choose_thread(subject);
	uint32_t session = LOGIN_UNSET;

	if (thread)
		session = atomic_load_explicit(&thread->login_session, memory_order_relaxed);
	spin_unlock_irq(&process->signal_lock, flags);
	procfs_print(text, "%u", session);
	return 0;
}

/* Each thread says it of itself alone; /proc/PID is the first thread's. */
ssize_t procfs_store_login_user(const struct procfs_subject *subject, char *line, size_t size)
{
	const struct user_thread *current = user_thread_current();
	uint32_t user;
	int error;

	if (subject->process != current->process ||
	    (subject->thread ? subject->thread : subject->process->id) != current->id)
		return -EPERM;
	if (*line == '+')
		line++;
	error = parse_u32(line, strlen(line), 10, &user);
	if (!error)
		error = user_thread_set_login(user);
	return error ? error : (ssize_t)size;
}

/* Where in the kernel a thread waits is nobody's business, as on Linux for those without rights. */
int procfs_show_wait_channel(const struct procfs_subject *subject, struct procfs_text *text)
{
	(void)subject;
	procfs_print(text, "0");
	return 0;
}

/* Of one thread. Errors: -ESRCH. */
static int thread_io(const struct procfs_subject *subject, struct thread_io *out)
{
	struct process *process = subject->process;
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	struct user_thread *thread = choose_thread(subject);

	if (thread)
		*out = thread->thread.io;
	spin_unlock_irq(&process->signal_lock, flags);
	return thread ? 0 : -ESRCH;
}

/* Of the whole process, with what its children did that it has waited for. */
static void process_io(struct process *process, struct thread_io *out)
{
	struct usage own, children;

	process_usage(process, &own);
	process_children_usage(process, &children);
	*out = own.io;
	process_add_io(out, &children.io);
}

int procfs_show_io(const struct procfs_subject *subject, struct procfs_text *text)
{
	struct thread_io io;
	int error = 0;

	/* What was read and when tells much of a secret. */
	if (!process_may_inspect(subject->process))
		return -EACCES;
	if (subject->thread)
		error = thread_io(subject, &io);
	else
		process_io(subject->process, &io);
	if (error)
		return error;
	procfs_print(text, "rchar: %llu\nwchar: %llu\nsyscr: %llu\nsyscw: %llu\n",
		     (unsigned long long)wide_count_value(&io.read_size),
		     (unsigned long long)wide_count_value(&io.write_size),
		     (unsigned long long)wide_count_value(&io.read_calls),
		     (unsigned long long)wide_count_value(&io.write_calls));
	procfs_print(text, "read_bytes: %llu\nwrite_bytes: %llu\ncancelled_write_bytes: %llu\n",
		     (unsigned long long)io.disk_read_size,
		     (unsigned long long)io.disk_write_size,
		     (unsigned long long)io.cancelled_write_size);
	return 0;
}

int procfs_show_limits(const struct procfs_subject *subject, struct procfs_text *text)
{
	static const struct {
		const char *name, *unit;
	} rows[LIMIT_COUNT] = {
		[LIMIT_CPU] = { "Max cpu time", "seconds" },
		[LIMIT_FILE_SIZE] = { "Max file size", "bytes" },
		[LIMIT_DATA] = { "Max data size", "bytes" },
		[LIMIT_STACK] = { "Max stack size", "bytes" },
		[LIMIT_CORE] = { "Max core file size", "bytes" },
		[LIMIT_RESIDENT] = { "Max resident set", "bytes" },
		[LIMIT_PROCESSES] = { "Max processes", "processes" },
		[LIMIT_OPEN_FILES] = { "Max open files", "files" },
		[LIMIT_LOCKED] = { "Max locked memory", "bytes" },
		[LIMIT_ADDRESS_SPACE] = { "Max address space", "bytes" },
		[LIMIT_FILE_LOCKS] = { "Max file locks", "locks" },
		[LIMIT_PENDING_SIGNALS] = { "Max pending signals", "signals" },
		[LIMIT_MESSAGE_QUEUE] = { "Max msgqueue size", "bytes" },
		[LIMIT_NICE] = { "Max nice priority", "" },
		[LIMIT_REALTIME_PRIORITY] = { "Max realtime priority", "" },
		[LIMIT_REALTIME_TIME] = { "Max realtime timeout", "us" },
	};

	procfs_print(text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit",
		     "Units");
	for (unsigned int i = 0; i < LIMIT_COUNT; i++) {
		const struct limit limit =
			limits_get(&subject->process->limits, (enum limit_kind)i);
		const uint64_t values[2] = { limit.current, limit.maximum };

		procfs_print(text, "%-25s ", rows[i].name);
		for (unsigned int j = 0; j < 2; j++) {
			char number[24];

			snprintf(number, sizeof(number), "%llu", (unsigned long long)values[j]);
			procfs_print(text, "%-20s ",
				     values[j] == LIMIT_INFINITY ? "unlimited" : number);
		}
		procfs_print(text, "%-10s\n", rows[i].unit);
	}
	return 0;
}

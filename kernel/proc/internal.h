/*
 * What the files of proc/ share.
 */
#pragma once
#include "proc/process.h"
#include "vfs/user_count.h"

struct exec_image;

enum { PROCESS_ID_LIMIT = 32768 }; /* Linux's default pid_max on 32 bits */

/* process_table.c: ids. All with the tree lock exclusive unless said otherwise. */
struct process_table_slot;
/*
 * A free id with its slot, before the lock is taken. `wanted` 0: any. Errors: -EAGAIN, -ENOMEM,
 * -EEXIST. Takes the lock itself.
 */
must_check int process_table_reserve(process_id wanted, struct process_table_slot **out);
void process_table_cancel(struct process_table_slot *slot); /* takes the lock itself */
process_id process_table_slot_id(const struct process_table_slot *slot);
void process_table_set_thread(process_id id, struct user_thread *thread);
void process_table_set_process(process_id id, struct process *process);
void process_table_set_group(process_id id, struct process_group *group);
void process_table_set_session(process_id id, struct session *session);
/* The number of an ended thread stays taken until its tracer has waited for it. */
void process_table_keep_id(process_id id);
void process_table_release_id(process_id id);
struct process *process_table_process(process_id id);	 /* borrowed; lock in either mode */
struct user_thread *process_table_thread(process_id id); /* borrowed; lock in either mode */
struct session *process_table_session(process_id id);	 /* borrowed; lock in either mode */
void process_table_init(void);

/* process.c */
void process_add_thread_usage(struct usage *sum, struct user_thread *thread); /* signal lock held */
struct process *process_alloc(void);	     /* one reference; NULL */
struct user_thread *user_thread_alloc(void); /* zeroed; NULL */
void user_thread_free_unstarted(struct user_thread *thread);
/*
 * thread_init() of one whose user is known (`charged`): it runs by his shares of the CPUs. Errors:
 * -ENOMEM.
 */
must_check int user_thread_init(struct user_thread *thread, const char *name,
				void (*entry)(void *), void *argument);

/* session.c: tree lock exclusive. */
/* takes a reference */
void process_group_add(struct process_group *group, struct process *process);
/* its reference is returned through the caller */
void process_group_remove(struct process *process);
struct session *session_alloc(process_id id);
struct process_group *process_group_alloc(process_id id, struct session *session);
/*
 * Before `process` leaves its group or ends: its children's groups may become orphaned with
 * stopped members.
 */
void process_group_check_orphans(struct process *process);
/* The session leader ends: lets go of the terminal. No locks. */
void session_leader_exit(struct process *leader);

/* signal_queue.c: signal lock held. */
/*
 * Adds one; false if nothing changed (a standard signal pending already). *error: -EAGAIN when a
 * realtime one cannot be queued.
 */
bool signal_pending_add(struct signal_pending *pending, const struct linux_siginfo *info,
			struct user_count *payer, uint64_t limit, int *error);
/* Takes the lowest signal of `allowed` off (faults first); 0 if there is none. */
int signal_pending_take(struct signal_pending *pending, signal_set allowed,
			struct linux_siginfo *info);
/*
 * A timer's own entry: charged to `payer` for good; NULL: no memory, or over `limit`. May sleep, no
 * locks. It is queued at most once at a time; removing one that is not queued does nothing.
 */
struct signal_entry;
struct posix_timer;
struct signal_entry *signal_entry_create_for_timer(struct posix_timer *timer,
						   struct user_count *payer, uint64_t limit);
void signal_entry_free(struct signal_entry *entry);
void signal_pending_add_prepared(struct signal_pending *pending, struct signal_entry *entry,
				 const struct linux_siginfo *info);
/*
 * The same where nothing is pending: a signal that no limit concerns lies in the set itself
 * (signal_queue.c). False: signal_pending_add() is to do it.
 */
static inline bool signal_pending_add_alone(struct signal_pending *pending,
					    const struct linux_siginfo *info)
{
	if (pending->set || info->signo >= SIGNAL_FIRST_REALTIME || info->code < 0)
		return false;
	pending->single = *info;
	pending->set = (uint32_t)SIGNAL_BIT(1) << (info->signo - 1);
	return true;
}
void signal_pending_remove_prepared(struct signal_pending *pending, struct signal_entry *entry);
void signal_queue_init(void);
/* The nth in the queue, the first being 0. False: it is shorter. */
bool signal_pending_peek(const struct signal_pending *pending, uint64_t nth,
			 struct linux_siginfo *info);

/* Between adding a signal and looking at a mask, or changing a mask and looking for signals. */
static inline void signal_fence(void)
{
	atomic_thread_fence(memory_order_seq_cst);
}
/* signal_mask.c: signal lock held. One of `which` off the thread's or the process's; 0: none. */
int signal_take(struct user_thread *thread, signal_set which, struct linux_siginfo *info);

/* signal.c: signal lock held. */
/* False: nothing has changed; it is ignored or pending already, or there is nobody any more. */
bool signal_send_process_locked(struct process *process, const struct linux_siginfo *info);
/*
 * Send a timer's signal in its own entry to `thread`, or to the process if NULL. False: nobody
 * wants to hear of it.
 */
bool signal_send_prepared(struct process *process, struct user_thread *thread,
			  struct signal_entry *entry, const struct linux_siginfo *info);
void signal_kill_all_threads(struct process *process); /* SIGKILL to each: exit_group, exec */
void signal_kill_thread(struct user_thread *thread);
void signal_wake_for(struct process *process, int signal);
/* The running thread, which may have been chosen for some of `which`, does not take them. */
void signal_pass_on(struct process *process, signal_set which);
bool signal_is_ignored(const struct process *process, const struct user_thread *thread, int signal);
void signal_flush_everywhere(struct process *process, signal_set which);
void signal_stop_cancel(struct process *process); /* a SIGCONT or SIGKILL: forget stops */

/*
 * signal_deliver.c: the running thread counts as stopped. True if it was the last to. Signal lock
 * held.
 */
bool signal_take_part_in_stop(struct user_thread *thread);
/* All threads are where they are to stop. Signal lock held. */
void signal_complete_stop(struct process *process);
/*
 * `thread` was the last that the stop waited for. Not if its tracer is the parent, which has heard
 * of it as such. No locks.
 */
void signal_tell_parent_of_stop(struct user_thread *thread);

/* ptrace_request.c: signal lock held. A tracee that listens is to report anew. */
void trace_wake_listener(struct user_thread *tracee);

/* process.c: `parent` may be NULL. Tree lock exclusive. */
void process_set_parent(struct process *process, struct process *parent);
/* exit.c: of SIGCHLD about `child`, all but signal, code and status. Tree lock held. */
void process_child_info(struct process *child, struct linux_siginfo *info);
/* exit.c: the parent of a dead process learns of it. Tree lock exclusive. */
void process_report_death(struct process *process);

/*
 * exit.c: robust futexes and the id to clear, while the thread still has its memory: at its end
 * (`for_good`) and before exec.
 */
void user_thread_forget_user_pointers(struct user_thread *thread, bool for_good);

/* exec_layout.c: the command line's wish. */
void exec_layout_init(void);

/* exit.c: let a vfork parent go on: this process does not use its memory any more. */
void process_release_parents_memory(struct process *process);

/* cpu_timers.c: they ring no more; at the end of the process. */
void process_end_cpu_timers(struct process *process);

/* exit.c: the process is dead and nobody will wait for it, or somebody has. Tree lock exclusive. */
void process_forgive(struct process *process);
/* It is forgotten for good, or another thread is the leader now. Tree lock exclusive. */
void process_drop_ended_leader(struct process *process);

/* signal sets */
#define SIGNALS_STOP \
	(SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU))
#define SIGNALS_IGNORED_BY_DEFAULT \
	(SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGURG) | SIGNAL_BIT(SIGWINCH))
#define SIGNALS_CORE                                                                            \
	(SIGNAL_BIT(SIGQUIT) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGABRT) | \
	 SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGSYS) |   \
	 SIGNAL_BIT(SIGXCPU) | SIGNAL_BIT(SIGXFSZ))
#define SIGNALS_FAULT                                                                          \
	(SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | \
	 SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSYS))
#define SIGNALS_UNBLOCKABLE (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))

/*
 * core_dump.c: `signal` kills the process: write its core file, if it may have one; then its status
 * says so. The other threads are on their way out afterwards. May sleep.
 */
void core_dump(int signal, const struct linux_siginfo *info);
/* On the way out: if another thread writes a core file, wait, so that our registers get into it. */
void core_dump_wait(struct user_thread *self);

/* out_of_memory.c: who dies when no memory can be reclaimed. */
void out_of_memory_init(void);

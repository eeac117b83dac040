/*
 * Processes and their threads.
 *
 * struct process is the thread group: what its threads share. struct user_thread is one thread:
 * sched's struct thread and what only user-mode threads have.
 *
 * Life of a process, and the function of each arrow:
 * 	(none) -> ALIVE		fork.c
 * 	ALIVE -> DEAD		exit.c: the last thread has ended, all but the status is given back
 * 	DEAD -> forgiven	wait.c by the parent; exit.c at once if the parent ignores SIGCHLD
 *
 * Locks. process_tree_lock protects the id table, parents and children, groups and sessions. A
 * process's signal_lock protects its threads, stop state, pending signals and what its threads
 * hold (memory, credentials) against other processes that look. Tree before signal; two signal
 * locks are never held together.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/refcount.h"
#include "core/spinlock.h"
#include "core/types.h"
#include "lib/list.h"
#include "lib/rbtree.h"
#include "proc/call_gate.h"
#include "proc/limits.h"
#include "proc/ptrace.h"
#include "proc/signal.h"
#include "sched/rcu.h"
#include "sched/thread.h"
#include "sched/timer.h"
#include "sched/wait_queue.h"
#include "vm/address_space.h"

struct credentials;
struct fd_table;
struct file;
struct fs_context;
struct semaphore_undo_list;
struct tty;

/* Used time and events, of one thread, one process, or all dead children. */
struct usage {
	uint64_t user_ns, system_ns;
	uint64_t minor_faults, major_faults;
	uint64_t voluntary_switches, involuntary_switches;
	struct thread_io io;
	uint64_t resident_peak_pages;
};

/* [T] process_tree_lock  [a] atomic  [I] immutable */
struct session {
	struct refcount references; /* [a] its groups */
	process_id id;		    /* [I] */
	struct process *leader;	    /* [T] NULL once gone */
	struct tty *tty;	    /* [T] controlling terminal; reference */
};

struct process_group {
	struct refcount references; /* [a] its members, and terminals whose foreground it is */
	process_id id;		    /* [I] */
	struct session *session;    /* [I] reference */
	struct list members;	    /* [T] struct process.group_node */
};

enum process_state { PROCESS_ALIVE, PROCESS_DEAD, PROCESS_FORGIVEN };

enum process_flags {
	PROCESS_SUBREAPER = 1 << 0,  /* adopts orphans below it */
	PROCESS_HAS_EXECED = 1 << 1, /* setpgid by the parent is over */
	PROCESS_EXITING = 1 << 3,    /* exit_group or a fatal signal: every thread ends */
	PROCESS_OF_KERNEL = 1 << 5,  /* started by the kernel: nobody waits for it; immutable */
	PROCESS_GROUP_EXEC = 1 << 4, /* one thread execs: the others end */
};

/*
 * [T] process_tree_lock  [s] signal lock  [a] atomic  [I] immutable  [t] its own threads  [r]
 * written under tree lock, read under RCU
 */
struct process {
	/* [a] its id until forgiven, its threads, /proc's files */
	struct refcount references;
	process_id id;			   /* [I] */
	_Atomic(enum process_state) state; /* [T] */
	uint32_t flags;			   /* [s] enum process_flags */

	struct process *parent;		   /* [T] NULL for init and the forgiven */
	atomic_int parent_id;		   /* [T] to change, [a] to read: of `parent`, or 0 */
	/* [T] which of the parent's threads, for __WNOTHREAD */
	process_id parent_thread;
	struct list children;	     /* [T] of sibling */
	struct list_node sibling;    /* [T] */
	/* [T] of user_thread.trace.node: what threads of this one trace */
	struct list tracees;
	/* [T] its leader, while that is traced, even once it has ended */
	struct user_thread *leader_tracee;
	/*
	 * [T] its leader once that has ended, for who asks how it is scheduled; it counts against
	 * its user's limit until the process is forgiven; reference
	 */
	struct user_thread *ended_leader;
	struct process_group *group; /* [T] reference */
	struct list_node group_node; /* [T] */
	bool gave_up_terminal;	     /* [T] its session may have one, but not for it */
	/* [I] to the parent at the end: SIGCHLD, another, or 0 */
	int exit_signal;

	struct spinlock signal_lock; /* LOCK_RANK_SIGNAL */
	struct list threads;	     /* [s] of user_thread.process_node, eldest first */
	unsigned int thread_count;   /* [s] not ended yet */
	/* [s] the thread whose id is the process's; NULL once it has ended */
	struct user_thread *group_leader;
	struct wait_queue thread_ended; /* exec waits here for the others */

	struct signal_handlers *handlers; /* [s] reference, for the life of the process */
	struct signal_pending pending;	  /* [s] signals for whichever thread */
	struct wait_queue signal_queue;	  /* signalfd pollers */
	struct wait_queue death_queue;	  /* pidfd pollers */

	/* Stop and continue. */
	bool stop_requested;			   /* [s] every thread is to stop */
	unsigned int stopped_count;		   /* [s] threads with stop_done */
	int stop_signal;			   /* [s] which one */
	bool is_stopped;			   /* [s] all have; */
	bool stop_unreported, continue_unreported; /* [s] for wait4 WUNTRACED, WCONTINUED */
	bool continue_untold;			   /* [s] the parent has not had its SIGCHLD yet */

	/* The end. */
	struct user_thread *core_dumper; /* [s] who writes a core file just now */
	unsigned int core_waiting;	 /* [s] threads that wait for that, parked */
	/* [s] as wait4 gives it, once dead (or decided by exit_group) */
	uint32_t exit_status;
	/* [s] of the last thread, once dead; reference */
	const struct credentials *last_credentials;
	char last_name[16];		  /* [s] of the last thread, once dead */
	struct wait_queue child_wait;	  /* parents sleep here in wait4 */
	atomic_bool holds_parents_memory; /* [a] after vfork, until exec or exit */
	struct wait_queue vfork_queue;	  /* the parent sleeps here meanwhile */
	struct usage usage;		  /* [s] of ended threads, and of memory left by exec() */
	struct usage children_usage;	  /* [T] of forgiven children */

	/* [s] NULL once given back; own threads read freely */
	struct address_space *space;
	struct limits limits;		 /* [s] to write; limits_get() needs no lock */
	struct file *executable;	 /* [s] /proc/PID/exe; reference; NULL for none */
	uint64_t start_ns;		 /* [I] monotonic */
	atomic_int out_of_memory_adjust; /* [a] /proc/PID/oom_score_adj: -1000..1000 */
	atomic_int out_of_memory_minimum; /* [a] the least that it may set itself */
	struct timer real_timer;	 /* setitimer(ITIMER_REAL): [s] the two below */
	uint64_t real_timer_interval_ns; /* [s] */
	uint64_t real_timer_deadline_ns; /* [s] 0: off */
	/* [s] set once, freed with the process; cpu_timers.c's own */
	struct cpu_timers *cpu_timers;
	struct rbtree posix_timers;	 /* [s] posix_timers.c's own, by id */
	int next_timer_id;		 /* [s] */
	struct rcu_head rcu;
	uint32_t personality;	 /* own threads; as the parent's, until exec gains privilege */
	atomic_bool dumpable;	 /* [s] to change, [a] to read alone: PR_SET_DUMPABLE */
	bool no_huge_pages;	 /* own threads: PR_SET_THP_DISABLE */
	/* [s] its threads that are about to gain privilege by exec: nobody begins to trace it */
	unsigned int privileged_execs;
	int parent_death_signal; /* [s] PR_SET_PDEATHSIG */
};

/*
 * A call that goes on through restart_syscall(2). Each call that might be interrupted fills it in;
 * it is good for one restart, and only if that is what the thread returns to.
 */
struct restart_block {
	bool is_due; /* signal_deliver() has sent the thread to restart_syscall */
	int (*function)(struct restart_block *block);
	uint64_t deadline_ns;
	uintptr_t words[6];
};

/* [t] own thread  [s] signal lock of its process  [I] immutable */
struct user_thread {
	/* must be first: thread_current() is one of these in user processes */
	struct thread thread;
	process_id id;		       /* [T+s] changes only when a thread execs */
	struct process *process;       /* [I] reference */
	struct list_node process_node; /* [s] */
	bool ended;		       /* [s] */
	bool is_parent;		       /* [T] some child's parent_thread may be this one */
	bool stop_done;		       /* [s] has taken part in the stop that is requested */
	bool was_continued;	       /* [s] SIGCONT came since it last took a signal */
	struct trace trace;

	/* [s], own thread reads freely; reference */
	_Atomic(const struct credentials *) credentials;
	/*
	 * [s], own thread reads freely: whose RLIMIT_NPROC it counts against, and by whose shares
	 * of the CPUs it runs; reference until the thread is released
	 */
	struct user_count *charged;
	/* [s], own thread reads freely; NULL once given back */
	struct fd_table *fds;
	/* [s], own thread reads freely; NULL once given back */
	struct fs_context *fs;

	/* [t] also changed under [s] while it is stopped; others look by signal_mask.c's rule */
	signal_set blocked;
	signal_set saved_mask;			  /* [t] valid while restore_mask */
	bool restore_mask;			  /* [t] sigsuspend and kin */
	signal_set waiting_for;			  /* [s] sigtimedwait */
	struct signal_pending pending;		  /* [s] for this thread alone */
	uintptr_t alt_stack;			  /* [t] sigaltstack */
	uint32_t alt_stack_size, alt_stack_flags; /* [t] */
	struct restart_block restart;		  /* [t] */
	/* [t] of its last fault, for the signal frame */
	uint32_t fault_trap_number, fault_trap_error;
	uintptr_t fault_address; /* [t] */
	bool fault_is_final;	 /* [t] the next forced signal cannot be caught */

	struct call_gate gate;	     /* [t] */
	user_addr clear_child_tid;	     /* [t] zeroed and woken at the end */
	user_addr set_child_tid;	     /* [t] written at the first run */
	user_addr robust_list;		     /* [t] */
	uint64_t minor_faults, major_faults; /* [t] */
	uint64_t start_ns;		     /* [I] */
	atomic_bool resets_on_fork; /* [a] SCHED_RESET_ON_FORK; relaxed, stands alone */
	uint32_t timer_slack_ns, initial_timer_slack_ns; /* [t] PR_SET_TIMERSLACK */
	uint8_t memory_failure_told; /* [t] PR_MCE_KILL, counted from its default: kept */
	bool is_io_flusher;	     /* [t] PR_SET_IO_FLUSHER: kept */
	atomic_uint io_priority;	     /* [a] ioprio_set(2)'s word */
	/* [t] whom it runs for and since which login; others may see one new and one old */
	atomic_uint login_user, login_session;
	/* [t] what System V semaphores keep for its end; NULL for nothing */
	struct semaphore_undo_list *semaphore_undo;
};

/* Only syscall/, entry/, proc/ and job control ask who is running. */
static inline struct user_thread *user_thread_current(void)
{
	return (struct user_thread *)thread_current();
}
static inline struct process *process_current(void)
{
	return user_thread_current()->process;
}
static inline const struct credentials *credentials_current(void)
{
	return atomic_load_explicit(&user_thread_current()->credentials, memory_order_relaxed);
}
/* /proc/PID/loginuid: not told yet; also of the session. */
#define LOGIN_UNSET UINT32_MAX
/*
 * The current thread works for `user` from now on, who has just logged in (LOGIN_UNSET: for
 * nobody). Errors: -EPERM: that was told before, and to change it takes CAP_AUDIT_CONTROL.
 */
must_check int user_thread_set_login(uint32_t user);

/* Is the current thread a user process's (not a kernel thread)? */
bool user_thread_is_current(void);

extern struct rwspinlock process_tree_lock;

static inline void process_get(struct process *process)
{
	refcount_get(&process->references);
}
void process_put(struct process *process);
static inline void user_thread_get(struct user_thread *thread)
{
	thread_get(&thread->thread);
}
static inline void user_thread_put(struct user_thread *thread)
{
	thread_put(&thread->thread);
}

/* process_table.c: references, or NULL. Dead but unforgiven processes are found. */
struct process *process_find_get(process_id id);
struct user_thread *user_thread_find_get(process_id id);
/* The same, but a leader that has ended is found until its process is forgiven. */
struct user_thread *user_thread_find_get_ended(process_id id);
/* Does anything bear this id: a thread, a process, a group, a session? */
bool process_id_is_used(process_id id);
/* Tree lock held: borrowed. */
struct process_group *process_group_find(process_id id);
/* The first process with an id >= `id`, referenced, or NULL: to walk all of them. */
struct process *process_next_get(process_id id);
/* Call for each process with the tree lock shared; must not sleep; false stops. */
void process_for_each(bool (*visit)(struct process *process, void *argument), void *argument);
unsigned int process_count(void), user_thread_count(void);
/* How many threads, first ones of processes among them, have been made since boot. */
unsigned int process_made_count(void);

/* The memory of another process: its space with a user reference, or NULL. */
struct address_space *process_space_get(struct process *process);
/* A thread of this running process has moved the vDSO's image: the others return there, too. */
void process_vdso_moved(struct process *process, uintptr_t to);
/* Descriptors, directories of another process's leader: references or NULL. */
struct fd_table *process_fds_get(struct process *process);
struct fs_context *process_fs_get(struct process *process);
const struct credentials *process_credentials_get(struct process *process);
/*
 * May the current thread look into `process`? Files of /proc judge by the file-system ids and
 * effective capabilities, calls by the real ids and permitted ones.
 */
enum process_access { PROCESS_ACCESS_FILE, PROCESS_ACCESS_REAL };
bool process_may_access(struct process *process, enum process_access kind);
bool process_may_access_locked(struct process *process, enum process_access kind); /* signal lock */
/*
 * The memory that `process` has at the moment of that question: an exec in between would give away
 * that of a program with more privilege. A reference, or NULL once it is dead. Errors: -EPERM.
 */
must_check int process_access_space(struct process *process, enum process_access kind,
				    struct address_space **out);
static inline bool process_may_inspect(struct process *process)
{
	return process_may_access(process, PROCESS_ACCESS_FILE);
}

/* The adjustment that spares a process when memory runs out. */
#define OUT_OF_MEMORY_SPARED (-1000)

/* How near it is to being the one that dies, 0..2000 (/proc/PID/oom_score); 0: it is spared. */
unsigned int process_out_of_memory_score(struct process *process);

/* The name that ps shows, of its eldest live thread. Returns `buffer`. */
const char *process_name(struct process *process, char *buffer, size_t size);
/* all its threads, live and ended */
void process_usage(struct process *process, struct usage *out);
void process_add_io(struct thread_io *sum, const struct thread_io *more);
/* of forgiven children */
void process_children_usage(struct process *process, struct usage *out);
/* getppid(2): 0 for init and the forgiven. */
static inline process_id process_parent_id(const struct process *process)
{
	return atomic_load_explicit(&process->parent_id, memory_order_relaxed);
}
/* Calls `visit` for each of its threads that has not ended, under signal_lock: it may not sleep. */
void process_visit_threads(struct process *process,
			   void (*visit)(struct user_thread *thread, void *argument),
			   void *argument);
/*
 * unshare.c: the current thread gets descriptors, or root, working directory and umask, of its own.
 * Errors: -ENOMEM; then nothing has changed.
 */
must_check int process_unshare(bool files, bool fs);
/* What it would undo to semaphores at its end is undone now. May sleep. */
void process_unshare_semaphores(void);
/* Has another process our memory? */
bool process_shares_space(void);
/*
 * True: no other process has our root and working directory, and until process_unclaim_fs() none
 * can come to share them.
 */
bool process_claim_fs(void);
void process_unclaim_fs(void);
/*
 * `count` files leave in a socket: the current thread's user, charged and referenced; NULL if he
 * has more in flight than LIMIT_OPEN_FILES and is not privileged. process.c
 */
struct user_count;
struct user_count *process_charge_in_flight(unsigned int count);
void process_uncharge_in_flight(struct user_count *user, unsigned int count);
void process_vm_limits(struct process *process, struct vm_limits *out);

/*
 * Boot: make process 1, which runs `init` from the root file system. Panics only if none can be
 * started.
 */
void process_start_init(const char *path, const char *const *arguments);
void process_init(void);

/* exit.c */
noreturn void process_exit_group(uint32_t status); /* wait4's form: code << 8, or signal */
noreturn void user_thread_exit(uint32_t status);   /* this thread only */

/*
 * fork.c: clone(2) and clone3(2), whose structures were looked at already. Returns the child's id
 * in the parent.
 */
struct clone_request {
	uint64_t flags; /* CLONE_..., clone3's included, without the signal */
	int exit_signal;
	uintptr_t stack; /* 0: the parent's */
	user_addr parent_tid, child_tid, pidfd;
	struct user_desc *tls;	   /* kernel copy, or NULL */
	const process_id *set_tid; /* clone3: the ids that it shall have, innermost first */
	unsigned int set_tid_count;
};
must_check int process_clone(const struct clone_request *request);

/*
 * exec.c: after 0 the user frame starts the new image. `path` is in kernel memory. Errors: those
 * of execve(2).
 */
struct walk_context;
struct exec_request {
	const struct walk_context *context;
	const char *path;	/* to be walked; may be empty with WALK_EMPTY_OK */
	uint32_t walk_flags;	/* WALK_FOLLOW, WALK_EMPTY_OK */
	/* what the program is told it is (AT_EXECFN), and a script's interpreter gets to open */
	const char *shown_path;
	bool hides_path;	/* shown_path will be closed by then: a script is -ENOENT */
	int late_error;		/* told once the strings are read, before anything is opened */
};
must_check int process_exec(const struct exec_request *request, user_addr argv, user_addr envp);
/* The same for strings in kernel memory (init). */
must_check int process_exec_kernel(const struct walk_context *context, const char *path,
				   const char *const *argv, const char *const *envp);

/* wait.c */
struct wait_request {
	enum { WAIT_ANY, WAIT_PID, WAIT_GROUP, WAIT_PIDFD } kind;
	process_id id;
	struct process *process; /* WAIT_PIDFD: held by the caller */
	uint32_t options; /* W... and __W... */
};
struct wait_result {
	process_id id;
	user_id uid;
	uint32_t status;
	int code;
	struct usage usage;
};
/* 1 found, 0 with WNOHANG nothing, -ECHILD, -ERESTARTSYS. */
must_check int process_wait(const struct wait_request *request, struct wait_result *out);

/* session.c */
must_check int process_set_group(process_id pid, process_id group); /* setpgid(2) */
must_check int process_new_session(process_id *out);		    /* setsid(2) */
must_check int process_get_group(process_id pid, process_id *out);
must_check int process_get_session(process_id pid, process_id *out);
bool process_group_is_orphaned(struct process_group *group); /* tree lock held */
/* Job control for terminals: see tty/job_control.h, which is built on these. References. */
struct process_group *process_group_get_current(void);
void process_group_put(struct process_group *group);

/*
 * Replace the current thread's credentials (reference taken over); moves the RLIMIT_NPROC
 * charge.
 */
void user_thread_set_credentials(const struct credentials *credentials);

/* setitimer(ITIMER_REAL): times in ns, 0 is off; the old values come back. timers.c */
void process_set_real_timer(uint64_t value_ns, uint64_t interval_ns, uint64_t *old_value_ns,
			    uint64_t *old_interval_ns);
void process_get_real_timer(uint64_t *value_ns, uint64_t *interval_ns);

/*
 * setitimer(ITIMER_VIRTUAL, ITIMER_PROF): times of CPU use in ns, 0 is off; the old values come
 * back. cpu_timers.c Errors: -ENOMEM.
 */
enum cpu_timer_kind { CPU_TIMER_VIRTUAL, CPU_TIMER_PROFILE, CPU_TIMER_COUNT };
must_check int process_set_cpu_timer(enum cpu_timer_kind kind, uint64_t value_ns,
				     uint64_t interval_ns, uint64_t *old_value_ns,
				     uint64_t *old_interval_ns);
void process_get_cpu_timer(enum cpu_timer_kind kind, uint64_t *value_ns, uint64_t *interval_ns);
/* The current thread against LIMIT_REALTIME_TIME: RETURN_WORK_REALTIME. */
void process_check_realtime_limit(void);
/* LIMIT_CPU has changed, or came with a fork: begin to watch it. Errors: -ENOMEM. */
must_check int process_watch_cpu_limit(struct process *process);

/*
 * What tty fills in for proc, which stands below it. `leader_exits` is called without locks; it
 * tells the terminal's foreground group and lets go of the session. get and put: references, any
 * context.
 */
struct terminal_ops {
	void (*put)(struct tty *tty);
	void (*leader_exits)(struct tty *tty, struct session *session);
	dev_number (*device)(struct tty *tty); /* any context */
	/* its foreground group's id, or -1; tree lock held */
	process_id (*foreground)(struct tty *tty);
};
void session_set_terminal_ops(const struct terminal_ops *ops);
const struct terminal_ops *session_terminal_ops(void);

/* The controlling terminal of a process, or NULL. Tree lock held. */
static inline struct tty *process_terminal(const struct process *process)
{
	return process->gave_up_terminal ? NULL : process->group->session->tty;
}

/* Notify `parent` of a child's stop, continuation or death. Tree lock held. */
void process_notify_parent(struct process *child, int code);

/*
 * What ipc fills in for proc, which stands below it: what a thread keeps of System V semaphores.
 * share: CLONE_SYSVSEM; makes the list if there is none. Errors: -ENOMEM. release: a list or NULL,
 * at the thread's end. Both may sleep.
 */
struct thread_ipc_ops {
	int (*share)(struct semaphore_undo_list **from, struct semaphore_undo_list **to);
	void (*release)(struct semaphore_undo_list *list);
};
void process_set_ipc_ops(const struct thread_ipc_ops *ops);
const struct thread_ipc_ops *process_ipc_ops(void);

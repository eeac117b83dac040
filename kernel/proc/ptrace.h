/*
 * Tracing: one thread watches and steers another (ptrace(2)).
 *
 * Idea. A tracee stops at every point that its tracer may care about, inside trace_stop(), and
 * sleeps there until the tracer lets it go on, with a signal or without. While it is stopped all
 * of it lies in memory (arch/debug.h: parked), and the tracer's requests read and change it. The
 * tracer learns of stops as a parent learns of its children's: by SIGCHLD and wait4(2).
 *
 *	running -> stopped	trace_stop, by the tracee itself; its code is what wait4 reports
 *	stopped -> running	trace_resume, by the tracer; the code is then the signal
 *	stopped -> running	SIGKILL; the tracer's end or PTRACE_DETACH (trace_unlink)
 *
 * A request freezes the stopped tracee for as long as it looks: not even SIGKILL lets it leave
 * trace_stop() before the request has thawed it.
 *
 * Ended tracees. wait4 reports each traced thread's end to its tracer, so a traced thread's record
 * (and its number) stays until then. A process whose leader is traced by somebody else than its
 * parent is reported to the tracer first, and to the parent when that has waited for it.
 *
 * Locks. The tree lock protects who traces whom; writing struct trace's tracer takes the tracee's
 * signal lock too, so that either is enough to read it. The tracee's signal lock protects the rest.
 * A thread may look without locks whether it is traced itself: the answer may be old, and every
 * stop looks again.
 *
 * An untraced thread pays nothing: tracees alone have RETURN_WORK_TRACE set.
 */
#pragma once
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"
#include "lib/list.h"

struct credentials;
struct linux_siginfo;
struct process;
struct trap_frame;
struct user_thread;

/* [T] process_tree_lock  [s] signal lock of the traced thread's process  [t] own thread */
struct trace {
	_Atomic(struct user_thread *) tracer; /* [T+s] NULL: nobody traces this thread */
	struct list_node node;		      /* [T] in the tracer's process.tracees */
	/* [T+s] the tracer's when it attached; reference */
	const struct credentials *tracer_credentials;
	uint32_t options;	    /* [s] PTRACE_O_... */
	bool seized;		    /* [s] by PTRACE_SEIZE: stops say more */
	bool trap_wanted;	    /* [s] PTRACE_INTERRUPT, or the first stop */
	bool notify_wanted;	    /* [s] seized: a group stop has begun or ended */
	/* [s] stopped by job control: is to stop for its tracer instead */
	bool attach_waits;
	bool stopped;		    /* [s] in trace_stop, until resumed */
	bool listening;		    /* [s] stopped, but only for job control's sake */
	bool frozen;		    /* [s] the tracer looks at it */
	bool reports_calls;	    /* [s] own thread reads freely: PTRACE_SYSCALL */
	bool skips_calls;	    /* [s] own thread reads freely: PTRACE_SYSEMU */
	uint32_t code;		    /* [s] to report, 0 once done; resumed: the signal */
	uint32_t message;	    /* [s] PTRACE_GETEVENTMSG */
	struct linux_siginfo *info; /* [s] while stopped; NULL: there is none */
	bool ended;		    /* [T] it has; its tracer has not waited for it */
	uint32_t exit_status;	    /* [T] then, as wait4 has it */
};

/* ---- the tracee's side: ptrace_stop.c. All about the running thread, no locks held. ---- */

/*
 * A signal is about to be delivered: the one to deliver instead, 0 for none. Changes *info
 * accordingly.
 */
int trace_signal_stop(int signal, struct linux_siginfo *info);
/* A stop by job control in which this thread has just taken part. */
void trace_group_stop(void);
/* struct trace says that a stop is wanted. */
void trace_wanted_stop(void);
/* Is one? Signal lock held. */
bool trace_wants_stop(const struct user_thread *thread);
/* PTRACE_EVENT_...: stops if the tracer asked for it. False: it did not. */
bool trace_event(unsigned int event, uint32_t message);
/* Is `event` asked for? A hint. */
bool trace_has_event(const struct user_thread *thread, unsigned int event);
/* After an exec: the event, or the SIGTRAP of old. */
void trace_exec(process_id old_id);
/* A handler's frame has been pushed; `stepping` as it was before. */
void trace_handler_started(bool stepping);
/* Around a system call. False: do not make it, its result is in the frame. */
must_check bool trace_syscall_enter(struct trap_frame *frame);
void trace_syscall_leave(struct trap_frame *frame);

/* ---- who traces whom: ptrace.c ---- */

/* Errors: those of ptrace(2) PTRACE_TRACEME, PTRACE_ATTACH and (`seize`) PTRACE_SEIZE. */
must_check int trace_me(void);
must_check int trace_attach(struct user_thread *tracee, bool seize, uint32_t options);
/* Errors: -EINVAL: these options do not exist, or not here. */
must_check int trace_check_options(uint32_t options);
/*
 * Fork: the child is traced as its parent, if that is wanted. Tree lock exclusive, before the
 * child starts.
 */
void trace_inherit(struct user_thread *child, struct user_thread *parent);
/* Nobody traces `tracee` any more; if it is stopped it goes on. Tree lock exclusive. */
void trace_unlink(struct user_thread *tracee);
/*
 * `tracer` has ended: its tracees are let go, or killed if they were to be. Tree lock exclusive,
 * its number given back.
 */
void trace_end_tracer(struct user_thread *tracer);
/*
 * The running thread, a tracee, has ended: keep it for its tracer. Tree lock exclusive, before its
 * number is given back.
 */
void trace_end_tracee(struct user_thread *thread, uint32_t status);
/* Is the end of `process` somebody else's to know before its parent's? Tree lock held. */
bool trace_hides_death(const struct process *process);
/* The tracer of the dead `process`'s leader learns of it. Tree lock exclusive. */
void trace_notify_death(struct process *process);
/* Tell the tracer of `tracee`, by SIGCHLD and to its waiters, what has happened. Tree lock held. */
void trace_notify(struct user_thread *tracee, int code, int status);
/*
 * May the running thread, as the tracer, read and write the memory of its tracee? It may have
 * become secret since it attached.
 */
bool trace_may_access_memory(struct user_thread *tracee);
/*
 * The running thread's exec gains privilege. False: its tracer is not to be trusted with that. Else
 * nobody begins to trace its process until trace_end_privilege().
 */
bool trace_begin_privilege(void);
void trace_end_privilege(void);
/* For /proc/PID/status: the tracer, or 0. Tree lock held. */
process_id trace_tracer_id(const struct user_thread *thread);

/* ---- the tracer's side: ptrace_request.c ---- */

/*
 * `tracee` is stopped, traced by the running thread, and stays so until thawed. Errors: -ESRCH.
 */
must_check int trace_freeze(struct user_thread *tracee);
void trace_thaw(struct user_thread *tracee);
/* Whether it is traced by the running thread, in whatever state. */
bool trace_is_mine(const struct user_thread *tracee);

/* All of a frozen tracee, which they leave frozen unless they say otherwise. */
enum trace_resume_mode { TRACE_RUN, TRACE_CALLS, TRACE_STEP, TRACE_EMULATE, TRACE_EMULATE_STEP };
/* Goes on, with `signal` or 0; thaws. Errors: -EIO: no such signal (still frozen). */
must_check int trace_resume(struct user_thread *tracee, enum trace_resume_mode mode,
			    uint32_t signal);
/* The same, and no longer traced. */
must_check int trace_detach(struct user_thread *tracee, uint32_t signal);
/* Errors: -EIO: not seized, or not stopped by a PTRACE_EVENT_STOP. */
must_check int trace_listen(struct user_thread *tracee);
/* PTRACE_INTERRUPT: in any state. Errors: -EIO: not seized. */
must_check int trace_interrupt(struct user_thread *tracee);
/* Errors: -EINVAL. */
must_check int trace_set_options(struct user_thread *tracee, uint32_t options);
/* Errors: -EINVAL: stopped for no signal. */
must_check int trace_get_info(struct user_thread *tracee, struct linux_siginfo *out);
must_check int trace_set_info(struct user_thread *tracee, const struct linux_siginfo *info);
/* The nth pending signal of the thread, or of its process. False: there are not so many. */
bool trace_peek_info(struct user_thread *tracee, bool shared, uint64_t nth,
		     struct linux_siginfo *out);
uint64_t trace_get_mask(struct user_thread *tracee);
void trace_set_mask(struct user_thread *tracee, uint64_t mask);
/* Its registers were written: an interrupted call among them is to be looked at again. */
void trace_registers_changed(struct user_thread *tracee);

/*
 * Signals: sent to a thread or a process, kept pending, delivered on the way back to user mode.
 *
 * A signal set is 64 bits; signal n is bit n - 1. siginfo is kept in Linux's own layout from birth,
 * as far as signals use it, so that delivery and signalfd copy it and nothing else.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "arch/trap_frame.h"
#include "core/compiler.h"
#include "core/refcount.h"
#include "core/spinlock.h"
#include "core/types.h"
#include "lib/list.h"
#include "uapi/linux/signal.h"

struct credentials;
struct process;
struct process_group;
struct user_thread;

typedef uint64_t signal_set;
#define SIGNAL_BIT(signal) ((signal_set)1 << ((signal)-1))

/* Is it in the set? By halves: shifting 64 bits by a variable takes ten instructions. */
static inline bool signal_is_in(signal_set set, int signal)
{
	uint32_t half = signal > 32 ? (uint32_t)(set >> 32) : (uint32_t)set;

	return half >> ((unsigned int)(signal - 1) & 31) & 1;
}
#define SIGNAL_COUNT 64

/* 0 is none, and may be sent to see whether one could. */
static inline bool signal_exists(int signal)
{
	return signal >= 0 && signal <= SIGNAL_COUNT;
}

#define SIGNAL_FIRST_REALTIME 32

/* What a process does about one signal: sigaction in one form. */
struct signal_action {
	uintptr_t handler; /* SIG_DFL 0, SIG_IGN 1, or a user address */
	uint32_t flags;	   /* SA_... */
	uintptr_t restorer;
	signal_set mask;
};

/* Shared by CLONE_SIGHAND. [l] lock */
struct signal_handlers {
	struct refcount references;		    /* [a] */
	struct spinlock lock;			    /* LOCK_RANK_SIGNAL_HANDLERS */
	struct signal_action actions[SIGNAL_COUNT]; /* [l] signal n at n - 1 */
};

/* Pending signals of a thread or of a process. [the process's signal_lock] */
struct signal_pending {
	signal_set set;
	struct list queue;  /* of struct signal_entry, oldest first */
	struct list firsts; /* of these, the oldest of each signal */
	struct linux_siginfo single; /* older than all of `queue`; signo 0: none */
};

void signal_pending_init(struct signal_pending *pending);
void signal_pending_flush(struct signal_pending *pending, signal_set which);

/*
 * kill(2)-like: with the sender's permission checked by the caller (signal_may_send). Any
 * context, no signal lock held.
 */
int signal_send_process(struct process *process, const struct linux_siginfo *info);
int signal_send_thread(struct user_thread *thread, const struct linux_siginfo *info);
/* Every member; 0 if there was one, else -ESRCH. Takes the process tree lock shared. */
int signal_send_group(struct process_group *group, const struct linux_siginfo *info);

/* May `sender` send `signal` to `target`? 0 or -EPERM. SIGCONT is allowed within a session. */
must_check int signal_may_send(const struct user_thread *sender, struct process *target,
			       int signal);

/*
 * kill(2) by the current thread to a group, and to all but init and itself, with permissions:
 * nobody is born meanwhile, so nobody gets away. Errors: -ESRCH, -EINVAL (no such signal), -EPERM
 * (group only), -EAGAIN.
 */
int signal_kill_group(process_id id, const struct linux_siginfo *info);
int signal_kill_all(const struct linux_siginfo *info);

/* siginfo of the kernel's own making: code SI_KERNEL. */
void signal_info_kernel(struct linux_siginfo *info, int signal);
/* SI_USER from the current process. */
void signal_info_user(struct linux_siginfo *info, int signal);

/*
 * A fault of the current thread: SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP with address. If it is
 * blocked or ignored the process dies of it, since it cannot go on.
 */
void signal_force_fault(int signal, int code, uintptr_t address, uint32_t trap_number,
			uint32_t trap_error);
/* The same: SIGSYS instead of the system call that it made from `address`. */
void signal_force_call(int code, uintptr_t address, uint32_t number);
/* Kill the current process with `signal` for sure (a bad signal frame). */
void signal_force(int signal);

/*
 * The one place of delivery: called on the way to user mode with RETURN_WORK_SIGNAL set,
 * interrupts on. Resolves -ERESTART... in the frame, stops, dies (then does not return), or
 * builds a handler's frame.
 */
void signal_deliver(struct trap_frame *frame);

/*
 * Work out anew whether `thread` has something deliverable, and tell sched and entry. Signal
 * lock held.
 */
void signal_recalculate(struct user_thread *thread);

/* sigprocmask and friends on the current thread. */
void signal_set_mask(signal_set mask);
/*
 * sigsuspend, ppoll, pselect: replace the mask until the next delivery or syscall end, which
 * puts `saved` back.
 */
void signal_suspend_mask(signal_set temporary);
/* No handler ran: put the saved mask back now. */
void signal_restore_mask(void);

/*
 * What the current process does about a signal. `old` may be NULL; `new` may be NULL, and loses
 * what cannot be blocked. Errors: -EINVAL.
 */
must_check int signal_set_action(int signal, struct signal_action *new, struct signal_action *old);
/* What another process does about a signal. Any context; no signal lock held. */
void signal_get_action(struct process *process, int signal, struct signal_action *out);
/* exec: caught ones become default; ignored ones stay. */
void signal_reset_handlers(struct signal_handlers *handlers);
must_check int signal_handlers_create(struct signal_handlers **out);
/* `to` is nobody else's yet. */
void signal_handlers_assign(struct signal_handlers *to, struct signal_handlers *from);
must_check int signal_handlers_copy(struct signal_handlers *from, struct signal_handlers **out);
void signal_handlers_put(struct signal_handlers *handlers);

/*
 * sigtimedwait: take one of `which` off; waits until deadline. Returns the signal, -EAGAIN,
 * -EINTR.
 */
must_check int signal_wait(signal_set which, struct linux_siginfo *info, uint64_t deadline_ns);
/* of the current thread and process, blocked ones included */
signal_set signal_pending_set(void);

/* Is a SIGKILL-like end under way for the current process? */
bool signal_is_dying(const struct user_thread *thread);

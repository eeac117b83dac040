/*
 * POSIX timers: timer_create(2) and its kin.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"
#include "uapi/linux/signal.h"

struct process;
struct user_thread;

enum posix_clock_kind {
	POSIX_CLOCK_MONOTONIC,
	POSIX_CLOCK_REALTIME,
	POSIX_CLOCK_PROCESS_CPU,
	POSIX_CLOCK_THREAD_CPU,
};

/* A clock to set timers by. The references that it needs are taken over by who gets it. */
struct posix_clock {
	enum posix_clock_kind kind;
	struct process *process;    /* PROCESS_CPU: reference */
	struct user_thread *thread; /* THREAD_CPU: reference */
	bool is_user_only;	    /* CPU clocks: time in user mode */
};

/* Its time in ns. No signal lock held. */
int64_t posix_clock_read(const struct posix_clock *clock);
/*
 * Sleep until the clock says `deadline_ns`; for clocks of CPU time, which have no alarm. No lock
 * held. Errors: -ERESTARTNOHAND, a signal came first.
 */
must_check int posix_clock_sleep_until(const struct posix_clock *clock, int64_t deadline_ns);
void posix_clock_put(const struct posix_clock *clock);

struct posix_timer_setting {
	int64_t value_ns;    /* 0: off */
	int64_t interval_ns; /* 0: once */
};

/*
 * A timer of the current process by `clock` (taken over, also on error). `event` has been checked;
 * NULL means SIGALRM with the timer's number. `target`: the thread to be told, with a reference
 * that is taken over, or NULL: the process. Errors: -EAGAIN for want of memory or over
 * LIMIT_PENDING_SIGNALS.
 */
must_check int posix_timer_create(const struct posix_clock *clock,
				  const struct linux_sigevent *event, struct user_thread *target,
				  int *id);
/* The others are about a timer of the current process. Errors: -EINVAL, there is none. */
must_check int posix_timer_set(int id, bool absolute, const struct posix_timer_setting *new,
			       struct posix_timer_setting *old);
must_check int posix_timer_get(int id, struct posix_timer_setting *out);
must_check int posix_timer_overrun(int id);
int posix_timer_delete(int id);
/* exec and the end of a process, in its last thread: all are gone. */
void process_end_posix_timers(struct process *process);

/*
 * signal_queue.c: the timer's signal is taken (or thrown away): the expirations since it was sent
 * are counted into `info`, and the next one is armed. Signal lock held.
 */
struct posix_timer;
void posix_timer_signal_taken(struct posix_timer *timer, struct linux_siginfo *info);
void posix_timers_init(void);

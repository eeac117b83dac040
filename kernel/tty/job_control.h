/*
 * Job control: which session a terminal belongs to, and which of its process groups may use it.
 */
#pragma once
#include <stdbool.h>
#include "core/compiler.h"
#include "core/types.h"

struct file;
struct linux_siginfo;
struct process_group;
struct tty;
struct tty_file;

/*
 * May the current process use `tty` now? 0; or, for a background process of its session:
 * -ERESTARTSYS after its group was sent `signal` (SIGTTIN or SIGTTOU), or -EIO where that cannot
 * stop it.
 */
must_check int job_control_check(struct tty *tty, int signal);

/* An open without O_NOCTTY: a session leader without a terminal gets this one, if it is free. */
void job_control_adopt(const struct tty_file *opened);
/* The controlling terminal of the current process, referenced, or NULL. */
struct tty *job_control_get_terminal(void);
/* Is `tty` the controlling terminal of the current process, or has it `capability`? */
bool job_control_may(const struct tty *tty, unsigned int capability);

/* TIOCSCTTY, TIOCNOTTY, TIOCGPGRP, TIOCSPGRP, TIOCGSID, TIOCVHANGUP; -ENOTTY for others. */
must_check int job_control_ioctl(struct file *file, struct tty *tty, unsigned int command,
				 uintptr_t argument);

/* `signal` to the foreground group. No locks, not in an interrupt. */
void job_control_signal_foreground(struct tty *tty, int signal);

/*
 * The line is gone: files open on it are dead, its session has no terminal any more, the session's
 * leader and the foreground group get SIGHUP and SIGCONT. May sleep.
 */
void job_control_hang_up(struct tty *tty);
/* vhangup(2) on the current process's terminal. */
void job_control_hang_up_current(void);

/* The foreground group's id, or -1: for /proc. Locks: process_tree_lock held in either mode. */
process_id job_control_foreground_id(struct tty *tty);

void job_control_init(void);

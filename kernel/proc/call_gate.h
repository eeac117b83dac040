/*
 * Gates before system calls: a thread that makes next to none any more (prctl's PR_SET_SECCOMP,
 * mode 1), or wants to be told of those that it makes outside of one range of code
 * (PR_SET_SYSCALL_USER_DISPATCH).
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"

struct trap_frame;
struct user_thread;

/* [t] all of it; `is_strict` never goes back to false, and others may look at it */
struct call_gate {
	bool is_strict;		/* read, write, exit and sigreturn alone: SECCOMP_MODE_STRICT */
	bool tells;		/* PR_SYS_DISPATCH_ON */
	bool has_told;		/* of the call that is under way, which is not made */
	uintptr_t start, size;	/* calls from here are made at once */
	user_addr selector;	/* a byte that says whether the others are; NULL: they are not */
};

/*
 * The current thread is to make a call: may it? False: it is not made, and the thread is told by a
 * SIGSYS, or killed; of what is not strict. Does not return where a strict thread is over.
 */
must_check bool call_gate_pass(struct trap_frame *frame);
/* Was the thread told instead of its call being made? Once. */
must_check bool call_gate_take_told(struct user_thread *thread);

/* Of the current thread. Errors: -EINVAL (a range that comes round), -EFAULT (selector). */
must_check int call_gate_tell(uintptr_t start, uintptr_t size, user_addr selector);
void call_gate_tell_no_more(void);
void call_gate_be_strict(void);

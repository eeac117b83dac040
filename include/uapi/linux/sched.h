/*
 * clone(2) flags and scheduling policies.
 */
#pragma once
#include <stdint.h>

/* clang-format off */
#define SCHED_DEADLINE		6	/* the one policy that sched/thread.h does not have */

#define CLONE_VM		0x00000100u
#define CLONE_FS		0x00000200u
#define CLONE_FILES		0x00000400u
#define CLONE_SIGHAND		0x00000800u
#define CLONE_PIDFD		0x00001000u
#define CLONE_PTRACE		0x00002000u
#define CLONE_VFORK		0x00004000u
#define CLONE_PARENT		0x00008000u
#define CLONE_THREAD		0x00010000u
#define CLONE_NEWNS		0x00020000u
#define CLONE_SYSVSEM		0x00040000u
#define CLONE_SETTLS		0x00080000u
#define CLONE_PARENT_SETTID	0x00100000u
#define CLONE_CHILD_CLEARTID	0x00200000u
#define CLONE_DETACHED		0x00400000u
#define CLONE_UNTRACED		0x00800000u
#define CLONE_CHILD_SETTID	0x01000000u
#define CLONE_NEWCGROUP		0x02000000u
#define CLONE_NEWUTS		0x04000000u
#define CLONE_NEWIPC		0x08000000u
#define CLONE_NEWUSER		0x10000000u
#define CLONE_NEWPID		0x20000000u
#define CLONE_NEWNET		0x40000000u
#define CLONE_IO		0x80000000u
/* clone3 alone: the first is one of the bits that are clone's signal */
#define CLONE_NEWTIME		0x00000080u
#define CLONE_CLEAR_SIGHAND	0x100000000ull
#define CLONE_INTO_CGROUP	0x200000000ull

#define CLONE_ARGS_SIZE_VER0	64u
#define CLONE_ARGS_SIZE_VER1	80u
#define CLONE_ARGS_SIZE_VER2	88u

#define SCHED_ATTR_SIZE_VER0	48u
#define SCHED_ATTR_SIZE_VER1	56u

/* struct sched_attr.flags */
#define SCHED_FLAG_RESET_ON_FORK	0x01u
#define SCHED_FLAG_RECLAIM		0x02u
#define SCHED_FLAG_DL_OVERRUN		0x04u
#define SCHED_FLAG_KEEP_POLICY		0x08u
#define SCHED_FLAG_KEEP_PARAMS		0x10u
#define SCHED_FLAG_UTIL_CLAMP		0x60u
#define SCHED_FLAG_ALL			0x7fu

/* A bit beside the policy. */
#define SCHED_RESET_ON_FORK	0x40000000
/* clang-format on */

/* clone3(2). It has grown twice. */
struct linux_clone_args {
	uint64_t flags;
	uint64_t pidfd, child_tid, parent_tid; /* addresses */
	uint64_t exit_signal;
	uint64_t stack, stack_size; /* the lowest address */
	uint64_t tls;		    /* on i386 the address of a user_desc */
	uint64_t set_tid, set_tid_size;
	uint64_t cgroup;
};
_Static_assert(sizeof(struct linux_clone_args) == CLONE_ARGS_SIZE_VER2, "struct clone_args");

/* sched_setattr(2), sched_getattr(2). */
struct linux_sched_attr {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period; /* of SCHED_DEADLINE */
	uint32_t clamp_min, clamp_max;
};
_Static_assert(sizeof(struct linux_sched_attr) == SCHED_ATTR_SIZE_VER1, "struct sched_attr");

/*
 * wait4, waitid and clone flags, resource usage.
 */
#pragma once
#include <stdint.h>

/* clang-format off */
#define WNOHANG		0x00000001u
#define WUNTRACED	0x00000002u
#define WSTOPPED	WUNTRACED
#define WEXITED		0x00000004u
#define WCONTINUED	0x00000008u
#define WNOWAIT		0x01000000u
#define __WNOTHREAD	0x20000000u
#define __WALL		0x40000000u
#define __WCLONE	0x80000000u

#define P_ALL		0
#define P_PID		1
#define P_PGID		2
#define P_PIDFD		3

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
/* clang-format on */

struct linux_rusage {
	struct {
		int32_t seconds;
		int32_t microseconds;
	} user, system;
	int32_t max_resident_kib;
	int32_t shared, data, stack; /* always 0 on Linux */
	int32_t minor_faults, major_faults;
	int32_t swaps;
	int32_t blocks_in, blocks_out;
	int32_t messages_sent, messages_received, signals;
	int32_t voluntary_switches, involuntary_switches;
};
_Static_assert(sizeof(struct linux_rusage) == 72, "struct rusage on i386");

/*
 * The calls that syscall_fuzz makes: the kernel's own table, with the kind of each argument worked
 * out from its name, how often each is worth making, and values that are worth more than chance.
 */
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define PAGE 4096u
#define ARENA ((char *)0x20000000)
#define ARENA_PAGES 64u
#define STATISTICS ((void *)0x38000000) /* far from what workers map and scribble over */
#define LEAKS_FILE "/proc/quartet/leaks"
#define FAILPOINT_FILE "/proc/quartet/failpoint"

enum {
	MOST_ARGUMENTS = 6,
	POOL_SIZE = 32,
	DEEPEST_FORK = 3,
	BURST_CALLS = 60, /* of a forked child or a thread before it ends */
	THREAD_STACK = 8192,
	USER_ID = 1000,
	DEATH_PATIENCE_S = 60,
};

/* ---- the calls ---------------------------------------------------------------------------- */

enum kind {
	KIND_NUMBER,
	KIND_FLAGS,
	KIND_FD,
	KIND_PID,
	KIND_ADDRESS,
	KIND_SIZE,
	KIND_OFFSET,
	KIND_ID,
	KIND_PATH,
	KIND_STRING,
	KIND_VECTOR,
	KIND_MODE,
	KIND_OPEN_FLAGS,
	KIND_SIGNAL,
	KIND_POINTER,
	KIND_SET_SIZE,
	KIND_PRIORITY,
	KIND_OBJECT, /* of System V IPC */
	KIND_WORD,   /* whatever a command takes: a number, a descriptor, an address */
};

struct call {
	int number;
	const char *name;
	const char *arguments; /* as in syscall.tbl: "fd:int to:out(size) size:int" */
	int count;
	enum kind kinds[MOST_ARGUMENTS];
	char names[MOST_ARGUMENTS][16];
	unsigned int weight; /* of 8; 0: never */
};

static struct call calls[] = {
#define CALL(number_, name_, arguments_) \
	{ .number = (number_), .name = (name_), .arguments = (arguments_), .weight = 8 },
#include "calls.h"
#undef CALL
};

/* Calls that would end the test rather than the kernel, and calls that would waste its time. */
static const struct {
	const char *name;
	unsigned int weight;
} weights[] = {
	{ "reboot", 0 },
	{ "pivot_root", 0 },
	{ "exit", 1 },
	{ "exit_group", 1 },
	{ "pause", 1 },
	{ "ptrace", 6 },
	{ "setxattr", 2 },
	{ "lsetxattr", 2 },
	{ "fsetxattr", 2 },
	{ "getxattr", 2 },
	{ "lgetxattr", 2 },
	{ "fgetxattr", 2 },
	{ "removexattr", 2 },
	{ "lremovexattr", 2 },
	{ "fremovexattr", 2 },
	{ "sigreturn", 1 },
	{ "rt_sigreturn", 1 },
	{ "rt_sigsuspend", 1 },
	{ "sigsuspend", 1 },
	{ "sync", 1 },
	{ "syncfs", 2 },
	{ "vhangup", 1 },
	{ "chroot", 1 },
	{ "setuid", 1 },
	{ "setuid32", 1 },
	{ "setresuid", 1 },
	{ "setresuid32", 1 },
	{ "setreuid", 1 },
	{ "setreuid32", 1 },
	{ "nanosleep", 2 },
	{ "clock_nanosleep", 2 },
	{ "sched_setscheduler", 2 },
	{ "personality", 1 },
	{ "mlockall", 2 },
	{ "prlimit64", 4 },
	{ "setrlimit", 4 },
	{ "capset", 1 },
};

/* Values worth more than chance for one argument of one call ("*": of every call). */
static const struct {
	const char *call, *argument;
	unsigned int values[24];
	bool is_set; /* bits to be combined */
} favourites[] = {
	{ "*", "protection", { 0, 1, 2, 3, 4, 5, 7, 3, 3 }, false },
	{ "mmap2",
	  "flags",
	  { 0x01, 0x02, 0x02, 0x10, 0x20, 0x20, 0x100, 0x2000, 0x4000, 0x8000, 0x100000 },
	  true },
	{ "mremap", "flags", { 1, 2 }, true },
	{ "madvise", "advice", { 0, 1, 2, 3, 4, 8, 9, 10, 11, 14, 15, 16, 17, 20, 21 }, false },
	{ "*", "whence", { 0, 1, 2, 3, 4 }, false },
	{ "*", "clock", { 0, 1, 2, 3, 4, 5, 6, 7, 11 }, false },
	{ "fcntl",
	  "command",
	  { 0,	1,  2,	3,  4,	5,  6,	  7,	8,    9,    10,
	    11, 13, 14, 36, 37, 38, 1030, 1031, 1032, 1033, 1034 },
	  false },
	{ "fcntl64",
	  "command",
	  { 0,	1,  2,	3,  4,	5,  6,	  7,	8,    9,    10,
	    11, 13, 14, 36, 37, 38, 1030, 1031, 1032, 1033, 1034 },
	  false },
	{ "ioctl",
	  "command",
	  { 0x5401, 0x5402, 0x5403, 0x5404, 0x5409, 0x540a, 0x540b, 0x540e,
	    0x540f, 0x5410, 0x5411, 0x5412, 0x5413, 0x5414, 0x541b, 0x5421,
	    0x5422, 0x5423, 0x5429, 0x5430, 0x5431, 0x4b3a, 0x4b45, 0x5603 },
	  false },
	{ "*",
	  "operation",
	  { 0, 1, 3, 4, 5, 9, 10, 128, 129, 131, 132, 133, 137, 138, 256 + 9, 2, 8 },
	  false },
	{ "prctl",
	  "option",
	  { 1, 2, 3, 4, 7, 8, 15, 16, 21, 22, 23, 24, 28, 29, 30, 35, 36, 37, 38, 39, 40 },
	  false },
	{ "personality", "wish", { 0xffffffff, 0, 8, 0x40000 }, false },
	{ "ptrace",
	  "request",
	  { 0,	1,  2,	3,	4,	5,	6,	7,	8,	9,	12,	13,
	    14, 15, 16, 17,	18,	19,	24,	0x4200, 0x4206, 0x4207, 0x4208, 0x4201 },
	  false },
	{ "socket", "family", { 1, 1, 1, 1, 2, 16 }, false },
	{ "socket", "type", { 1, 1, 2, 5, 0x801, 0x80002, 0x805 }, false },
	{ "socketpair", "family", { 1 }, false },
	{ "socketpair", "type", { 1, 2, 5, 0x801, 0x80002 }, false },
	{ "*", "protocol", { 0, 0, 0, 0, 1 }, false },
	{ "*", "backlog", { 0, 1, 5, 0x7fffffff }, false },
	{ "*sockopt", "level", { 1, 1, 1, 0, 41 }, false },
	{ "*sockopt",
	  "name",
	  { 2,	3,  4,	5,  6,	7,  8,	9,  10, 13, 16, 17,
	    18, 19, 20, 21, 29, 30, 32, 33, 38, 39, 42, 49 },
	  false },
	{ "accept4", "flags", { 04000, 02000000 }, true },
	{ "sendto", "flags", { 0x40, 0x40, 0x4000, 1, 0x80, 0x8000 }, true },
	{ "sendmsg", "flags", { 0x40, 0x40, 0x4000, 1, 0x80, 0x8000 }, true },
	{ "sendmmsg", "flags", { 0x40, 0x40, 0x4000, 1, 0x80, 0x8000 }, true },
	{ "recvfrom", "flags", { 0x40, 0x40, 2, 0x20, 0x100, 0x40000000 }, true },
	{ "recvmsg", "flags", { 0x40, 0x40, 2, 0x20, 0x100, 0x40000000 }, true },
	{ "recvmmsg", "flags", { 0x40, 0x40, 2, 0x20, 0x10000, 0x40000000 }, true },
	{ "recvmmsg_time64", "flags", { 0x40, 0x40, 2, 0x20, 0x10000, 0x40000000 }, true },
	{ "socketcall",
	  "call",
	  { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 },
	  false },
	{ "ipc", "call", { 1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24, 0x10000 + 12 }, false },
	{ "*get", "key", { 0, 1, 2, 3, 0x51 }, false },
	{ "*get", "flags", { 01000, 01000, 02000, 0600, 0666 }, true },
	{ "semget", "count", { 0, 1, 2, 3, 10, 32000 }, false },
	{ "semctl",
	  "command",
	  { 0, 1, 2, 3, 11, 12, 13, 14, 15, 16, 17, 18, 19, 0x102, 0x101 },
	  false },
	{ "semctl", "number", { 0, 0, 1, 2, 9 }, false },
	{ "shmctl", "command", { 0, 1, 2, 3, 11, 12, 13, 14, 15, 0x102, 0x101 }, false },
	{ "msgctl", "command", { 0, 1, 2, 3, 11, 12, 13, 0x102, 0x101 }, false },
	{ "shmat", "flags", { 010000, 020000, 040000, 0100000 }, true },
	{ "msgsnd", "flags", { 04000, 04000, 010000 }, true },
	{ "msgrcv", "flags", { 04000, 04000, 010000, 020000, 040000 }, true },
	{ "msgrcv", "type", { 0, 0, 1, 2, 0xffffffff, 0x80000000 }, false },
	{ "semtimedop_time64", "count", { 1, 1, 2, 3, 4 }, false },
	{ "epoll_ctl", "operation", { 1, 1, 1, 2, 3 }, false },
	{ "epoll_wait", "max", { 1, 2, 8, 64 }, false },
	{ "epoll_pwait", "max", { 1, 2, 8, 64 }, false },
	{ "epoll_pwait2", "max", { 1, 2, 8, 64 }, false },
	{ "*", "timeout", { 0, 0, 1, 5, 0xffffffff }, false },
	{ "epoll_create1", "flags", { 02000000 }, true },
	{ "eventfd2", "flags", { 1, 04000, 02000000 }, true },
	{ "signalfd4", "flags", { 04000, 02000000 }, true },
	{ "timerfd_create", "flags", { 04000, 02000000 }, true },
	{ "timerfd_settime", "flags", { 1, 2 }, true },
	{ "timerfd_settime64", "flags", { 1, 2 }, true },
	{ "memfd_create", "flags", { 1, 2 }, true },
	{ "splice", "flags", { 1, 2, 2, 4, 8 }, true },
	{ "tee", "flags", { 1, 2, 2, 4, 8 }, true },
	{ "vmsplice", "flags", { 1, 2, 2, 4, 8 }, true },
	{ "*", "local_count", { 1, 1, 2, 4 }, false },
	{ "*", "remote_count", { 1, 1, 2, 4 }, false },
	{ "copy_file_range", "flags", { 0, 0, 0, 1 }, false },
	{ "process_vm_readv", "flags", { 0, 0, 0, 1 }, false },
	{ "process_vm_writev", "flags", { 0, 0, 0, 1 }, false },
	{ "*xattr", "flags", { 0, 1, 2 }, false },
	{ "openat2", "size", { 24, 24, 24, 32, 4096 }, false },
	{ "close_range", "flags", { 2, 4 }, true },
	{ "*", "how", { 0, 1, 2 }, false },
	{ "*", "which", { 0, 1, 2 }, false },
	{ "*", "kind", { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 }, false },
	{ "waitid", "kind", { 0, 1, 2 }, false },
	{ "*", "options", { 1, 2, 4, 8, 0x01000000, 0x20000000, 0x40000000, 0x80000000 }, true },
	{ "mount", "flags", { 1, 2, 4, 8, 16, 32, 64, 128, 4096, 8192 }, true },
	{ "umount2", "flags", { 1, 2, 4, 8 }, true },
	{ "msync", "flags", { 1, 2, 4 }, true },
	{ "*at", "flags", { 0x100, 0x200, 0x400, 0x1000 }, true },
	{ "renameat2", "flags", { 1, 2, 4 }, true },
	{ "dup3", "flags", { 02000000 }, true },
	{ "pipe2", "flags", { 02000000, 04000, 040000 }, true },
	{ "fallocate", "mode", { 1, 2, 8, 16, 32 }, true },
};

static struct call *call_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (strcmp(calls[i].name, name) == 0)
			return &calls[i];
	}
	return NULL;
}

static bool ends_with(const char *text, const char *ending)
{
	size_t length = strlen(text), wanted = strlen(ending);

	return length >= wanted && strcmp(text + length - wanted, ending) == 0;
}

static enum kind kind_of(const struct call *call, const char *name, const char *kind)
{
	static const struct {
		const char *ending;
		enum kind kind;
	} by_name[] = {
		{ "fd", KIND_FD },	     { "pid", KIND_PID },
		{ "tid", KIND_PID },	     { "who", KIND_PID },
		{ "group", KIND_PID },	     { "uid", KIND_ID },
		{ "gid", KIND_ID },	     { "set_size", KIND_SET_SIZE },
		{ "address", KIND_ADDRESS }, { "end", KIND_ADDRESS },
		{ "stack", KIND_ADDRESS },   { "word", KIND_ADDRESS },
		{ "head", KIND_ADDRESS },    { "argument", KIND_WORD },
		{ "data", KIND_WORD },	     { "pointer", KIND_WORD },
		{ "arguments", KIND_WORD },  { "buffer", KIND_WORD },
		{ "epoll", KIND_FD },	     { "address_size", KIND_NUMBER },
		{ "handler", KIND_ADDRESS }, { "second", KIND_ADDRESS },
		{ "size", KIND_SIZE },	     { "count", KIND_SIZE },
		{ "size_low", KIND_OFFSET }, { "offset_low", KIND_OFFSET },
		{ "offset", KIND_OFFSET },   { "page_offset", KIND_SIZE },
		{ "nice", KIND_PRIORITY },   { "policy", KIND_PRIORITY },
	};

	if (strcmp(kind, "path") == 0)
		return KIND_PATH;
	if (strcmp(kind, "string") == 0)
		return KIND_STRING;
	if (strcmp(kind, "vector") == 0)
		return KIND_VECTOR;
	if (strcmp(kind, "mode") == 0)
		return KIND_MODE;
	if (strcmp(kind, "open_flags") == 0)
		return KIND_OPEN_FLAGS;
	if (strcmp(kind, "signal") == 0)
		return KIND_SIGNAL;
	if (strchr(kind, '('))
		return KIND_POINTER;
	if (strncmp(call->name, "dup", 3) == 0 && strcmp(name, "flags") != 0)
		return KIND_FD;
	if (strcmp(name, "id") == 0 || strcmp(name, "first") == 0)
		return KIND_OBJECT;
	for (size_t i = 0; i < ARRAY_SIZE(by_name); i++) {
		if (ends_with(name, by_name[i].ending))
			return by_name[i].kind;
	}
	return ends_with(name, "flags") || strcmp(kind, "hex") == 0 ? KIND_FLAGS : KIND_NUMBER;
}

static void parse_calls(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct call *call = &calls[i];
		char text[256];
		char *rest = text;

		snprintf(text, sizeof(text), "%s", call->arguments);
		for (char *word; (word = strsep(&rest, " ")) && call->count < MOST_ARGUMENTS;) {
			char *kind = strchr(word, ':');

			if (!kind)
				continue;
			*kind++ = '\0';
			snprintf(call->names[call->count], sizeof(call->names[0]), "%s", word);
			call->kinds[call->count++] = kind_of(call, word, kind);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(weights); i++) {
		struct call *call = call_by_name(weights[i].name);

		if (call)
			call->weight = weights[i].weight;
	}
}

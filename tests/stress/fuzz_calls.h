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
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define PAGE 4096u
#define ARENA ((char *)0x20000000)
#define ARENA_PAGES 64u
#define LEAKS_FILE "/proc/quartet/leaks"
#define FAILPOINT_FILE "/proc/quartet/failpoint"

enum {
	MOST_ARGUMENTS = 6,
	POOL_SIZE = 16,
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
	  { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 36, 37, 38, 1030, 1031, 1032, 1033 },
	  false },
	{ "fcntl64",
	  "command",
	  { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 36, 37, 38, 1030, 1031, 1032, 1033 },
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
		{ "head", KIND_ADDRESS },    { "argument", KIND_ADDRESS },
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

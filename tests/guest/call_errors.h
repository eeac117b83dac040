/* The values that call_errors.c tries for each kind of argument. */
#pragma once
#include "plain_calls.h"
#include <limits.h>

enum { PATH_FD = 80, READ_FD, WRITE_FD, NULL_FD, CLOSED_FD = 999 };

/* ---- values ---- */

#define LONG_NAME \
	"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn" \
	"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn" \
	"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn" \
	"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"

static char long_path[5000];	/* main() fills it */

/* The worst first: those are tried in pairs, to see which error wins. */
static const long descriptors[] = {
	-1, DIRECTORY_FD, CLOSED_FD, PATH_FD, READ_FD, WRITE_FD, NULL_FD, PIPE_READ_FD,
	PIPE_WRITE_FD, AT_FDCWD, 0x7fffffff,
};
static const long sizes[] = { -1, 0, 0x80000000, 0x7fffffff, 1, 3, 4097, 0x7ffff000 };
static const long signals[] = { 65, -1, 0, SIGUSR2, 33, 64, 0x10000 };
static const long modes[] = { -1, S_IFDIR | 0755, 07777, 0, S_IFREG, S_IFSOCK, S_IFIFO, 0x10000 };
static const long processes[] = { 999999, -2, 0, 1, INT_MIN, INT_MAX };
static const long users[] = { -1, 1, 65535, 65536, 65534, OTHER_UID };
static const long addresses[] = {
	MAP_ADDRESS + 1, 0xc0000000, 0, MAP_ADDRESS, MAP_ADDRESS + PAGE, 0x1000, 0xbffff000,
	0xfffff000,
};
static const long numbers[] = { -1, INT_MIN, INT_MAX, 0, 1, 2, 100, 65536 };
static const long pointers[] = { 16, 0 };
static const char *const paths[] = {
	"missing", "file/x", "", "directory", "loop", "dangling", "file/", "directory/",
	"locked/file", "locked", "link", "link/", ".", "..", "/", LONG_NAME, long_path,
};

/* Numbers that choose what a call does: all of them in these ranges. */
static const struct {
	const char *argument;
	int first, last;
} choices[] = {
	{ "operation", -1, 20 }, { "command", -1, 45 }, { "command", 1024, 1040 },
	{ "option", -1, 70 }, { "whence", -1, 8 }, { "how", -1, 6 }, { "clock", -1, 14 },
	{ "advice", -1, 26 }, { "policy", -1, 8 }, { "kind", -1, 18 }, { "which", -1, 4 },
	{ "family", -1, 20 }, { "level", -1, 3 }, { "name", -1, 80 }, { "request", -1, 30 },
	{ "call", -1, 30 }, { "who", -2, 2 },
};

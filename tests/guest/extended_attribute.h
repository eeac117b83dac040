/* What a file's extended attributes are: for the tests of disk and memory. */
#pragma once
#include "check.h"
#include <sys/xattr.h>

static inline void expect_value(const char *path, const char *name, const char *value, size_t size)
{
	static char bytes[65536 + 1];

	CHECK_EQ(lgetxattr(path, name, NULL, 0), (ssize_t)size);
	memset(bytes, '?', sizeof(bytes));
	CHECK_EQ(lgetxattr(path, name, bytes, sizeof(bytes)), (ssize_t)size);
	CHECK(memcmp(bytes, value, size) == 0);
	CHECK_EQ(bytes[size], '?');
}

static inline void set(const char *path, const char *name, const char *value, size_t size)
{
	CHECK(lsetxattr(path, name, value, size, 0) == 0);
	expect_value(path, name, value, size);
}

/* Is `name` in the list? Checks the list's form. */
static inline bool is_listed(const char *path, const char *name)
{
	char list[5000];
	ssize_t size = MUST(llistxattr(path, list, sizeof(list)));
	bool found = false;

	CHECK_EQ(llistxattr(path, NULL, 0), size);
	for (char *at = list; at < list + size; at += strlen(at) + 1)
		found |= strcmp(at, name) == 0;
	return found;
}

/*
 * What strangers may lay out in shared directories (/proc/sys/fs/protected_*).
 */
#pragma once
#include <stdbool.h>
#include "core/compiler.h"
#include "vfs/inode.h"

struct credentials;
struct path;

/* Linux's settings; each has the values from 0, which is off, to the one behind it. */
enum sticky_rule {
	STICKY_SYMLINKS,	/* 1: links are followed only if their owner is trusted */
	STICKY_HARDLINKS,	/* 1: only to files that one may read and write, or owns */
	STICKY_FIFOS,		/* 1, 2: O_CREAT does not open others' FIFOs */
	STICKY_REGULAR,		/* 1, 2: nor others' files; 2: also where only a group may write */
	STICKY_RULE_COUNT
};

unsigned int sticky_setting(enum sticky_rule rule);
/* False: there is no such value. */
bool sticky_set(enum sticky_rule rule, unsigned int value);

/* sticky_check_follow() where it cannot say yes at a glance. */
must_check int sticky_check_follow_here(const struct inode *dir, const struct inode *link,
					const struct credentials *credentials);

/* May the link at the end of a path, found in `dir`, be followed? -EACCES. Does not sleep. */
static inline int sticky_check_follow(const struct inode *dir, const struct inode *link,
				      const struct credentials *credentials)
{
	if (likely(!(dir->mode & MODE_STICKY)))
		return 0;
	return sticky_check_follow_here(dir, link, credentials);
}

/* May `inode` get another name? -EPERM. */
must_check int sticky_check_link(const struct inode *inode, const struct credentials *credentials);

/* May O_CREAT open `inode`, which was there, in `dir`? -EACCES. */
must_check int sticky_check_create(const struct inode *dir, const struct inode *inode,
				   const struct credentials *credentials);

/* The same for the directory that `place` lies in. A hint: it may be renamed meanwhile. */
bool sticky_may_refuse(const struct path *place, const struct credentials *credentials);

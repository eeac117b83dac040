/*
 * inotify: a file from which events of watched inodes are read.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"

struct credentials;
struct file;
struct inode;

void inotify_init(void);

/*
 * Its watches count as those of the credentials' user. `flags`: O_NONBLOCK or 0. Errors: -ENOMEM,
 * -EMFILE (too many of the user's).
 */
must_check int inotify_create(const struct credentials *credentials, uint32_t flags,
			      struct file **out);
bool file_is_inotify(const struct file *file);

/*
 * Watch `inode`, which the caller may read, as `mask` says, or change the watch that there is.
 * Returns its number. Errors: -EEXIST (IN_MASK_CREATE), -ENOSPC (too many of the user's), -ENOMEM.
 */
must_check int inotify_add_watch(struct file *file, struct inode *inode, uint32_t mask);
/* Errors: -EINVAL: no such watch. */
must_check int inotify_remove_watch(struct file *file, int number);

/*
 * /proc/sys/fs/inotify: events in the queue of a new instance, instances and watches of one user.
 */
enum inotify_limit { INOTIFY_EVENTS, INOTIFY_INSTANCES, INOTIFY_WATCHES, INOTIFY_LIMIT_COUNT };
unsigned int inotify_limit(enum inotify_limit which);
void inotify_set_limit(enum inotify_limit which, unsigned int value);

/*
 * epoll: a set of watched files that remembers which of them became ready.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"
#include "uapi/linux/eventpoll.h"

struct credentials;
struct file;

void epoll_init(void);

/* Its watches count as those of the credentials' user. Errors: -ENOMEM. */
must_check int epoll_create(const struct credentials *credentials, struct file **out);

/*
 * epoll_ctl(2) of `epoll_file`: `operation` on the pair of `file` and the number `fd` by which the
 * caller knows it. Errors: -EINVAL, -EPERM, -EEXIST, -ENOENT, -ELOOP, -ENOSPC, -ENOMEM.
 */
must_check int epoll_control(struct file *epoll_file, int operation, struct file *file, int fd,
			     struct linux_epoll_event event);

/*
 * epoll_wait(2): up to `max` events to user memory. Returns how many, or -EINVAL (no epoll),
 * -EFAULT, -EINTR. Waits until `deadline_ns` (0: not at all).
 */
must_check int epoll_wait(struct file *epoll_file, user_addr to, unsigned int max,
			  uint64_t deadline_ns);

/* The last reference to a watched file is gone: every epoll forgets it. May sleep. */
void epoll_forget_file(struct file *file);

/* Watches that one user may have, over all epolls: ADD beyond it is -ENOSPC. */
unsigned int epoll_watch_limit(void);
void epoll_set_watch_limit(unsigned int limit);

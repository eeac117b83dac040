/*
 * What each user has of the things that are limited by user: threads, queued signals, watches.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"

struct cpu_share;
struct user_count;

enum user_resource {
	USER_THREADS,		 /* LIMIT_PROCESSES */
	USER_SIGNALS,		 /* queued ones: LIMIT_PENDING_SIGNALS */
	USER_FILES_IN_FLIGHT,	 /* on their way through sockets: LIMIT_OPEN_FILES */
	USER_EPOLL_WATCHES,	 /* /proc/sys/fs/epoll/max_user_watches */
	USER_INOTIFY_INSTANCES,	 /* /proc/sys/fs/inotify/max_user_instances */
	USER_INOTIFY_WATCHES,	 /* /proc/sys/fs/inotify/max_user_watches */
	USER_MESSAGE_QUEUES,	 /* bytes: LIMIT_MESSAGE_QUEUE */
	USER_PIPE_PAGES,	 /* slots of pipes: /proc/sys/fs/pipe-user-pages-soft */
	USER_FILE_LOCKS,	 /* on records: a share of memory */
	USER_SOCKET_CHUNKS,	 /* of memory in packets of his sockets: for who looks for it */
	USER_RESOURCE_COUNT
};

#define USER_SOCKET_CHUNK 64u	/* bytes: a count of them fits 32 bits in any machine with PAE */

/* The record of a real user id, with a reference; NULL: no memory. */
struct user_count *user_count_get(user_id uid);
void user_count_hold(struct user_count *user);	/* any context */
void user_count_put(struct user_count *user);	/* NULL: nothing. Any context. */

/* One more, unless that passes `limit`: then false. Any context. */
must_check bool user_count_charge(struct user_count *user, enum user_resource resource,
				  uint64_t limit);
void user_count_uncharge(struct user_count *user, enum user_resource resource);
/* Several at once, without a limit: what is used is a hint to decide by. */
unsigned int user_count_used(const struct user_count *user, enum user_resource resource);
/* The same of a real user id, of whom there need be no record. Any context. */
unsigned int user_count_used_by(user_id uid, enum user_resource resource);
void user_count_charge_many(struct user_count *user, enum user_resource resource,
			    unsigned int count);
/* Several at once, unless that passes `limit`: then false. */
must_check bool user_count_try_charge_many(struct user_count *user, enum user_resource resource,
					   unsigned int count, uint64_t limit);
void user_count_uncharge_many(struct user_count *user, enum user_resource resource,
			      unsigned int count);
/* His shares of the CPUs, CPU_MAX of them; good as long as the reference. */
struct cpu_share *user_count_shares(struct user_count *user);
void user_count_init(void);

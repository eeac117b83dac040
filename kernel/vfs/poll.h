/*
 * Waiting for files to become ready: what poll, select and epoll stand on.
 */
#pragma once
#include <stdint.h>
#include "core/compiler.h"
#include "sched/wait_queue.h"

/* Linux's bits. */
enum poll_bits { POLL_IN = 0x001, POLL_PRI = 0x002, POLL_OUT = 0x004, POLL_ERROR = 0x008,
	POLL_HANG_UP = 0x010, POLL_INVALID = 0x020, POLL_READ_NORMAL = 0x040,
	POLL_READ_BAND = 0x080, POLL_WRITE_NORMAL = 0x100, POLL_WRITE_BAND = 0x200,
	POLL_MESSAGE = 0x400, POLL_READ_HANG_UP = 0x2000,
	/* of a wake-up's key: for sleepers; what they may do, they could do before */
	POLL_NO_NEWS = 0x40000000,
	/* what a file without an answer of its own says */
	POLL_ALWAYS_READY = POLL_IN | POLL_OUT | POLL_READ_NORMAL | POLL_WRITE_NORMAL };

/*
 * Passed to file_ops.poll, which calls poll_register for each queue that could change the answer.
 */
struct poll_table {
	void (*add)(struct poll_table *table, struct wait_queue *queue);
};
static inline void poll_register(struct poll_table *table, struct wait_queue *queue)
{
	if (table)
		table->add(table, queue);
}

struct fd_table;
struct poll_request { int fd; int16_t events; int16_t result; };

/*
 * poll(2) over requests in kernel memory: fills in results; returns how many are not 0; -EINTR,
 * -ENOMEM. A negative fd is skipped. Waits until `deadline_ns` (0: not at all).
 */
must_check int poll_wait(struct fd_table *table, struct poll_request *requests, unsigned int count,
			 uint64_t deadline_ns);
/*
 * select(2) over bitmaps in kernel memory of `count` descriptors (NULL allowed); results replace
 * them.
 */
must_check int poll_select(struct fd_table *table, unsigned int count, unsigned long *readable,
			   unsigned long *writable, unsigned long *exceptional,
			   uint64_t deadline_ns);

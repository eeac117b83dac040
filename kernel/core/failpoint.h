/*
 * Failing on demand: debug builds can make the Nth allocation of a chosen thread fail, or the next
 * one on a path on which none has failed yet, so that every error path has a test. Release builds
 * compile the question away.
 */
#pragma once
#include <stdbool.h>
#include "core/config.h"

enum failpoint {
	FAILPOINT_FRAME,	/* mem/page_frame.c */
	FAILPOINT_SLAB,		/* mem/slab.c and kmalloc */
	FAILPOINT_BLOCK_IO,	/* block/request_queue.c: -EIO */
	/*
	 * No point, but what may be armed: of everybody but the thread, the next frame or slab
	 * object on a path (from the system call, the fault or the interrupt to the allocator) on
	 * which none has failed yet since the machine started.
	 */
	FAILPOINT_ANY_PATH,
	FAILPOINT_COUNT
};

bool failpoint_check(enum failpoint point);

static inline bool failpoint_should_fail(enum failpoint point)
{
	return CONFIG_FAILPOINTS && failpoint_check(point);
}

struct thread;

/*
 * From now on `count` hits of `point` by `thread` fail, from the `nth` on (1 is the next). nth 0
 * disarms.
 * One target at a time for the whole kernel; /proc/quartet/failpoint sets it for the writer. Each
 * path on which an allocation fails is a line in the log once: "failing allocation" and return
 * addresses, innermost first, for `./quartet endure shortage`.
 */
void failpoint_arm(enum failpoint point, struct thread *thread, unsigned int nth,
		   unsigned int count);

/* `thread` ends: what was armed for it must not strike the next one that gets its memory. */
void failpoint_forget(struct thread *thread);

/* Whether the armed one has struck, and how many hits were counted since it was armed. */
bool failpoint_has_struck(enum failpoint point, unsigned int *hits);

/*
 * Calls whose allocations fail, one after another, each in a child of its own: the call must say
 * what Linux says for want of memory, or work without.
 */
#pragma once
#include "failpoint.h"
#include <sys/ipc.h>

#define MOST_ALLOCATIONS 400
#define CALL_REFUSED 3		/* the status of a child whose call failed as expected */

/*
 * What Linux says for want of memory where a call stands: ENOMEM, but ENOBUFS for a packet to be
 * sent, and EAGAIN for a signal to be queued. Where two kinds of things are allocated, either.
 */
static int expected_errors[2] = { ENOMEM, ENOMEM };

static inline void expect_errors(int one, int other)
{
	expected_errors[0] = one;
	expected_errors[1] = other;
}

static bool is_expected(int error)
{
	return error == expected_errors[0] || error == expected_errors[1];
}

/*
 * Every page that the calls read or write is the child's own before the first allocation fails:
 * else it would be such a page that is missing in the middle of a copy, which is EFAULT.
 */
static void touch_own_memory(void)
{
	extern char __data_start[], _end[];
	char *heap_end = (char *)((uintptr_t)(sbrk(0) + PAGE - 1) & -PAGE);
	unsigned char resident;
	volatile char stack[16 * PAGE];

	for (volatile char *at = __data_start; at < (volatile char *)_end; at += PAGE)
		*at = *at;
	for (char *at = heap_end - PAGE; at >= _end && mincore(at, PAGE, &resident) == 0;
	     at -= PAGE)
		*(volatile char *)at = *at;
	for (size_t i = 0; i < sizeof(stack); i += PAGE)
		stack[i] = 0;
}

/* What a row of a table leaves out is nothing. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* A call, or several; what comes back is -1, with errno, for one that failed. */
struct failing_call {
	const char *name;
	long (*call)(void);
	void (*prepare)(void);	/* before the first allocation fails; NULL: nothing */
	bool may_die;		/* of whatever signal, or as a program that finds no memory */
	bool never_refused;	/* whatever fails, there is another way */
};

/*
 * From the Nth on `count` allocations fail. True while there was an Nth one; counts in *refused
 * what did not work for it: a call that failed, or where that is an answer a death.
 */
static bool fail_nth(const struct failing_call *tried, const char *point, int nth, int count,
		     void (*clean_up)(void), int *refused)
{
	pid_t pid = FORK();
	int status;

	if (pid == 0) {
		alarm(60);
		if (tried->prepare)
			tried->prepare();
		touch_own_memory();
		int disarming = MUST(open(FAILPOINT_FILE, O_WRONLY | O_CLOEXEC));

		if (!failpoint_arm_many(point, nth, count))
			_exit(CHECK_SKIPPED);
		long result = tried->call();
		int error = errno;

		/* To say so may take memory, too. */
		while (dprintf(disarming, "%s 0", point) < 0)
			;
		if (result < 0 && !is_expected(error))
			FAIL("%s with %s %d failing: %s, expected %s", tried->name, point, nth,
			     strerrorname_np(error), strerrorname_np(expected_errors[0]));
		_exit(result < 0 ? CALL_REFUSED : 0);
	}
	status = wait_status(pid);
	/* The child may have died armed; nobody else shall be struck by it. */
	bool struck = failpoint_has_struck(point);

	failpoint_arm(point, 0);
	clean_up();
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHECK_SKIPPED)
		SKIP("%s cannot be armed", FAILPOINT_FILE);
	if (WIFEXITED(status)) {
		CHECK(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == CALL_REFUSED ||
		      (tried->may_die && WEXITSTATUS(status) != CHECK_FAILED));
	} else if (!tried->may_die && WTERMSIG(status) != SIGKILL && WTERMSIG(status) != SIGBUS &&
		   WTERMSIG(status) != SIGSEGV) {
		/* A fault of the child's own may strike too: then it dies of that. */
		FAIL("%s with %s %d failing: status %#x", tried->name, point, nth, status);
	}
	if (struck && (WIFEXITED(status) ? WEXITSTATUS(status) != 0 : tried->may_die))
		(*refused)++;
	return struck;
}

/* Each alone; and, if there is time, with the one after it: what stands in for it may fail, too. */
static void fail_all(const struct failing_call *tried, void (*clean_up)(void))
{
	static const char *const points[] = { "frame", "slab" };
	size_t passes = scaled(10) > 10 ? 2 : 1;
	int failed = 0, refused = 0;

	for (size_t p = 0; p < passes * ARRAY_SIZE(points); p++) {
		const char *point = points[p % ARRAY_SIZE(points)];
		int nth = 1;

		while (fail_nth(tried, point, nth, 1 + p / ARRAY_SIZE(points), clean_up,
				&refused)) {
			nth++;
			failed++;
			if (nth > MOST_ALLOCATIONS)
				FAIL("%s: no end of %ss", tried->name, point);
		}
	}
	if (failed == 0)
		FAIL("%s: no allocation failed", tried->name);
	/* The kernel noticed: it is not that a failure is lost on the way. */
	if (refused == 0 && !tried->never_refused)
		FAIL("%s: not refused once, though %d allocations failed", tried->name, failed);
}

/* test: timeout=180
 * Every system call that takes pointers, with each of its pointers bad in every way while the
 * others are good: null, low, in the kernel, at the very end of the address space, without access,
 * read-only where the kernel would write, and reaching over into an unmapped page. The answer must
 * be what Linux gave: success, or the same errno; never a signal. Calls that are not there at all
 * (ENOSYS) are left out.
 *
 *	bad_pointers			compare with bad_pointers.expected.h
 *	bad_pointers --record		print that file
 *
 * Every call is made in a child of its own, in a directory that is set up anew, so nothing it does
 * lasts.
 */
#include "check.h"
#include "bad_pointers.h"
#include "bad_pointers_setup.h"
#include "bad_pointers.expected.h"

/* The ways of being bad. */
enum badness { NULL_POINTER, LOW, KERNEL, TOP, NO_ACCESS, READ_ONLY, STRADDLING, BADNESS_COUNT };

static const char *const badness_names[] = {
	"null", "low", "kernel", "top", "no access", "read-only", "straddling",
};

static bool recording;
static int *bad_pointers_result;
static char *no_access, *read_only, *page_end;

static uintptr_t bad_address(enum badness badness)
{
	switch (badness) {
	case NULL_POINTER: return 0;
	case LOW: return 0x10;
	case KERNEL: return 0xc0001000;
	case TOP: return 0xfffffff0;
	case NO_ACCESS: return (uintptr_t)no_access;
	case READ_ONLY: return (uintptr_t)read_only;
	default: return (uintptr_t)page_end - 1;
	}
}

/* 0 for any success, else the errno. */
static int outcome_of(const struct call *call, int bad_argument, enum badness badness)
{
	long arguments[6];
	int *result = bad_pointers_result;
	pid_t pid;
	int status;

	*result = -1;
	pid = FORK();
	if (pid == 0) {
		set_up(call);
		for (int i = 0; i < 6; i++)
			arguments[i] = good_value(&call->arguments[i]);
		if (bad_argument >= 0)
			arguments[bad_argument] = bad_address(badness);
		long value = raw_syscall(call->number, arguments[0], arguments[1], arguments[2],
					 arguments[3], arguments[4], arguments[5]);

		*result = value < 0 && value > -4096 ? -value : 0;
		remove_object(call->flags);
		_exit(0);
	}
	status = wait_status(pid);
	/*
	 * Linux for i386 goes round for ever where a buffer's first four bytes straddle: it copies
	 * four at a time, and none of them is whole. Quartet must not.
	 */
	if (badness == STRADDLING && WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM &&
	    access("/proc/quartet", F_OK) != 0)
		return EFAULT;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		FAIL("%s (%d), argument %d %s: status %#x", call->name, call->number, bad_argument,
		     badness_names[badness], status);
	/* A program that was executed says nothing: exec succeeded. */
	return *result < 0 ? 0 : *result;
}

static bool is_tried(const struct argument *argument, enum badness badness)
{
	if (argument->kind < IN)
		return false;
	return badness != READ_ONLY || argument->kind == OUT || argument->kind == OUT_BUFFER;
}

/* A transfer that could move some bytes may say how many, or fail. */
static bool is_right(const struct argument *argument, enum badness badness, int outcome,
		     int expected)
{
	if (outcome == expected)
		return true;
	if (badness == STRADDLING &&
	    (argument->kind == OUT_BUFFER || argument->kind == IN_BUFFER))
		return outcome == 0 || outcome == EFAULT;
	return false;
}

int main(int argc, char **argv)
{
	size_t next = 0;
	int wrong = 0;

	/* Executed by one of the calls below. */
	if (argc == 0 || argv[0][0] == '\0' || (argc > 1 && strcmp(argv[1], "--exit") == 0))
		return 0;
	recording = argc > 1 && strcmp(argv[1], "--record") == 0;
	bad_pointers_result = shared_memory(PAGE);
	select_block[4] = (uintptr_t)zero_time;
	no_access = map_pages(1);
	CHECK(mprotect(no_access, PAGE, PROT_NONE) == 0);
	read_only = map_pages(1);
	CHECK(mprotect(read_only, PAGE, PROT_READ) == 0);
	page_end = map_page_before_hole();
	memset(page_end - PAGE, 'x', PAGE);
	if (recording)
		printf("/* What Linux answers in bad_pointers.c; made by its --record. */\n"
		       "#pragma once\n\nstatic const unsigned char bad_pointers_expected[] = {\n");

	for (size_t c = 0; c < ARRAY_SIZE(calls); c++) {
		const struct call *call = &calls[c];
		bool missing = !recording && call->number != 0 &&
			       outcome_of(call, -1, NULL_POINTER) == ENOSYS;

		if (recording)
			printf("\t/* %s */", call->name);
		for (int a = 0; a < 6; a++) {
			if (recording && a > 0 && call->arguments[a].kind >= IN)
				printf("\n\t\t");
			for (enum badness b = 0; b < BADNESS_COUNT; b++) {
				if (!is_tried(&call->arguments[a], b))
					continue;
				size_t index = next++;
				int outcome = missing ? 0 : outcome_of(call, a, b);

				if (recording) {
					printf(" %d,", outcome);
					continue;
				}
				if (missing)
					continue;
				CHECK(index < ARRAY_SIZE(bad_pointers_expected));
				int expected = bad_pointers_expected[index];

				if (!is_right(&call->arguments[a], b, outcome, expected)) {
					printf("%s (%d), argument %d %s: errno %d, on Linux %d\n",
					       call->name, call->number, a + 1, badness_names[b],
					       outcome, expected);
					wrong++;
				}
			}
		}
		if (recording)
			printf("\n");
	}
	raw_syscall(SYS_mq_unlink, "bad-pointers");
	raw_syscall(SYS_mq_unlink, "bad-pointers-2");
	if (recording)
		printf("};\n");
	else
		CHECK_EQ(next, ARRAY_SIZE(bad_pointers_expected));
	fflush(stdout);
	return wrong ? 1 : 0;
}

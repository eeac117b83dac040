/* test: linux=no memory=32 timeout=60
 * A process that has stopped for its tracer on its way out frees no memory: when that runs out, it
 * is not waited for, nor is one that is itself the largest and has stopped so.
 */
#include "ptrace.h"

static void hog(void)
{
	for (;;) {
		char *more = mmap(NULL, 1 << 18, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (more != MAP_FAILED)
			memset(more, 0x55, 1 << 18);
	}
}

static void end(void)
{
	_exit(3);
}

static void test_small_one_stopped(void)
{
	pid_t stopped = start_tracee(end);

	set_options(stopped, PTRACE_O_TRACEEXIT);
	resume(PTRACE_CONT, stopped, 0);
	expect_event(stopped, PTRACE_EVENT_EXIT);
	dies_of(SIGKILL, hog);
	resume(PTRACE_CONT, stopped, 0);
	expect_exit(stopped, 3);
}

static void test_victim_stopped(void)
{
	pid_t traced = start_tracee(hog);

	set_options(traced, PTRACE_O_TRACEEXIT);
	resume(PTRACE_CONT, traced, 0);
	expect_event(traced, PTRACE_EVENT_EXIT);
	dies_of(SIGKILL, hog);
	expect_death(traced, SIGKILL);
}

int main(void)
{
	test_small_one_stopped();
	test_victim_stopped();
	return 0;
}

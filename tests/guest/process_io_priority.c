/* ioprio_set(), ioprio_get(): kept by thread, inherited, checked. */
#include "check.h"
#include <pthread.h>

enum { PROCESS = 1, GROUP, USER };
#define VALUE(class, level) ((class) << 13 | (level))

static long get(int kind, int who)
{
	return raw_syscall(SYS_ioprio_get, kind, who);
}

static long set(int kind, int who, int value)
{
	return raw_syscall(SYS_ioprio_set, kind, who, value);
}

static void child_inherits(void)
{
	CHECK_EQ(get(PROCESS, 0), VALUE(2, 3));
	CHECK_EQ(set(PROCESS, 0, VALUE(3, 0)), 0);
}

static void *thread_has_its_own(void *argument)
{
	CHECK_EQ(get(PROCESS, 0), VALUE(2, 3));
	CHECK_EQ(set(PROCESS, 0, VALUE(2, 6)), 0);
	CHECK_EQ(get(PROCESS, gettid()), VALUE(2, 6));
	CHECK_EQ(get(PROCESS, getpid()), VALUE(2, 3));
	return argument;
}

static void own(void)
{
	pthread_t thread;

	CHECK_EQ(set(PROCESS, 0, VALUE(2, 3)), 0);
	CHECK_EQ(get(PROCESS, 0), VALUE(2, 3));
	CHECK_EQ(get(PROCESS, getpid()), VALUE(2, 3));
	in_child(child_inherits);
	CHECK(pthread_create(&thread, NULL, thread_has_its_own, NULL) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK_EQ(get(PROCESS, 0), VALUE(2, 3));
	CHECK_EQ(set(PROCESS, 0, VALUE(1, 7)), 0);
	CHECK_EQ(get(PROCESS, 0), VALUE(1, 7));
	CHECK_EQ(set(PROCESS, 0, VALUE(0, 0)), 0);
	CHECK_EQ(get(PROCESS, 4000000), -ESRCH);
	CHECK_EQ(set(PROCESS, 4000000, VALUE(2, 1)), -ESRCH);
	CHECK_EQ(set(PROCESS, 0, VALUE(2, 8)), -EINVAL);
	CHECK_EQ(set(PROCESS, 0, VALUE(0, 1)), -EINVAL);
	CHECK_EQ(set(PROCESS, 0, VALUE(4, 1)), -EINVAL);
	CHECK_EQ(set(4, 0, VALUE(2, 1)), -EINVAL);
	CHECK_EQ(set(0, 0, VALUE(2, 1)), -EINVAL);
	CHECK_EQ(get(0, 0), -EINVAL);
}

static void user(void)
{
	CHECK_EQ(set(PROCESS, 0, VALUE(1, 1)), -EPERM);
	CHECK_EQ(set(PROCESS, getppid(), VALUE(2, 1)), -EPERM);
	CHECK_EQ(set(PROCESS, 0, VALUE(3, 0)), 0);
	CHECK_EQ(set(USER, 0, VALUE(2, 5)), -EPERM);	/* root; get() takes 0 for oneself */
	CHECK_EQ(set(USER, OTHER_UID, VALUE(2, 5)), 0);
	CHECK_EQ(get(PROCESS, 0), VALUE(2, 5));
	CHECK_EQ(get(USER, OTHER_UID), VALUE(2, 5));
	CHECK_EQ(get(USER, 0), VALUE(2, 5));
	CHECK_EQ(get(USER, 54321), -ESRCH);
}

static void groups(void)
{
	struct gate gate = gate_create();

	CHECK(setpgid(0, 0) == 0);
	pid_t child = FORK();

	if (child == 0) {
		CHECK_EQ(set(PROCESS, 0, VALUE(2, 2)), 0);
		gate_pass(&gate);
		CHECK_EQ(get(PROCESS, 0), VALUE(2, 7));
		_exit(0);
	}
	wait_until_blocked(child);
	CHECK_EQ(set(PROCESS, 0, VALUE(2, 4)), 0);
	CHECK_EQ(get(GROUP, 0), VALUE(2, 2));	/* the most urgent */
	CHECK_EQ(set(GROUP, getpid(), VALUE(2, 7)), 0);
	CHECK_EQ(get(GROUP, 0), VALUE(2, 7));
	gate_open(&gate);
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(get(GROUP, 4000000), -ESRCH);
}

int main(void)
{
	in_child(own);
	run_as(OTHER_UID, user);
	in_child(groups);
	return 0;
}

/* prctl(): what a process says about itself, who inherits it, and which words are refused. */
#include "check.h"
#include <pthread.h>
#include <sys/prctl.h>

static void *thread_slack(void *argument)
{
	CHECK_EQ(prctl(PR_GET_TIMERSLACK), 7000);
	CHECK(prctl(PR_SET_TIMERSLACK, 9000) == 0);
	CHECK(prctl(PR_SET_TIMERSLACK, 0) == 0);
	CHECK_EQ(prctl(PR_GET_TIMERSLACK), 7000);
	CHECK(prctl(PR_SET_TIMERSLACK, 1) == 0);
	return argument;
}

static void timer_slack(void)
{
	pthread_t thread;

	CHECK_EQ(prctl(PR_GET_TIMERSLACK), 50000);
	CHECK(prctl(PR_SET_TIMERSLACK, 7000) == 0);
	CHECK(pthread_create(&thread, NULL, thread_slack, NULL) == 0);
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK_EQ(prctl(PR_GET_TIMERSLACK), 7000);
	CHECK(prctl(PR_SET_TIMERSLACK, 0) == 0);
	CHECK_EQ(prctl(PR_GET_TIMERSLACK), 50000);
}

static void huge_pages_in_child(void)
{
	CHECK_EQ(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 1);
}

static void huge_pages(void)
{
	CHECK_EQ(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 0);
	CHECK_ERRNO(prctl(PR_SET_THP_DISABLE, 1, 1, 0, 0), EINVAL);
	CHECK_ERRNO(prctl(PR_GET_THP_DISABLE, 1, 0, 0, 0), EINVAL);
	CHECK(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) == 0);
	in_child(huge_pages_in_child);
}

static void words(void)
{
	int word = -1;
	char name[16] = "";

	CHECK_EQ(prctl(PR_GET_TIMING), PR_TIMING_STATISTICAL);
	CHECK(prctl(PR_SET_TIMING, PR_TIMING_STATISTICAL) == 0);
	CHECK_ERRNO(prctl(PR_SET_TIMING, PR_TIMING_TIMESTAMP), EINVAL);
	CHECK_EQ(prctl(PR_GET_SECCOMP), 0);
	CHECK(prctl(PR_GET_TSC, &word) == 0);
	CHECK_EQ(word, PR_TSC_ENABLE);
	CHECK(prctl(PR_SET_TSC, PR_TSC_ENABLE) == 0);
	CHECK_ERRNO(prctl(PR_SET_TSC, 7), EINVAL);
	CHECK(prctl(PR_SET_NAME, "a name that is much too long") == 0);
	CHECK(prctl(PR_GET_NAME, name) == 0);
	CHECK(!strcmp(name, "a name that is "));
	CHECK(prctl(PR_GET_TID_ADDRESS, &word) == 0);
	CHECK(raw_syscall(SYS_set_tid_address, &name) > 0);
	CHECK(prctl(PR_GET_TID_ADDRESS, &word) == 0);
	CHECK_EQ(word, (int)(uintptr_t)&name);
	CHECK(prctl(PR_SET_PDEATHSIG, SIGUSR1) == 0);
	CHECK(prctl(PR_GET_PDEATHSIG, &word) == 0);
	CHECK_EQ(word, SIGUSR1);
	CHECK_ERRNO(prctl(PR_SET_PDEATHSIG, 65), EINVAL);
	CHECK_ERRNO(prctl(PR_SET_PDEATHSIG, -1), EINVAL);
	CHECK(raw_syscall(SYS_setresuid32, -1, OTHER_UID, -1) == 0);
	CHECK(prctl(PR_GET_PDEATHSIG, &word) == 0);
	CHECK_EQ(word, 0);	/* gone with the user id */
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
	CHECK_ERRNO(prctl(PR_SET_DUMPABLE, 2), EINVAL);
	CHECK(prctl(PR_SET_DUMPABLE, 1) == 0);
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 1);
	CHECK_ERRNO(prctl(PR_GET_UNALIGN, &word), EINVAL);
	CHECK_ERRNO(prctl(PR_GET_FPEMU, &word), EINVAL);
	CHECK_ERRNO(prctl(PR_GET_ENDIAN, &word), EINVAL);
	CHECK_ERRNO(prctl(12345), EINVAL);
	CHECK_ERRNO(prctl(0), EINVAL);
}

int main(void)
{
	in_child(timer_slack);
	in_child(huge_pages);
	in_child(words);
	return 0;
}

/* alarm() and setitimer(): one shot and repeating, what is left, replaced and cancelled. */
#include "check.h"
#include <sys/time.h>

static volatile int calls;

static void handler(int signal)
{
	(void)signal;
	calls = calls + 1;
}

static void wait_calls(int wanted)
{
	sigset_t none;

	sigemptyset(&none);
	while (calls < wanted)
		sigsuspend(&none);
}

static void default_action(void)
{
	struct itimerval timer = { .it_value = { 0, 10000 } };

	handle_signal(SIGALRM, SIG_DFL, 0);
	unblock_signal(SIGALRM);
	CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
	for (;;)
		pause();
}

int main(void)
{
	struct itimerval once = { .it_value = { 0, 20000 } };
	struct itimerval repeating = { { 0, 10000 }, { 0, 10000 } };
	struct itimerval none = { 0 }, old, wrong = { .it_value = { 0, 1000000 } };
	long long start;

	handle_signal(SIGALRM, handler, 0);
	block_signal(SIGALRM);
	CHECK_EQ(alarm(50), 0);
	CHECK(getitimer(ITIMER_REAL, &old) == 0);
	CHECK(old.it_value.tv_sec >= 45 && old.it_value.tv_sec <= 50);
	CHECK_EQ(old.it_interval.tv_sec, 0);
	CHECK(alarm(0) >= 45);

	start = now_ns();
	CHECK(setitimer(ITIMER_REAL, &once, &old) == 0);
	CHECK_EQ(old.it_value.tv_sec, 0);
	wait_calls(1);
	CHECK(now_ns() - start >= 20000000);
	CHECK(getitimer(ITIMER_REAL, &old) == 0);
	CHECK(old.it_value.tv_sec == 0 && old.it_value.tv_usec == 0);

	start = now_ns();
	CHECK(setitimer(ITIMER_REAL, &repeating, NULL) == 0);
	wait_calls(6);
	CHECK(now_ns() - start >= 45000000);
	CHECK(setitimer(ITIMER_REAL, &none, &old) == 0);
	CHECK_EQ(old.it_interval.tv_usec, 10000);
	CHECK_ERRNO(setitimer(ITIMER_REAL, &wrong, NULL), EINVAL);
	CHECK_ERRNO(setitimer(99, &once, NULL), EINVAL);
	dies_of(SIGALRM, default_action);
	return 0;
}

/*
 * Signals 32 to 64 queue: each sending is delivered, in order of number and then of sending, with
 * its value. A signal below 32 is delivered once however often it was sent, and before them.
 */
#include "check.h"

/* volatile: the C library declares sigprocmask() as a call that calls nothing back. */
static volatile int delivered[64], values[64], delivered_count;

static void handler(int signal, siginfo_t *info, void *context)
{
	int number = delivered_count;

	(void)context;
	delivered_count = number + 1;
	delivered[number] = signal;
	values[number] = info->si_code == SI_QUEUE ? info->si_value.sival_int : -1;
}

static void queue(int signal, int value)
{
	union sigval sigval = { .sival_int = value };

	CHECK(sigqueue(getpid(), signal, sigval) == 0);
}

int main(void)
{
	static const int expected[] = { SIGUSR1, 36, 36, 36, 40, 40, 64 };
	static const int expected_values[] = { 5, 1, 2, 3, 7, 8, 9 };
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	sigset_t set;

	sigfillset(&action.sa_mask);
	sigfillset(&set);
	CHECK(sigaction(36, &action, NULL) == 0);
	CHECK(sigaction(40, &action, NULL) == 0);
	CHECK(sigaction(64, &action, NULL) == 0);
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);

	queue(64, 9);
	queue(40, 7);
	queue(36, 1);
	queue(SIGUSR1, 5);
	queue(36, 2);
	queue(SIGUSR1, 6);	/* already pending: lost */
	queue(40, 8);
	queue(36, 3);
	CHECK_EQ(delivered_count, 0);
	CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
	CHECK_EQ(delivered_count, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		CHECK_EQ(delivered[i], expected[i]);
		CHECK_EQ(values[i], expected_values[i]);
	}

	/* RLIMIT_SIGPENDING bounds the queue; kill() still arrives, once. */
	struct rlimit limit = { 4, 4 };
	union sigval sigval = { .sival_int = 0 };
	int queued = 0;

	CHECK(setresuid(OTHER_UID, OTHER_UID, OTHER_UID) == 0);
	CHECK(setrlimit(RLIMIT_SIGPENDING, &limit) == 0);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	while (sigqueue(getpid(), 50, sigval) == 0)
		queued++;
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(queued, 4);
	CHECK(kill(getpid(), 51) == 0);
	CHECK(signal_is_pending(51));
	return 0;
}

/* test: timeout=60
 * Thousands of signals of several numbers in one queue come out by number, those of one number in
 * the order in which they were sent, and what is thrown away in between takes none of the others.
 */
#include "check.h"

#define EACH 700
#define KINDS 3

static void send_all(void)
{
	union sigval value;

	for (int i = 0; i < EACH; i++) {
		for (int kind = KINDS - 1; kind >= 0; kind--) {
			value.sival_int = i;
			CHECK(sigqueue(getpid(), SIGRTMIN + kind, value) == 0);
		}
		CHECK(kill(getpid(), SIGUSR1) == 0);
	}
}

static void take_all(const sigset_t *set, int signal)
{
	const struct timespec now = { 0 };
	siginfo_t info;

	for (int i = 0; i < EACH; i++) {
		CHECK_EQ(sigtimedwait(set, &info, &now), signal);
		CHECK_EQ(info.si_value.sival_int, i);
	}
}

int main(void)
{
	const struct rlimit limit = { 4000, 4000 };
	const struct timespec now = { 0 };
	sigset_t all, last;

	CHECK(setrlimit(RLIMIT_SIGPENDING, &limit) == 0);
	sigfillset(&all);
	CHECK(sigprocmask(SIG_BLOCK, &all, NULL) == 0);
	sigemptyset(&last);
	sigaddset(&last, SIGRTMIN + KINDS - 1);

	send_all();
	/* The last kind first: all others stand before it in the queue. */
	take_all(&last, SIGRTMIN + KINDS - 1);
	CHECK_EQ(sigtimedwait(&all, NULL, &now), SIGUSR1);
	for (int kind = 0; kind < KINDS - 1; kind++)
		take_all(&all, SIGRTMIN + kind);
	CHECK_ERRNO(sigtimedwait(&all, NULL, &now), EAGAIN);

	send_all();
	/* Ignored while pending: gone. */
	handle_signal(SIGRTMIN + 1, SIG_IGN, 0);
	CHECK_EQ(sigtimedwait(&all, NULL, &now), SIGUSR1);
	take_all(&all, SIGRTMIN);
	CHECK(!signal_is_pending(SIGRTMIN + 1));
	take_all(&all, SIGRTMIN + 2);
	CHECK_ERRNO(sigtimedwait(&all, NULL, &now), EAGAIN);
	return 0;
}

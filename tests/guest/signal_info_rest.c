/* siginfo_t has 128 bytes, of which the kernel keeps the first 32: what becomes of the others. */
#include "check.h"

enum { KEPT = 32 };

static union {
	siginfo_t info;
	unsigned char bytes[128];
} sent, got;

static long queue(int code, int rest)
{
	memset(&sent, 0, sizeof(sent));
	sent.info.si_code = code;
	sent.info.si_value.sival_int = 4711;
	sent.bytes[KEPT] = rest;
	sent.bytes[127] = rest;
	return syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &sent);
}

static void take(int code)
{
	static const struct timespec now = { 0, 0 };
	uint64_t set = 1u << (SIGUSR1 - 1);

	memset(&got, 0xff, sizeof(got));
	CHECK_EQ(syscall(SYS_rt_sigtimedwait, &set, &got, &now, 8), SIGUSR1);
	CHECK_EQ(got.info.si_signo, SIGUSR1);
	CHECK_EQ(got.info.si_code, code);
	CHECK_EQ(got.info.si_value.sival_int, 4711);
	for (int i = KEPT; i < 128; i++)
		CHECK_EQ(got.bytes[i], 0);
}

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	memcpy(&got, info, sizeof(got));
}

int main(void)
{
	block_signal(SIGUSR1);
	/* A known code: the rest is of no interest. */
	CHECK_EQ(queue(SI_QUEUE, 1), 0);
	take(SI_QUEUE);
	CHECK_EQ(queue(SI_TIMER, 1), 0);
	take(SI_TIMER);
	/* Codes that mean something to the receiver alone: nothing may get lost. */
	CHECK_EQ(queue(-50, 0), 0);
	take(-50);
	CHECK_ERRNO(queue(-50, 1), E2BIG);
	CHECK_ERRNO(queue(1000, 1), E2BIG);
	CHECK_EQ(queue(1000, 0), 0);
	take(1000);
	CHECK_EQ(queue(-60, 1), 0);
	take(-60);
	/* What is wrong with the signal counts later. */
	memset(&sent, 0xff, sizeof(sent));
	sent.info.si_code = -50;
	CHECK_ERRNO(syscall(SYS_rt_sigqueueinfo, getpid(), 1000, &sent), E2BIG);

	/* A handler finds zeros too. */
	handle_signal_info(SIGUSR2, handler, 0);
	memset(&got, 0xff, sizeof(got));
	CHECK(raise(SIGUSR2) == 0);
	CHECK_EQ(got.info.si_signo, SIGUSR2);
	for (int i = KEPT; i < 128; i++)
		CHECK_EQ(got.bytes[i], 0);
	return 0;
}

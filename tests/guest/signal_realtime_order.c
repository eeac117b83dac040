/*
 * Signals 32 to 64 queue: each sending is delivered, in order of number and then of sending, with
 * its value, whether it was meant for the process or for the thread; what is the thread's comes
 * first. A signal below 32 is delivered once however often it was sent, and before them.
 *
 * A C library keeps 32 and 33 for itself and hides them, so all goes through raw system calls.
 */
#include "check.h"

enum { FIRST = 32, LAST = 64, TIMES = 3 };
enum { MOST_DELIVERED = (2 * TIMES + 1) * (LAST - FIRST + 1) + 1 };

struct kernel_action {
	void (*handler)(int, siginfo_t *, void *);
	unsigned long flags;
	void *restorer;
	uint64_t mask;
};

struct delivery {
	int signal, code, value;
};

/* volatile: the compiler knows of no call that calls the handler back. */
static volatile struct delivery delivered[MOST_DELIVERED];
static volatile int delivered_count;

static void handler(int signal, siginfo_t *info, void *context)
{
	int number = delivered_count;

	(void)context;
	if (number >= MOST_DELIVERED)
		FAIL("too many signals");
	delivered_count = number + 1;
	delivered[number].signal = signal;
	delivered[number].code = info->si_code;
	delivered[number].value = info->si_value.sival_int;
}

/* While a handler runs, all are blocked: so they come one after the other. */
static void handle(int signal)
{
	struct kernel_action action = { .handler = handler, .flags = SA_SIGINFO, .mask = ~0ULL };

	CHECK_EQ(raw_syscall(SYS_rt_sigaction, signal, &action, NULL, 8), 0);
}

static void change_mask(int how)
{
	uint64_t all = ~0ULL;

	CHECK_EQ(raw_syscall(SYS_rt_sigprocmask, how, &all, NULL, 8), 0);
}

static siginfo_t queued_info(int signal, int value)
{
	siginfo_t info = { .si_signo = signal, .si_code = SI_QUEUE };

	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = value;
	return info;
}

static long queue(int signal, int value)
{
	siginfo_t info = queued_info(signal, value);

	return raw_syscall(SYS_rt_sigqueueinfo, getpid(), signal, &info);
}

static void queue_to_thread(int signal, int value)
{
	siginfo_t info = queued_info(signal, value);

	CHECK_EQ(raw_syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), signal, &info), 0);
}

static void expect_delivery(int number, int signal, int code, int value)
{
	volatile struct delivery *it = &delivered[number];

	if (it->signal != signal || it->code != code || (code == SI_QUEUE && it->value != value))
		FAIL("delivery %d: signal %d, code %d, value %d; should be %d, %d, %d", number,
		     it->signal, it->code, it->value, signal, code, value);
}

/* The numbers in falling order, each value for every number before the next: the worst order. */
static void queue_every_number(void)
{
	int number = 0;

	delivered_count = 0;
	change_mask(SIG_BLOCK);
	for (int value = 0; value < TIMES; value++) {
		for (int signal = LAST; signal >= FIRST; signal--)
			CHECK_EQ(queue(signal, signal * 10 + value), 0);
		for (int signal = LAST; signal >= FIRST && value < TIMES - 1; signal--)
			queue_to_thread(signal, signal * 10 + value);
		CHECK_EQ(queue(SIGUSR1, value), 0);	/* from the second on: lost */
	}
	for (int signal = LAST; signal >= FIRST; signal--) {
		CHECK_EQ(raw_syscall(SYS_tgkill, getpid(), gettid(), signal), 0);
		CHECK_EQ(raw_syscall(SYS_kill, getpid(), signal), 0);
	}
	CHECK_EQ(delivered_count, 0);
	change_mask(SIG_UNBLOCK);
	for (int signal = FIRST; signal <= LAST; signal++) {
		for (int value = 0; value < TIMES - 1; value++)
			expect_delivery(number++, signal, SI_QUEUE, signal * 10 + value);
		expect_delivery(number++, signal, SI_TKILL, 0);
	}
	expect_delivery(number++, SIGUSR1, SI_QUEUE, 0);
	for (int signal = FIRST; signal <= LAST; signal++) {
		for (int value = 0; value < TIMES; value++)
			expect_delivery(number++, signal, SI_QUEUE, signal * 10 + value);
		expect_delivery(number++, signal, SI_USER, 0);
	}
	CHECK_EQ(delivered_count, number);
}

/* RLIMIT_SIGPENDING bounds the queue; kill() still arrives, once. */
static void fill_queue(void)
{
	struct rlimit limit = { 4, 4 };
	long result;
	int queued = 0;

	CHECK(setresuid(OTHER_UID, OTHER_UID, OTHER_UID) == 0);
	CHECK(setrlimit(RLIMIT_SIGPENDING, &limit) == 0);
	change_mask(SIG_BLOCK);
	while ((result = queue(50, 0)) == 0)
		queued++;
	CHECK_EQ(result, -EAGAIN);
	CHECK_EQ(queued, 4);
	CHECK(kill(getpid(), 51) == 0);
	CHECK(signal_is_pending(51));
}

int main(void)
{
	for (int signal = FIRST; signal <= LAST; signal++)
		handle(signal);
	handle(SIGUSR1);
	queue_every_number();
	fill_queue();
	return 0;
}

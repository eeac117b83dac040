/* test: timeout=60
 * RLIMIT_RTTIME: how long a real-time thread may run without blocking. SIGXCPU at the soft limit
 * and each second from then on, SIGKILL at the hard one; whoever blocks, or is not of real time,
 * begins anew or is not meant.
 *
 * Linux counts ticks, and an emulated machine whose host is busy may lose some: a signal may come
 * late by the clock, but not by another limit's time, and never early. Such a machine may also
 * stand still while its clock goes on: what a thread has run is what it finds afterwards.
 */
#include "check.h"

enum { MS = 1000, FOREVER = -1, LATE_MS = 3000, LOST_MS = 900 };

static volatile sig_atomic_t signals;
static long long signalled_at[4];

static long long cpu_ms(void)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void on_signal(int signal, siginfo_t *info, void *context)
{
	(void)context;
	CHECK_EQ(signal, SIGXCPU);
	CHECK_EQ(info->si_code, SI_KERNEL);
	if (signals < 4)
		signalled_at[signals] = cpu_ms();
	signals++;
}

static void limit(long soft_ms, long hard_ms)
{
	struct rlimit limit = {
		soft_ms == FOREVER ? RLIM_INFINITY : (rlim_t)soft_ms * MS,
		hard_ms == FOREVER ? RLIM_INFINITY : (rlim_t)hard_ms * MS,
	};

	CHECK(setrlimit(RLIMIT_RTTIME, &limit) == 0);
}

static void become_realtime(int policy)
{
	struct sched_param parameters = { .sched_priority = 10 };

	CHECK(sched_setscheduler(0, policy, &parameters) == 0);
}

/* Returns how long it was in fact. */
static long long burn(long long ms)
{
	long long start = cpu_ms(), now;

	do
		now = cpu_ms();
	while (now < start + ms);
	return now - start;
}

/* Until so many signals have come. */
static void burn_until(int count)
{
	long long end = cpu_ms() + LATE_MS;

	while (signals < count && cpu_ms() < end)
		;
	CHECK_EQ(signals, count);
}

static void soft(void)
{
	struct rlimit now;
	long long start;

	handle_signal_info(SIGXCPU, on_signal, 0);
	limit(300, FOREVER);
	become_realtime(SCHED_FIFO);
	start = cpu_ms();
	if (burn(250) < 280)
		CHECK_EQ(signals, 0);
	burn_until(1);
	CHECK(signalled_at[0] - start >= 280 && signalled_at[0] - start <= 300 + LOST_MS);
	burn_until(2);
	CHECK(signalled_at[1] - start >= 1280 && signalled_at[1] - start <= 1300 + LOST_MS);
	/* The limit itself moves on. */
	CHECK(getrlimit(RLIMIT_RTTIME, &now) == 0);
	CHECK_EQ(now.rlim_cur, 2300 * MS);
	CHECK_EQ(now.rlim_max, RLIM_INFINITY);
}

static void yields(void)
{
	long long end;

	handle_signal_info(SIGXCPU, on_signal, 0);
	limit(200, FOREVER);
	become_realtime(SCHED_RR);
	end = cpu_ms() + LATE_MS;
	while (signals == 0 && cpu_ms() < end)
		sched_yield();
	CHECK_EQ(signals, 1);
}

static void blocks(void)
{
	handle_signal_info(SIGXCPU, on_signal, 0);
	limit(300, FOREVER);
	become_realtime(SCHED_FIFO);
	for (int i = 0; i < 8; i++) {
		if (burn(100) >= 280)
			signals = 0;
		CHECK_EQ(signals, 0);
		sleep_ms(1);
	}
	burn_until(1);
}

static void not_of_real_time(void)
{
	handle_signal_info(SIGXCPU, on_signal, 0);
	limit(100, 200);
	burn(400);
	CHECK_EQ(signals, 0);
}

static void default_action(void)
{
	limit(100, FOREVER);
	become_realtime(SCHED_FIFO);
	burn(5000);
}

static void hard(void)
{
	signal(SIGXCPU, SIG_IGN);
	limit(100, 300);
	become_realtime(SCHED_FIFO);
	burn(5000);
}

/* Set while it runs already, and inherited by a child that is of real time from the start. */
static void inherited(void)
{
	pid_t pid;

	become_realtime(SCHED_FIFO);
	burn(20);
	signal(SIGXCPU, SIG_IGN);
	limit(100, 300);
	pid = FORK();
	if (pid == 0) {
		burn(5000);
		_exit(CHECK_FAILED);
	}
	expect_signal_death(pid, SIGKILL);
}

int main(void)
{
	in_child(soft);
	in_child(yields);
	in_child(blocks);
	in_child(not_of_real_time);
	dies_of(SIGXCPU, default_action);
	dies_of(SIGKILL, hard);
	in_child(inherited);
	return 0;
}

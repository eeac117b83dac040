/* test: timeout=60
 * POSIX timers: who is told, with what, once or again and again, and overruns.
 */
#include "posix_timer.h"

static volatile sig_atomic_t rang;
static siginfo_t last;

static void on_ring(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	last = *info;
	rang++;
}

/* A signal in a handler, with all that it says. */
static void handler_hears(void)
{
	struct sigaction action = { .sa_sigaction = on_ring, .sa_flags = SA_SIGINFO };
	sigset_t set, before;
	int id = timer_new(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN + 1, 0x1234);

	CHECK(sigaction(SIGRTMIN + 1, &action, NULL) == 0);
	/* Blocked until it is waited for: on a slow machine it rings before. */
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	CHECK(sigprocmask(SIG_BLOCK, &set, &before) == 0);
	timer_start(id, 5 * MS, 0);
	while (!rang)
		sigsuspend(&before);
	CHECK(sigprocmask(SIG_SETMASK, &before, NULL) == 0);
	CHECK_EQ(last.si_signo, SIGRTMIN + 1);
	CHECK_EQ(last.si_code, SI_TIMER);
	CHECK_EQ(last.si_timerid, id);
	CHECK_EQ(last.si_overrun, 0);
	CHECK_EQ(last.si_value.sival_int, 0x1234);
	CHECK_EQ(timer_left(id), 0);
	CHECK(timer_remove(id) == 0);
}

/* While the signal is blocked, expirations are counted, and only one signal is pending. */
static void overruns(void)
{
	struct timespec nothing = { 0, 0 };
	siginfo_t info;
	sigset_t set;
	int id = timer_new(CLOCK_REALTIME, SIGEV_SIGNAL, SIGUSR1, 7);

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	timer_start(id, 5 * MS, 5 * MS);
	usleep(100000);
	CHECK_EQ(sigwaitinfo(&set, &info), SIGUSR1);
	CHECK_EQ(info.si_code, SI_TIMER);
	CHECK(info.si_overrun >= 15);
	CHECK_EQ(timer_overrun(id), info.si_overrun);
	/* It goes on by itself. */
	CHECK_EQ(sigwaitinfo(&set, &info), SIGUSR1);
	CHECK(timer_left(id) <= 5 * MS);
	/* Removed while its signal is pending: that one may stay, but no more come. */
	usleep(20000);
	CHECK(timer_remove(id) == 0);
	(void)sigtimedwait(&set, &info, &nothing);
	usleep(20000);
	CHECK_ERRNO(sigtimedwait(&set, &info, &nothing), EAGAIN);
	CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
}

/* A timer's signal waits beside a kill of the same number: two are taken. */
static void beside_a_kill(void)
{
	struct timespec nothing = { 0, 0 };
	siginfo_t info;
	sigset_t set;
	int id = timer_new(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR2, 1);

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	CHECK(kill(getpid(), SIGUSR2) == 0);
	timer_start(id, 1, 0);
	usleep(20000);
	CHECK_EQ(sigtimedwait(&set, &info, &nothing), SIGUSR2);
	CHECK_EQ(info.si_code, SI_USER);
	CHECK_EQ(sigtimedwait(&set, &info, &nothing), SIGUSR2);
	CHECK_EQ(info.si_code, SI_TIMER);
	CHECK_ERRNO(sigtimedwait(&set, &info, &nothing), EAGAIN);
	CHECK(timer_remove(id) == 0);
}

/* No sigevent: SIGALRM with the timer's number. NONE: only the time left. */
static void defaults(void)
{
	siginfo_t info;
	sigset_t set;
	int id = -1, silent;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	CHECK(syscall(SYS_timer_create, CLOCK_BOOTTIME, NULL, &id) == 0);
	timer_start(id, 1, 0);
	CHECK_EQ(sigwaitinfo(&set, &info), SIGALRM);
	CHECK_EQ(info.si_value.sival_int, id);
	CHECK(timer_remove(id) == 0);

	silent = timer_new(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0);
	timer_start(silent, 10 * MS, 0);
	CHECK(timer_left(silent) > 0);
	usleep(20000);
	CHECK_EQ(timer_left(silent), 0);
	timer_start(silent, 10 * MS, 20 * MS);
	usleep(35000);
	CHECK(timer_left(silent) > 0 && timer_left(silent) <= 20 * MS);
	CHECK(timer_remove(silent) == 0);
}

/* Ignored: nothing happens, and the timer still runs when somebody listens again. */
static void ignored_for_a_while(void)
{
	struct sigaction action = { .sa_sigaction = on_ring, .sa_flags = SA_SIGINFO };
	int id = timer_new(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0);

	CHECK(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
	timer_start(id, 2 * MS, 2 * MS);
	usleep(30000);
	rang = 0;
	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	while (!rang)
		usleep(1000);
	CHECK(timer_remove(id) == 0);
}

/* Absolute, in the past: at once. */
static void absolute(void)
{
	struct itimerspec past = { { 0, 0 }, { 1, 0 } };
	siginfo_t info;
	sigset_t set;
	int id = timer_new(CLOCK_REALTIME, SIGEV_SIGNAL, SIGALRM, 0);

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	CHECK(syscall(SYS_timer_settime, id, TIMER_ABSTIME, &past, NULL) == 0);
	CHECK_EQ(sigwaitinfo(&set, &info), SIGALRM);
	CHECK(timer_remove(id) == 0);
}

int main(void)
{
	handler_hears();
	overruns();
	beside_a_kill();
	defaults();
	ignored_for_a_while();
	absolute();
	return 0;
}

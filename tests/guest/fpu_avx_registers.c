/*
 * Where the processor has AVX, programs may use it, and the whole registers live through switches,
 * system calls, fork and signal handlers. CPUID alone tells some programs, so it must be true.
 */
#include "check.h"
#include <cpuid.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

struct wide {
	uint32_t words[8];
};

static struct wide pattern(uint32_t seed)
{
	struct wide result;

	for (unsigned int i = 0; i < 8; i++)
		result.words[i] = seed * 2654435761u + i;
	return result;
}

static void load(const struct wide *value)
{
	__asm__ volatile("vmovdqu %0, %%ymm5" : : "m"(*value));
}

static struct wide store(void)
{
	struct wide value;

	__asm__ volatile("vmovdqu %%ymm5, %0" : "=m"(value));
	return value;
}

static bool holds(const struct wide *expected)
{
	struct wide found = store();

	return memcmp(&found, expected, sizeof(found)) == 0;
}

static volatile sig_atomic_t handled;

static void handler(int signal, siginfo_t *info, void *context)
{
	struct wide other = pattern(99);

	(void)signal, (void)info, (void)context;
	load(&other);
	sched_yield();
	handled = holds(&other);
}

static void *churn(void *argument)
{
	uint32_t seed = (uint32_t)(uintptr_t)argument;

	for (unsigned int i = 0; i < 2000; i++) {
		struct wide mine = pattern(seed + i);

		load(&mine);
		if (i % 4 == 0)
			sched_yield();
		if (!holds(&mine))
			return (void *)1;
	}
	return NULL;
}

static void check_signal(void)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	struct wide mine = pattern(7);

	CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	load(&mine);
	raise(SIGUSR1);
	CHECK(holds(&mine));
	CHECK(handled);
}

/* Where the words that announce the rest of an XSAVE image lie, from the frame's FPU image on. */
enum { EXTENSION = 112 + 464 };

static void unmark(int signal, siginfo_t *info, void *context)
{
	ucontext_t *interrupted = context;

	(void)signal, (void)info;
	memset((char *)interrupted->uc_mcontext.fpregs + EXTENSION, 0, 4);
}

/* A frame that announces no AVX registers, as an old program may have made it: they are initial. */
static void check_unmarked_frame(void)
{
	struct sigaction action = { .sa_sigaction = unmark, .sa_flags = SA_SIGINFO };
	struct wide mine = pattern(11);

	CHECK(sigaction(SIGUSR2, &action, NULL) == 0);
	load(&mine);
	raise(SIGUSR2);
	memset(&mine.words[4], 0, 16);
	CHECK(holds(&mine));
}

static void check_fork(void)
{
	struct wide mine = pattern(8), other = pattern(9);
	pid_t child;

	load(&mine);
	child = fork();
	if (child == 0) {
		bool kept = holds(&mine);

		load(&other);
		_exit(kept ? 0 : 1);
	}
	CHECK(wait_exit_status(child) == 0);
	CHECK(holds(&mine));
}

static void check_threads(void)
{
	pthread_t threads[4];
	void *result;

	for (uintptr_t i = 0; i < 4; i++)
		CHECK(pthread_create(&threads[i], NULL, churn, (void *)(i * 10000)) == 0);
	for (unsigned int i = 0; i < 4; i++) {
		CHECK(pthread_join(threads[i], &result) == 0);
		CHECK(result == NULL);
	}
}

int main(void)
{
	unsigned int eax, ebx, ecx, edx;

	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_AVX)) {
		printf("this processor has no AVX\n");
		return CHECK_SKIPPED;
	}
	CHECK(ecx & bit_OSXSAVE);
	check_signal();
	check_unmarked_frame();
	check_fork();
	check_threads();
	return 0;
}

/* test: timeout=60
 * The registers of the FPU lie in the signal frame. While one thread gets signals, another forks,
 * so that the stack's page is taken away and given back at any instant of that: the registers come
 * through.
 */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>

static atomic_int done;

static void *fork_on(void *unused)
{
	(void)unused;
	while (!atomic_load(&done)) {
		pid_t child = FORK();

		if (child == 0)
			_exit(0);
		CHECK_EQ(wait_exit_status(child), 0);
	}
	return NULL;
}

/* A handler that begins with initial registers, and leaves others. */
static void handler(int signal)
{
	unsigned short control;
	unsigned int words[4];

	(void)signal;
	__asm__ volatile("fnstcw %0\n\tmovups %%xmm3, %1\n\t"
			 "fldpi\n\tfldpi\n\tpcmpeqd %%xmm3, %%xmm3"
			 : "=m"(control), "=m"(words));
	CHECK_EQ(control, 0x37f);
	CHECK_EQ(words[0] | words[1] | words[2] | words[3], 0);
}

int main(void)
{
	int rounds = scaled(500);
	pid_t self = getpid(), thread = (pid_t)syscall(SYS_gettid);
	pthread_t forker;
	static unsigned int in[4], out[4];

	handle_signal(SIGUSR1, handler, 0);
	CHECK(pthread_create(&forker, NULL, fork_on, NULL) == 0);
	for (int i = 0; i < rounds; i++) {
		const unsigned short control = 0x27f;	/* double precision */
		unsigned short control_after;
		int number = i, number_after;
		long result;

		for (int word = 0; word < 4; word++)
			in[word] = (unsigned int)i * 0x01010101u + (unsigned int)word;
		__asm__ volatile("fninit\n\tfldcw %[control]\n\tfildl %[number]\n\t"
				 "movups %[in], %%xmm3\n\t"
				 "int $0x80\n\t"
				 "movups %%xmm3, %[out]\n\tfnstcw %[control_after]\n\t"
				 "fistpl %[number_after]\n\tfninit"
				 : "=a"(result), [out] "=m"(out), [number_after] "=m"(number_after),
				   [control_after] "=m"(control_after)
				 : "0"(SYS_tgkill), "b"(self), "c"(thread), "d"(SIGUSR1),
				   [control] "m"(control), [number] "m"(number), [in] "m"(in)
				 : "memory");
		CHECK_EQ(result, 0);
		CHECK_EQ(number_after, number);
		CHECK_EQ(control_after, control);
		CHECK(memcmp(in, out, sizeof(in)) == 0);
	}
	atomic_store(&done, 1);
	CHECK(pthread_join(forker, NULL) == 0);
	return 0;
}

/*
 * Several processes on few processors, each with its own values in all registers, are switched many
 * times (a timer signal ends each loop); nothing is ever mixed up.
 */
#include "registers.h"
#include <sys/time.h>

#define PROCESSES 6

static void leave(int signal)
{
	(void)signal;
	registers_spoil_fpu();
	registers_leave_loop();
}

static void run(uint32_t seed)
{
	static struct registers in, out;
	int rounds = scaled(20);

	handle_signal(SIGALRM, leave, 0);
	for (int round = 0; round < rounds; round++) {
		struct itimerval timer = { .it_value = { 0, 5000 } };

		registers_loop_target = registers_loop_start;
		in = registers_with_pattern(seed + round * 16);
		CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
		registers_through_loop(&in, &out);
		CHECK_EQ(out.eax, in.eax);
		registers_check_same(&in, &out);
	}
}

int main(void)
{
	pid_t pids[PROCESSES];

	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = FORK();
		if (pids[i] == 0) {
			run(i);
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++)
		CHECK_EQ(wait_exit_status(pids[i]), 0);
	return 0;
}

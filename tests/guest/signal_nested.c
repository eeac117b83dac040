/* test: timeout=60
 * Handlers nested sixteen deep, each level interrupted in another blocking call: read, wait4,
 * nanosleep, pause, poll, write to a full pipe. After each, the call gives EINTR and every
 * register, flag and floating-point value is what it was before the call; at the end, so is the
 * mask.
 */
#include "registers.h"

#define DEPTH 18

static int empty_pipe[2], full_pipe[2];
static pid_t helper, sleeping_child;
static volatile int depth, deepest;

static void block_in_call(int number);

static void handler(int signal)
{
	(void)signal;
	registers_spoil_fpu();
	depth = depth + 1;
	if (depth > deepest)
		deepest = depth;
	if (depth < DEPTH)
		block_in_call(depth);
	registers_spoil_fpu();
	depth = depth - 1;
}

static void block_in_call(int number)
{
	struct timespec time = { 100, 0 }, left;
	struct pollfd poll_fd = { empty_pipe[0], POLLIN, 0 };
	struct registers in = registers_with_pattern(number), out;
	char byte = 0;

	switch (number % 6) {
	case 0:
		in.eax = SYS_read;
		in.ebx = empty_pipe[0];
		in.ecx = (uintptr_t)&byte;
		in.edx = 1;
		break;
	case 1:
		in.eax = SYS_wait4;
		in.ebx = sleeping_child;
		in.ecx = in.edx = in.esi = 0;
		break;
	case 2:
		in.eax = SYS_nanosleep;
		in.ebx = (uintptr_t)&time;
		in.ecx = (uintptr_t)&left;
		break;
	case 3:
		in.eax = SYS_pause;
		break;
	case 4:
		in.eax = SYS_poll;
		in.ebx = (uintptr_t)&poll_fd;
		in.ecx = 1;
		in.edx = 100000;
		break;
	case 5:
		in.eax = SYS_write;
		in.ebx = full_pipe[1];
		in.ecx = (uintptr_t)&byte;
		in.edx = 1;
		break;
	}
	registers_through_syscall(&in, &out);
	CHECK_EQ((int32_t)out.eax, -EINTR);
	registers_check_same(&in, &out);
}

int main(void)
{
	char bytes[PAGE] = { 0 };
	sigset_t mask;

	CHECK(pipe(empty_pipe) == 0);
	CHECK(pipe2(full_pipe, O_NONBLOCK) == 0);
	while (write(full_pipe[1], bytes, sizeof(bytes)) > 0)
		;
	CHECK(fcntl(full_pipe[1], F_SETFL, 0) == 0);
	handle_signal(SIGUSR1, handler, SA_NODEFER);
	block_signal(SIGUSR2);

	sleeping_child = FORK();
	if (sleeping_child == 0) {
		for (;;)
			pause();
	}
	helper = FORK();
	if (helper == 0) {
		for (int level = 0; level < DEPTH; level++) {
			wait_until_blocked(getppid());
			CHECK(kill(getppid(), SIGUSR1) == 0);
		}
		_exit(0);
	}
	block_in_call(0);
	CHECK_EQ(depth, 0);
	CHECK_EQ(deepest, DEPTH);
	CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0);
	for (int signal = 1; signal <= 64; signal++)
		CHECK_EQ(sigismember(&mask, signal) == 1, signal == SIGUSR2);
	CHECK_EQ(wait_exit_status(helper), 0);
	kill_and_reap(sleeping_child);
	return 0;
}

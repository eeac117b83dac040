/*
 * Processes that ask again and again whether one of their many children has ended keep nobody else
 * from what concerns the family: another process sends signals meanwhile, each in good time.
 */
#include "check.h"
#include <sys/prctl.h>

enum { ASKERS = 2, CHILDREN = 120, SIGNALS = 2000, PATIENCE_S = 10 };

static void ask(struct gate *ready)
{
	struct gate never = gate_create();
	char byte;

	CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
	for (int i = 0; i < CHILDREN; i++) {
		if (FORK() > 0)
			continue;
		close(never.fds[1]);
		_exit(read(never.fds[0], &byte, 1) != 0);
	}
	close(never.fds[0]);
	gate_open(ready);
	while (waitpid(-1, NULL, WNOHANG) == 0)
		;
	FAIL("a child has ended");
}

int main(void)
{
	struct gate ready = gate_create();
	pid_t askers[ASKERS];
	long long begin;

	for (int i = 0; i < ASKERS; i++) {
		askers[i] = FORK();
		if (askers[i] == 0)
			ask(&ready);
	}
	for (int i = 0; i < ASKERS; i++)
		gate_pass(&ready);
	begin = now_ns();
	for (int i = 0; i < scaled(SIGNALS); i++)
		CHECK(kill(askers[i % ASKERS], SIGURG) == 0);
	if (now_ns() - begin > PATIENCE_S * 1000000000LL)
		FAIL("%d signals took %lld s", scaled(SIGNALS), (now_ns() - begin) / 1000000000);
	for (int i = 0; i < ASKERS; i++)
		kill_and_reap(askers[i]);
	return 0;
}

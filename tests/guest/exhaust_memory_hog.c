/* test: linux=no memory=32 timeout=60
 * A program that takes all memory, in a machine of 32 MiB: it dies of SIGKILL, the others live and
 * their memory is whole; and again, and again.
 */
#include "check.h"

#define KEPT 200

static void hog(void)
{
	for (;;) {
		char *more = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (more == MAP_FAILED)
			continue;	/* it wants to be stopped the hard way */
		memset(more, 0x55, 1 << 20);
	}
}

int main(void)
{
	char *kept = map_pages(KEPT);
	pid_t bystander;
	struct gate ask = gate_create(), answer = gate_create();

	for (int i = 0; i < KEPT; i++)
		kept[i * PAGE] = i;
	bystander = FORK();
	if (bystander == 0) {
		for (;;) {
			gate_pass(&ask);
			for (int i = 0; i < KEPT; i++)
				CHECK_EQ(kept[i * PAGE], (char)i);
			gate_open(&answer);
		}
	}
	for (int round = 0; round < 3; round++) {
		dies_of(SIGKILL, hog);
		for (int i = 0; i < KEPT; i++)
			CHECK_EQ(kept[i * PAGE], (char)i);
		gate_open(&ask);
		gate_pass(&answer);
		pid_t child = FORK();

		if (child == 0)
			_exit(5);
		CHECK_EQ(wait_exit_status(child), 5);
	}
	kill_and_reap(bystander);
	return 0;
}

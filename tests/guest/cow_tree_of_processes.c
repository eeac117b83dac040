/* Thirty-two processes from five generations of fork(), all alive, all writing the same pages. */
#include "check.h"

int main(void)
{
	char *pages = map_pages(16);
	int number = 0;
	pid_t children[5];

	memset(pages, 'x', 16 * PAGE);
	for (int generation = 0; generation < 5; generation++) {
		pid_t pid = FORK();

		if (pid == 0) {
			number |= 1 << generation;
			children[generation] = 0;
			for (int earlier = 0; earlier < generation; earlier++)
				children[earlier] = 0;	/* the parent's to wait for */
		} else {
			children[generation] = pid;
		}
		pages[generation * PAGE] = number;
	}
	for (int i = 0; i < 16; i++)
		pages[i * PAGE + 1] = number + i;
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 16; i++)
			CHECK_EQ(pages[i * PAGE + 1], (char)(number + i));
		sched_yield();
	}
	for (int generation = 0; generation < 5; generation++) {
		if (children[generation])
			CHECK_EQ(wait_exit_status(children[generation]), 0);
	}
	return 0;
}

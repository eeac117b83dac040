/* test: timeout=60
 * Processes create, link, list and remove the same names at once: O_EXCL lets one win, and in the
 * end the directory is empty and can be removed.
 */
#include "check.h"

#define WORKERS 4
#define NAMES 8

int main(void)
{
	int rounds = scaled(300);
	volatile int *won = shared_memory(PAGE);
	pid_t pids[WORKERS];

	enter_disk_directory();
	CHECK(mkdir("busy", 0755) == 0);
	for (int w = 0; w < WORKERS; w++) {
		pids[w] = FORK();
		if (pids[w] != 0)
			continue;
		CHECK(chdir("busy") == 0);
		for (int round = 0; round < rounds; round++) {
			char name[16], other[16];

			snprintf(name, sizeof(name), "n%d", round % NAMES);
			snprintf(other, sizeof(other), "o%d", (round + w) % NAMES);
			int fd = open(name, O_CREAT | O_EXCL | O_RDWR, 0644);

			if (fd >= 0) {
				/*
				 * Only the winner holds the name; nobody else may win before it
				 * goes.
				 */
				volatile int *winners = &won[round % NAMES];

				CHECK_EQ(__atomic_add_fetch(winners, 1, __ATOMIC_SEQ_CST), 1);
				__atomic_sub_fetch(winners, 1, __ATOMIC_SEQ_CST);
				link(name, other);
				CHECK(unlink(name) == 0);
				close(fd);
			} else {
				CHECK_EQ(errno, EEXIST);
			}
			if (unlink(other) < 0)
				CHECK_EQ(errno, ENOENT);
			if (mkdir("sub", 0755) == 0)
				CHECK(rmdir("sub") == 0);
			else
				CHECK_EQ(errno, EEXIST);
		}
		_exit(0);
	}
	for (int w = 0; w < WORKERS; w++)
		CHECK_EQ(wait_exit_status(pids[w]), 0);
	CHECK(rmdir("busy") == 0);
	return 0;
}

/* test: linux=no memory=32 timeout=60
 * With memory nearly all used, fork and write until it is gone: only who asked is refused, with
 * ENOMEM or SIGKILL, and the pages of the others are whole.
 */
#include "check.h"

#define KEPT 256

int main(void)
{
	char *kept = map_pages(KEPT);
	int killed = 0, refused = 0;

	for (int i = 0; i < KEPT; i++)
		kept[i * PAGE] = i;
	for (int round = 0; round < 12; round++) {
		pid_t child = fork();

		if (child < 0) {
			CHECK(errno == ENOMEM || errno == EAGAIN);
			refused++;
			continue;
		}
		if (child == 0) {
			/* Four times what the machine has. */
			char *hog = mmap(NULL, 128 << 20, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

			if (hog == MAP_FAILED)
				_exit(errno == ENOMEM ? 2 : 1);
			for (size_t at = 0; at < 128u << 20; at += PAGE) {
				hog[at] = 1;
				kept[at / PAGE % KEPT * PAGE] = 'c';
			}
			_exit(0);
		}
		int status = wait_status(child);

		if (WIFSIGNALED(status)) {
			CHECK_EQ(WTERMSIG(status), SIGKILL);
			killed++;
		} else {
			CHECK_EQ(WEXITSTATUS(status), 2);
			refused++;
		}
		for (int i = 0; i < KEPT; i++)
			CHECK_EQ(kept[i * PAGE], (char)i);
	}
	CHECK_EQ(killed + refused, 12);
	CHECK(killed > 0);
	return 0;
}

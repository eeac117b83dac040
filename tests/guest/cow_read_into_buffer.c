/*
 * The kernel's own writes obey copy-on-write: read() into a shared page is seen by the caller
 * alone.
 */
#include "check.h"

int main(void)
{
	char *buffer = map_pages(3);
	struct stat *status = (struct stat *)(buffer + 2 * PAGE - 8);	/* over a page boundary */
	pid_t child;
	int fds[2];

	memset(buffer, 'o', 3 * PAGE);
	CHECK(pipe(fds) == 0);
	child = FORK();
	if (child == 0) {
		char text[PAGE];

		memset(text, 'n', sizeof(text));
		CHECK_EQ(write(fds[1], text, PAGE), PAGE);
		CHECK_EQ(read(fds[0], buffer + PAGE / 2, PAGE), PAGE);
		for (int i = 0; i < 2 * PAGE; i++)
			CHECK_EQ(buffer[i], i >= PAGE / 2 && i < PAGE / 2 + PAGE ? 'n' : 'o');
		CHECK(fstat(fds[0], status) == 0);
		CHECK(S_ISFIFO(status->st_mode));
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	for (int i = 0; i < 3 * PAGE; i++)
		CHECK_EQ(buffer[i], 'o');
	return 0;
}

/* Records of up to PIPE_BUF bytes from several writers are never mixed. */
#include "check.h"

#define WRITERS 4

int main(void)
{
	int rounds = scaled(300);
	int fds[2];
	pid_t pids[WRITERS];
	static char record[PAGE];
	long long total = 0;

	CHECK(pipe(fds) == 0);
	for (int w = 0; w < WRITERS; w++) {
		pids[w] = FORK();
		if (pids[w] != 0)
			continue;
		for (int round = 0; round < rounds; round++) {
			int length = 4 + (w * 977 + round * 131) % (PAGE - 4);

			memset(record, 'a' + w, length);
			memcpy(record, &length, 4);
			CHECK_EQ(write(fds[1], record, length), length);
		}
		_exit(0);
	}
	CHECK(close(fds[1]) == 0);
	FILE *stream = fdopen(fds[0], "r");
	int length;

	while (fread(&length, 1, 4, stream) == 4) {
		CHECK(length >= 4 && length <= PAGE);
		CHECK_EQ(fread(record + 4, 1, length - 4, stream), length - 4);
		for (int i = 5; i < length; i++)
			CHECK_EQ(record[i], record[4]);
		total++;
	}
	CHECK_EQ(total, WRITERS * rounds);
	for (int w = 0; w < WRITERS; w++)
		CHECK_EQ(wait_exit_status(pids[w]), 0);
	return 0;
}

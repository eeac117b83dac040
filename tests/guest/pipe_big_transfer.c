/* Megabytes through a chain of pipes, in odd pieces: every byte arrives, in order. */
#include "check.h"

#define STAGES 4

int main(void)
{
	static char buffer[20000];
	int size = scaled(4 << 20);
	int in = -1, position = 0;
	pid_t pids[STAGES];

	for (int stage = 0; stage < STAGES; stage++) {
		int fds[2];

		CHECK(pipe(fds) == 0);
		pids[stage] = FORK();
		if (pids[stage] == 0) {
			close(fds[0]);
			if (stage == 0) {
				for (int done = 0; done < size;) {
					int part = 1 + (done * 31 + 17) % (int)sizeof(buffer);

					part = part < size - done ? part : size - done;
					for (int i = 0; i < part; i++)
						buffer[i] = pattern_byte(done + i);
					CHECK_EQ(write(fds[1], buffer, part), part);
					done += part;
				}
				_exit(0);
			}
			ssize_t got;

			while ((got = read(in, buffer, 3000 + stage * 1111)) > 0)
				CHECK_EQ(write(fds[1], buffer, got), got);
			_exit(got == 0 ? 0 : 1);
		}
		close(fds[1]);
		if (in >= 0)
			close(in);
		in = fds[0];
	}
	for (ssize_t got; (got = read(in, buffer, sizeof(buffer))) > 0; position += got) {
		for (int i = 0; i < got; i++)
			CHECK_EQ(buffer[i], pattern_byte(position + i));
	}
	CHECK_EQ(position, size);
	for (int stage = 0; stage < STAGES; stage++)
		CHECK_EQ(wait_exit_status(pids[stage]), 0);
	return 0;
}

/* test: timeout=60
 * Processes move directories into each other all the time: no loop ever forms, and nothing is lost.
 */
#include "check.h"

#define WORKERS 3

int main(void)
{
	int rounds = scaled(400);
	pid_t pids[WORKERS];

	enter_disk_directory();
	CHECK(mkdir("a", 0755) == 0 && mkdir("b", 0755) == 0 && mkdir("c", 0755) == 0);
	for (int w = 0; w < WORKERS; w++) {
		pids[w] = FORK();
		if (pids[w] != 0)
			continue;
		static const char *const moves[][2] = {
			{ "a", "b/a" }, { "b/a", "a" }, { "b", "a/b" }, { "a/b", "b" },
			{ "c", "a/c" }, { "a/c", "b/c" }, { "b/c", "c" }, { "b/a/c", "c" },
		};
		uint32_t state = w * 7919 + 1;

		for (int round = 0; round < rounds; round++) {
			state = state * 1664525 + 1013904223;
			const char *const *move = moves[(state >> 16) % ARRAY_SIZE(moves)];

			if (rename(move[0], move[1]) < 0)
				CHECK(errno == ENOENT || errno == EINVAL || errno == ENOTEMPTY);
		}
		_exit(0);
	}
	for (int w = 0; w < WORKERS; w++)
		CHECK_EQ(wait_exit_status(pids[w]), 0);
	/* All three are somewhere below here. */
	int found = 0;
	static const char *const places[] = {
		"a", "b", "c", "a/b", "a/c", "b/a", "b/c", "a/b/c", "b/a/c",
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		found += access(places[i], F_OK) == 0;
	CHECK_EQ(found, 3);
	for (size_t i = ARRAY_SIZE(places); i-- > 0;)
		rmdir(places[i]);
	return 0;
}

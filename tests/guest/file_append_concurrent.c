/* Several processes append to one file: every record is there, whole, once. */
#include "check.h"

#define WRITERS 4

int main(void)
{
	int rounds = scaled(300);
	char seen[WRITERS][1000] = { { 0 } };
	pid_t pids[WRITERS];
	char line[32];
	int total = 0;

	enter_disk_directory();
	make_file("log", "");
	for (int w = 0; w < WRITERS; w++) {
		pids[w] = FORK();
		if (pids[w] != 0)
			continue;
		int fd = MUST(open("log", O_WRONLY | O_APPEND));

		for (int round = 0; round < rounds; round++) {
			int length = snprintf(line, sizeof(line), "%d %d .......\n", w, round);

			CHECK_EQ(write(fd, line, length), length);
		}
		_exit(0);
	}
	for (int w = 0; w < WRITERS; w++)
		CHECK_EQ(wait_exit_status(pids[w]), 0);
	FILE *file = fopen("log", "r");

	CHECK(file != NULL);
	while (fgets(line, sizeof(line), file)) {
		int w, round;
		char dots[16];

		CHECK(sscanf(line, "%d %d %15s", &w, &round, dots) == 3);
		CHECK(strcmp(dots, ".......") == 0);
		CHECK(w >= 0 && w < WRITERS && round >= 0 && round < rounds);
		CHECK(!seen[w][round]);
		seen[w][round] = 1;
		total++;
	}
	fclose(file);
	CHECK_EQ(total, WRITERS * rounds);
	CHECK(unlink("log") == 0);
	return 0;
}

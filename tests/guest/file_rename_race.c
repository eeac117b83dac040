/* test: timeout=60
 * While two processes keep replacing a file by rename(), its name is always there and always whole.
 */
#include "check.h"

int main(void)
{
	int rounds = scaled(500);
	pid_t pids[2];

	enter_disk_directory();
	make_file("target", "aaaaaaaa");
	for (int w = 0; w < 2; w++) {
		pids[w] = FORK();
		if (pids[w] != 0)
			continue;
		char name[16], text[9];

		snprintf(name, sizeof(name), "new%d", w);
		memset(text, 'b' + w, 8);
		text[8] = '\0';
		for (int round = 0; round < rounds; round++) {
			make_file(name, text);
			CHECK(rename(name, "target") == 0);
		}
		_exit(0);
	}
	int running = 2;

	while (running > 0) {
		char text[32];

		CHECK_EQ(read_text("target", text, sizeof(text)), 8);
		for (int i = 1; i < 8; i++)
			CHECK_EQ(text[i], text[0]);
		int status;
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid > 0) {
			CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
			running--;
		}
	}
	CHECK(unlink("target") == 0);
	return 0;
}

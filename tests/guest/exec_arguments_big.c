/* Arguments and environment of more than 128 KiB together arrive whole. */
#include "check.h"

#define COUNT 2000
#define LENGTH 100		/* 200 KB of arguments, as much of environment */

static char value_at(int i, int j)
{
	return 'a' + (i * 31 + j) % 26;
}

static int child_main(int argc, char **argv, char **envp)
{
	CHECK_EQ(argc, COUNT);
	for (int i = 1; i < COUNT; i++) {
		CHECK_EQ(strlen(argv[i]), LENGTH);
		CHECK_EQ(strlen(envp[i]), LENGTH);
		for (int j = 0; j < LENGTH; j++) {
			CHECK_EQ(argv[i][j], value_at(i, j));
			CHECK_EQ(envp[i][j], value_at(i + 7, j));
		}
	}
	return 0;
}

int main(int argc, char **argv, char **envp)
{
	static char *arguments[COUNT + 1], *environment[COUNT + 1];
	pid_t child;

	if (argc > 2)
		return child_main(argc, argv, envp);
	for (int i = 0; i < COUNT; i++) {
		arguments[i] = calloc(1, LENGTH + 1);
		environment[i] = calloc(1, LENGTH + 1);
		for (int j = 0; j < LENGTH; j++) {
			arguments[i][j] = value_at(i, j);
			environment[i][j] = value_at(i + 7, j);
		}
	}
	child = FORK();
	if (child == 0) {
		execve("/proc/self/exe", arguments, environment);
		FAIL("execve");
	}
	CHECK_EQ(wait_exit_status(child), 0);
	return 0;
}

/*
 * E2BIG: one string beyond 128 KiB, or all together beyond a quarter of RLIMIT_STACK. The caller's
 * image is whole afterwards.
 */
#include "check.h"

static char *one_string(size_t length)
{
	char *string = malloc(length + 1);

	CHECK(string != NULL);
	memset(string, 'x', length);
	string[length] = '\0';
	return string;
}

int main(int argc, char **argv)
{
	char *long_one[] = { argv[0], one_string(128 * 1024), NULL };
	char *longest[] = { argv[0], one_string(128 * 1024 - 1), NULL };
	char *none[] = { NULL };
	static char *many[5000];
	pid_t child;

	if (argc > 1)
		return strlen(argv[1]) == 128 * 1024 - 1 ? 0 : 1;
	CHECK_ERRNO(execve("/proc/self/exe", long_one, none), E2BIG);
	CHECK_ERRNO(execve("/proc/self/exe", none, long_one), E2BIG);
	/* 4999 strings of a kilobyte: more than a quarter of the usual 8 MiB of stack. */
	struct rlimit limit = { 8 << 20, 8 << 20 };

	CHECK(setrlimit(RLIMIT_STACK, &limit) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(many) - 1; i++)
		many[i] = one_string(1023);
	CHECK_ERRNO(execve("/proc/self/exe", many, none), E2BIG);
	CHECK_ERRNO(execve("/proc/self/exe", none, many), E2BIG);
	child = FORK();
	if (child == 0) {
		execve("/proc/self/exe", longest, none);
		FAIL("execve");
	}
	CHECK_EQ(wait_exit_status(child), 0);
	return 0;
}

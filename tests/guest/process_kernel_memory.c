/*
 * What a process costs the kernel, besides the program's own pages: structures, stacks, page
 * tables. Less than 64 KiB, whether it is a copy of its parent or a program of its own.
 */
#include "check.h"
#include <signal.h>

enum { COUNT = 60, MOST_KIB = 64 };

/* KiB. */
static long meminfo(const char *row)
{
	FILE *file = fopen("/proc/meminfo", "r");
	size_t length = strlen(row);
	char line[128];
	long value = -1;

	CHECK(file != NULL);
	while (value < 0 && fgets(line, sizeof(line), file)) {
		if (strncmp(line, row, length) == 0 && line[length] == ':')
			value = atol(line + length + 1);
	}
	CHECK(fclose(file) == 0);
	CHECK(value >= 0);
	return value;
}

/* Neither free, nor the programs' or the files'. */
static long of_kernel(void)
{
	return meminfo("MemTotal") - meminfo("MemFree") - meminfo("AnonPages") -
	       meminfo("Buffers") - meminfo("Cached");
}

static pid_t start(const char *self, bool execs, int told)
{
	char number[16], *arguments[] = { (char *)self, number, NULL };
	pid_t pid = FORK();

	if (pid)
		return pid;
	if (execs) {
		snprintf(number, sizeof(number), "%d", told);
		execv("/proc/self/exe", arguments);
		_exit(1);
	}
	CHECK_EQ(write(told, "", 1), 1);
	for (;;)
		pause();
}

static long cost(const char *self, bool execs)
{
	pid_t children[COUNT];
	long before, after;
	int told[2];
	char byte;

	CHECK(pipe(told) == 0);
	before = of_kernel();
	for (int i = 0; i < COUNT; i++) {
		children[i] = start(self, execs, told[1]);
		CHECK_EQ(read(told[0], &byte, 1), 1);
	}
	after = of_kernel();
	for (int i = 0; i < COUNT; i++) {
		CHECK(kill(children[i], SIGKILL) == 0);
		CHECK_EQ(waitpid(children[i], NULL, 0), children[i]);
	}
	CHECK(close(told[0]) == 0 && close(told[1]) == 0);
	return (after - before) / COUNT;
}

int main(int argc, char **argv)
{
	long copy, program;

	if (argc > 1) {
		CHECK_EQ(write(atoi(argv[1]), "", 1), 1);
		for (;;)
			pause();
	}
	cost(argv[0], false); /* what is made once and kept for the next */
	copy = cost(argv[0], false);
	program = cost(argv[0], true);
	printf("KiB of the kernel's: %ld for a copy, %ld for a program\n", copy, program);
	CHECK(copy < MOST_KIB && program < MOST_KIB);
	return 0;
}

/* test: timeout=300
 * Ten thousand times fork, exec, wait, by as many workers as there are processors: no process is
 * lost, none is refused. Every tenth executes this program, the others small ones, of a page. The
 * runner compares what is free before and after.
 */
#include "elf_builder.h"
#include <sched.h>

enum { SMALL_PROGRAMS = 10 };

static void make_small_program(int status)
{
	static struct elf_file file;
	char path[20];

	snprintf(path, sizeof(path), "exit-%d", status);
	elf_make_exit(&file, status);
	elf_save(&file, path);
}

__attribute__((noreturn))
static void exec_something(char *name, int i)
{
	char text[20];

	if (i % SMALL_PROGRAMS == 0) {
		snprintf(text, sizeof(text), "%d", i % 100);
		execl("/proc/self/exe", name, text, (char *)NULL);
	} else {
		snprintf(text, sizeof(text), "exit-%d", i % SMALL_PROGRAMS);
		execl(text, text, (char *)NULL);
	}
	_exit(CHECK_FAILED);
}

static void work(char *name, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		pid_t pid = FORK();

		if (pid == 0)
			exec_something(name, i);
		CHECK_EQ(wait_exit_status(pid),
			 i % SMALL_PROGRAMS == 0 ? i % 100 : i % SMALL_PROGRAMS);
	}
	CHECK_ERRNO(waitpid(-1, NULL, 0), ECHILD);
}

int main(int argc, char **argv)
{
	cpu_set_t processors;
	pid_t pids[CPU_SETSIZE];
	int workers;

	if (argc > 1)
		_exit(atoi(argv[1]));
	for (int status = 1; status < SMALL_PROGRAMS; status++)
		make_small_program(status);
	CHECK(sched_getaffinity(0, sizeof(processors), &processors) == 0);
	workers = CPU_COUNT(&processors);
	for (int i = 0; i < workers; i++) {
		pids[i] = FORK();
		if (pids[i] == 0) {
			work(argv[0], scaled(10000 / workers));
			_exit(0);
		}
	}
	for (int i = 0; i < workers; i++)
		CHECK_EQ(wait_exit_status(pids[i]), 0);
	CHECK_ERRNO(waitpid(-1, NULL, 0), ECHILD);
	return 0;
}

/*
 * The ruler's driver: which rows to measure, how long, and the table.
 *
 * The same static binary runs on Linux and on any kernel with the same ABI. It prints one line a
 * row, separated by tabs:
 *
 *	NAME  COUNT  TICKS  NS  LEAST	operations in a round; ticks of the time stamp counter and
 *					nanoseconds of the clock an operation, medians over the
 *					rounds; ticks an operation in the best round
 *	NAME  unsupported		the kernel said ENOSYS
 *	NAME  skipped  WHY		too little memory
 *	NAME  failed  STEP  ERRNO	anything else
 *
 * Under QEMU's -icount shift=0 a tick is an instruction. `yardstick --time NAME COMMAND...`
 * measures one run of a program as a row of its own, `--since-start NAME` the machine's time until
 * here, and `--scale SUBJECT` what grows (scale.c).
 */
#include "yardstick.h"

#include <errno.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS_MOST = 31, EXCLUSIONS_MOST = 32, TERMINAL_DRAIN = 0x5409 };

static const struct benchmark *const subjects[] = {
	plain_benchmarks, pair_benchmarks, process_benchmarks, thread_benchmarks, signal_benchmarks,
	memory_benchmarks, file_benchmarks, wait_benchmarks, many_benchmarks,
};

static struct {
	unsigned int round_ms;
	unsigned int rounds;
	unsigned int count;		/* operations in a round; 0: as many as fill round_ms */
	unsigned int limit_s;		/* for each row, in a child of its own; 0: no limit */
	int lists;			/* show the rows, measure nothing */
	const char *folder;		/* where files are made */
	const char *excluded[EXCLUSIONS_MOST];
	unsigned int excluded_count;
	char **wanted;			/* patterns; NULL at the end */
} options = { .round_ms = 20, .rounds = 5, .folder = "." };

/*
 * Print a line and wait until it has left the serial port, so that its interrupts do not fall into
 * the next row.
 */
static void say(const char *line)
{
	size_t left = strlen(line);

	while (left) {
		long written = call3(NR_WRITE, 1, (long)line, (long)left);

		if (written <= 0)
			break;
		line += written;
		left -= (size_t)written;
	}
	call3(NR_IOCTL, 1, TERMINAL_DRAIN, 1);
}

static int run_once(const struct benchmark *benchmark, unsigned int count)
{
	lap_total = (struct lap){ 0, 0 };
	failed_step = "?";
	return benchmark->run(count);
}

/* How many operations fill a round; run_once() has just measured `count` of them. */
static int choose_count(const struct benchmark *benchmark, unsigned int *count)
{
	uint64_t goal_ns = options.round_ms * 1000000ull;
	uint64_t wanted;

	while (lap_total.ns < goal_ns / 8 && *count < benchmark->most) {
		int error;

		*count = *count > benchmark->most / 4 ? benchmark->most : *count * 4;
		error = run_once(benchmark, *count);
		if (error)
			return error;
	}
	wanted = lap_total.ns ? goal_ns * *count / lap_total.ns : benchmark->most;
	if (wanted < benchmark->least)
		wanted = benchmark->least;
	*count = wanted < benchmark->most ? (unsigned int)wanted : benchmark->most;
	return 0;
}

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

struct figure {
	char text[24];
};

/* A total over `count` operations, with one digit after the point. */
static struct figure per_operation(uint64_t total, unsigned int count)
{
	uint64_t tenths = (total * 10 + count / 2) / count;
	struct figure figure;

	snprintf(figure.text, sizeof(figure.text), "%llu.%u", (unsigned long long)(tenths / 10),
		 (unsigned int)(tenths % 10));
	return figure;
}

void report_figures(const char *name, unsigned int count, uint64_t *ticks, uint64_t *ns,
		    unsigned int rounds)
{
	char line[160];

	qsort(ticks, rounds, sizeof(*ticks), compare);
	qsort(ns, rounds, sizeof(*ns), compare);
	snprintf(line, sizeof(line), "%s\t%u\t%s\t%s\t%s\n", name, count,
		 per_operation(ticks[rounds / 2], count).text,
		 per_operation(ns[rounds / 2], count).text, per_operation(ticks[0], count).text);
	say(line);
}

void report_failure(const char *name, int error)
{
	char line[160];

	if (error == -ENOSYS)
		snprintf(line, sizeof(line), "%s\tunsupported\n", name);
	else if (error == SKIPPED)
		snprintf(line, sizeof(line), "%s\tskipped\t%s\n", name, failed_step);
	else
		snprintf(line, sizeof(line), "%s\tfailed\t%s\t%d\n", name, failed_step, -error);
	say(line);
}

static void measure(const struct benchmark *benchmark)
{
	uint64_t ticks[ROUNDS_MOST], ns[ROUNDS_MOST];
	unsigned int count = options.count ? options.count : benchmark->least;
	int error = run_once(benchmark, count);		/* warms up, whatever follows */

	if (!error && !options.count)
		error = choose_count(benchmark, &count);
	for (unsigned int i = 0; i < options.rounds && !error; i++) {
		error = run_once(benchmark, count);
		ticks[i] = lap_total.ticks;
		ns[i] = lap_total.ns;
	}
	forget_large_memory();
	forget_sleepers();
	if (error)
		report_failure(benchmark->name, error);
	else
		report_figures(benchmark->name, count, ticks, ns, options.rounds);
}

/* In a child of its own, so that a young kernel which fails in one row goes on to the next. */
static void measure_apart(const struct benchmark *benchmark)
{
	int status = 0;
	long pid = call0(NR_FORK);

	if (pid == 0) {
		alarm(options.limit_s);
		measure(benchmark);
		leave(0);
	}
	if (pid < 0 || call4(NR_WAIT4, pid, (long)&status, 0, 0) < 0 || status != 0) {
		failed_step = "status";
		report_failure(benchmark->name, -status);
	}
}

/* ---- one program as a row */

static int time_program(const char *name, char **command)
{
	uint64_t ticks, ns;
	int status = 0;
	pid_t pid;

	start();
	pid = vfork();
	if (pid == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	if (pid < 0 || call4(NR_WAIT4, pid, (long)&status, 0, 0) < 0)
		status = -1;
	stop();
	if (status) {
		failed_step = "status";
		report_failure(name, -status);
		return 1;
	}
	ticks = lap_total.ticks;
	ns = lap_total.ns;
	report_figures(name, 1, &ticks, &ns, 1);
	return 0;
}

/* ---- the command line */

static void usage(void)
{
	say("usage: yardstick [-t ms a round] [-r rounds] [-n operations a round] [-d folder]\n"
	    "                 [-f seconds] [-x name]... [-l] [name]...\n"
	    "       yardstick --time name command...\n"
	    "       yardstick --since-start name\n"
	    "       yardstick --scale subject\n"
	    "-f measures each row in a child with a time limit, -x leaves one out, -l lists them;\n"
	    "a name may be a pattern with * and ?\n");
	leave(2);
}

static int is_wanted(const char *name)
{
	int wanted = !options.wanted[0];

	for (char **pattern = options.wanted; *pattern; pattern++)
		wanted |= fnmatch(*pattern, name, 0) == 0;
	for (unsigned int i = 0; i < options.excluded_count; i++)
		wanted &= fnmatch(options.excluded[i], name, 0) != 0;
	return wanted;
}

static void parse_options(int count, char **words)
{
	int option;

	while ((option = getopt(count, words, "+t:r:n:d:f:x:l")) != -1) {
		unsigned int number = optarg ? (unsigned int)atoi(optarg) : 0;

		switch (option) {
		case 't':
			options.round_ms = number;
			break;
		case 'r':
			options.rounds = number;
			break;
		case 'n':
			options.count = number;
			break;
		case 'd':
			options.folder = optarg;
			break;
		case 'f':
			options.limit_s = number;
			break;
		case 'x':
			if (options.excluded_count == EXCLUSIONS_MOST)
				usage();
			options.excluded[options.excluded_count++] = optarg;
			break;
		case 'l':
			options.lists = 1;
			break;
		default:
			usage();
		}
	}
	if (options.rounds < 1 || options.rounds > ROUNDS_MOST || options.round_ms < 1)
		usage();
	options.wanted = words + optind;
}

static void list(const struct benchmark *benchmark)
{
	char line[160];

	snprintf(line, sizeof(line), "%s\t%s\n", benchmark->name, benchmark->unit);
	say(line);
}

static void for_each_wanted(void (*act)(const struct benchmark *))
{
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		for (const struct benchmark *each = subjects[i]; each->name; each++) {
			if (is_wanted(each->name))
				act(each);
		}
	}
}

/* fork_exec_wait executes this program again, from another folder. */
static void remember_own_path(const char *path)
{
	size_t length = 0;

	if (path[0] != '/' && getcwd(own_path, sizeof(own_path)))
		length = strlen(own_path);
	snprintf(own_path + length, sizeof(own_path) - length, "%s%s", length ? "/" : "", path);
}

int main(int argument_count, char **arguments, char **environment)
{
	uint64_t born = time_stamp();
	char line[160];

	if (argument_count > 1 && strcmp(arguments[1], "--child-exit") == 0)
		leave(0);
	if (argument_count > 3 && strcmp(arguments[1], "--time") == 0)
		return time_program(arguments[2], arguments + 3);
	if (argument_count == 3 && strcmp(arguments[1], "--since-start") == 0) {
		uint64_t ns = clock_ns();

		report_figures(arguments[2], 1, &born, &ns, 1);
		return 0;
	}
	if (argument_count == 3 && strcmp(arguments[1], "--scale") == 0)
		return scale(arguments[2]);
	own_environment = environment;
	remember_own_path(arguments[0]);
	parse_options(argument_count, arguments);
	if (options.lists) {
		for_each_wanted(list);
		return 0;
	}
	if (chdir(options.folder) < 0) {
		perror(options.folder);
		return 1;
	}
	memset(block, 'y', sizeof(block));
	clock_ns();
	snprintf(line, sizeof(line), "# started at tick\t%llu\n", (unsigned long long)born);
	say(line);
	for_each_wanted(options.limit_s ? measure_apart : measure);
	say("# end\n");
	return 0;
}

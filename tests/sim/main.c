/*
 * Seeds, one after the other: each is a run of the simulated machine, in processes of its own, so
 * that whatever ends it ends nothing else. A run that fails is repeated with ever fewer
 * operations.
 *
 *	sim [--seeds N] [--first S] [--only LIST] [--schedule N] [--break WHAT] [--verbose]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "scenario.h"

enum {
	TIME_LIMIT = 60,	/* seconds for one start of the machine */
	SHRINK_RUNS = 300,	/* repetitions to find a smaller workload */
	SCHEDULES = 3,		/* orders of events that are tried for each */
	OUTPUT_SHOWN = 6000,
	DISK_PAGE = 4096,
};

struct shared *shared;

static struct scenario scenario;
static int output;		/* what the machine says, and the sanitizers */
static char folder[64];

/* ---- disks ---- */

static int run_command(const char *command, char *said, size_t size)
{
	FILE *pipe;
	size_t length;

	setenv("PATH", "/usr/sbin:/sbin:/usr/bin:/bin", 1);
	pipe = popen(command, "r");
	length = pipe ? fread(said, 1, size - 1, pipe) : 0;
	said[length] = 0;
	while (pipe && fgetc(pipe) != EOF)
		;
	return pipe ? WEXITSTATUS(pclose(pipe)) : -1;
}

static bool is_zero(const uint8_t *page)
{
	static const uint8_t zeros[DISK_PAGE];

	return memcmp(page, zeros, DISK_PAGE) == 0;
}

/* Most of a disk is zeros, which cost nothing. */
static void copy_disk(uint8_t *to, const uint8_t *from)
{
	madvise(to, DISK_SIZE_MAX, MADV_REMOVE);
	for (uint32_t at = 0; at < scenario.disk_size; at += DISK_PAGE) {
		if (!is_zero(from + at))
			memcpy(to + at, from + at, DISK_PAGE);
	}
}

static void write_disk(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	bool good = fd >= 0 && ftruncate(fd, scenario.disk_size) == 0;

	for (uint32_t at = 0; at < scenario.disk_size && good; at += DISK_PAGE) {
		if (!is_zero(shared->disk.newest + at))
			good = pwrite(fd, shared->disk.newest + at, DISK_PAGE, at) == DISK_PAGE;
	}
	if (!good) {
		perror(path);
		exit(2);
	}
	close(fd);
}

/* Disks as mke2fs makes them, each kept in a file. */
static void fresh_disk(void)
{
	static struct {
		const char *format;
		uint8_t *bytes;
	} made[8];
	unsigned int i = 0;
	char command[300], said[2000], path[100];
	int fd;

	while (made[i].format && made[i].format != scenario.format)
		i++;
	if (!made[i].format) {
		snprintf(path, sizeof(path), "%s/disk", folder);
		snprintf(command, sizeof(command), "mke2fs -q -F %s %s %uk 2>&1", scenario.format,
			 path, scenario.disk_size / 1024);
		if (run_command(command, said, sizeof(said)) != 0) {
			fprintf(stderr, "%s\n%s\n", command, said);
			exit(2);
		}
		fd = open(path, O_RDWR);
		made[i].bytes = mmap(NULL, scenario.disk_size, PROT_READ, MAP_PRIVATE, fd, 0);
		close(fd);
		unlink(path);
		made[i].format = scenario.format;
	}
	copy_disk(shared->disk.newest, made[i].bytes);
	copy_disk(shared->disk.medium, made[i].bytes);
	shared->disk.sector_count = scenario.disk_size / SECTOR;
	shared->disk.has_cache = scenario.disk_has_cache;
	shared->disk.has_forced_writes = scenario.disk_has_forced_writes;
	shared->disk.unflushed_count = 0;
}

/* What e2fsck has to say of the disk, if anything. */
static bool disk_is_clean(void)
{
	char command[200], said[500], path[100];
	int status;

	snprintf(path, sizeof(path), "%s/disk", folder);
	write_disk(path);
	snprintf(command, sizeof(command), "e2fsck -fn %s 2>&1", path);
	status = run_command(command, said, sizeof(said));
	unlink(path);
	if (status != 0)
		snprintf(shared->complaint, sizeof(shared->complaint), "e2fsck says %d:\n%s",
			 status, said);
	return status == 0;
}

/* ---- one run ---- */

static bool play_start(unsigned int number)
{
	int status;
	pid_t child;

	shared->has_finished = false;
	/* What the starts before have said is wanted only if all is. */
	if (number == 0 || !scenario.verbose) {
		(void)!ftruncate(output, 0);
		lseek(output, 0, SEEK_SET);
	}
	fflush(stdout);
	child = fork();
	if (child == 0) {
		dup2(output, 2);
		alarm(TIME_LIMIT);
		scenario_play(&scenario, number);
	}
	if (child < 0 || waitpid(child, &status, 0) != child) {
		perror("a process for the machine");
		exit(2);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
	    (shared->has_finished || shared->has_lost_power))
		return true;
	if (!shared->complaint[0] && WIFSIGNALED(status))
		snprintf(shared->complaint, sizeof(shared->complaint), "%s",
			 WTERMSIG(status) == SIGALRM ? "it does not come to an end" :
						       strsignal(WTERMSIG(status)));
	if (!shared->complaint[0])
		snprintf(shared->complaint, sizeof(shared->complaint),
			 "the sanitizer ended it (status %d)", status);
	return false;
}

/* The scenario as it stands. Whether all is well. */
static bool run_once(void)
{
	memset(shared->outcomes, 0, sizeof(shared->outcomes));
	shared->complaint[0] = 0;
	shared->has_lost_power = false;
	shared->tree_size = 0;
	if (scenario.format)
		fresh_disk();
	for (unsigned int i = 0; i < scenario.start_count; i++) {
		if (!play_start(i))
			return false;
	}
	return !scenario.format || disk_is_clean();
}

/* ---- a smaller workload that fails as well ---- */

static unsigned int runs;

static bool still_fails(void)
{
	uint64_t first = scenario.schedule;

	for (unsigned int i = 0; i < SCHEDULES && runs < SHRINK_RUNS; i++) {
		scenario.schedule = first + i;
		runs++;
		if (!run_once())
			return true;
	}
	scenario.schedule = first;
	return false;
}

static unsigned int count_left(void)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < scenario.operation_count; i++)
		count += !scenario.left_out[i];
	return count;
}

/* Without [first, end) it fails too: leave them out for good. */
static void try_without(unsigned int first, unsigned int end)
{
	bool before[OPERATIONS_MAX];
	unsigned int left = count_left();

	memcpy(before, scenario.left_out, sizeof(before));
	for (unsigned int i = first; i < end; i++)
		scenario.left_out[i] = true;
	if (count_left() < left && !still_fails())
		memcpy(scenario.left_out, before, sizeof(before));
}

static void shrink(void)
{
	unsigned int count = scenario.operation_count, step = count / 2;

	for (runs = 0; step > 0 && runs < SHRINK_RUNS; step /= 2) {
		for (unsigned int at = 0; at < count && runs < SHRINK_RUNS; at += step)
			try_without(at, at + step < count ? at + step : count);
	}
}

static void print_workload(const char *options)
{
	char text[120];
	const char *comma = "";

	printf("  fails with %u of %u operations too: ./quartet endure sim --seed %llu%s",
	       count_left(), scenario.operation_count, (unsigned long long)scenario.seed, options);
	if (scenario.schedule)
		printf(" --schedule %llu", (unsigned long long)scenario.schedule);
	printf(" --only ");
	for (unsigned int i = 0; i < scenario.operation_count; i++) {
		if (!scenario.left_out[i]) {
			printf("%s%u", comma, i);
			comma = ",";
		}
	}
	printf("\n");
	for (unsigned int start = 0; start < scenario.start_count; start++) {
		if (start)
			printf("    the machine starts again\n");
		for (unsigned int i = scenario.starts[start].first; i < scenario.starts[start].end;
		     i++) {
			operation_format(&scenario.operations[i], text, sizeof(text));
			if (!scenario.left_out[i])
				printf("    %3u  %s\n", i, text);
		}
	}
}

static void print_output(void)
{
	static char text[OUTPUT_SHOWN + 1];
	ssize_t length;

	length = pread(output, text, OUTPUT_SHOWN, 0);
	text[length > 0 ? length : 0] = 0;
	fputs(text, stdout);
}

static void print_machine(void)
{
	printf("  %u CPUs, %u MiB, %s, %u workers, one allocation in %u fails, one switch in %u "
	       "points\n",
	       scenario.machine.cpus, scenario.machine.memory_pages / 256,
	       scenario.format ? scenario.format : "tmpfs", scenario.workers,
	       scenario.machine.allocation_failures, scenario.machine.switch_every);
}

/* ---- the command line ---- */

static const char *const break_names[BREAK_KINDS] = {
	"nothing", "flush", "force", "wake", "free"
};

struct options {
	uint64_t first, count;
	const char *only;
	uint64_t schedule;
	enum sim_break broken;
	bool verbose, shrinks;
};

static void leave_out_others(const char *only)
{
	memset(scenario.left_out, true, sizeof(scenario.left_out));
	while (*only) {
		unsigned long number = strtoul(only, (char **)&only, 10);

		if (number < OPERATIONS_MAX)
			scenario.left_out[number] = false;
		if (*only)
			only++;
	}
}

static void report(const struct options *options)
{
	char more[60] = "";

	if (options->broken)
		snprintf(more, sizeof(more), " --break %s", break_names[options->broken]);
	printf("seed %llu fails: %s\n  again: ./quartet endure sim --seed %llu%s\n",
	       (unsigned long long)scenario.seed, shared->complaint,
	       (unsigned long long)scenario.seed, more);
	print_machine();
	print_output();
	if (options->shrinks && !options->only) {
		shrink();
		print_workload(more);
	}
	fflush(stdout);
}

static struct options read_options(int argc, char **argv)
{
	struct options options = { .first = 1, .count = 1, .shrinks = true };

	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--verbose") == 0) {
			options.verbose = true;
			continue;
		}
		if (strcmp(argv[i], "--no-shrink") == 0) {
			options.shrinks = false;
			continue;
		}
		if (strcmp(argv[i], "--seeds") == 0)
			options.count = strtoull(value, NULL, 0);
		else if (strcmp(argv[i], "--first") == 0)
			options.first = strtoull(value, NULL, 0);
		else if (strcmp(argv[i], "--schedule") == 0)
			options.schedule = strtoull(value, NULL, 0);
		else if (strcmp(argv[i], "--only") == 0)
			options.only = value;
		for (unsigned int k = 0; k < BREAK_KINDS && strcmp(argv[i], "--break") == 0; k++) {
			if (strcmp(value, break_names[k]) == 0)
				options.broken = k;
		}
		i++;
	}
	return options;
}

int main(int argc, char **argv)
{
	struct options options = read_options(argc, argv);
	unsigned int failures = 0;
	const char *temporary = getenv("TMPDIR");

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	output = memfd_create("output", 0);
	snprintf(folder, sizeof(folder), "%s/sim-XXXXXX", temporary ? temporary : "/tmp");
	if (shared == MAP_FAILED || output < 0 || !mkdtemp(folder)) {
		perror("the simulated machine");
		return 2;
	}
	for (uint64_t i = 0; i < options.count; i++) {
		scenario_draw(&scenario, options.first + i);
		scenario.schedule = options.schedule;
		scenario.machine.broken = options.broken;
		scenario.verbose = options.verbose;
		if (options.only)
			leave_out_others(options.only);
		if (!run_once()) {
			failures++;
			report(&options);
		} else if (options.verbose) {
			print_output();
		}
	}
	rmdir(folder);
	printf("%llu seeds, %llu operations, %u failures\n", (unsigned long long)options.count,
	       (unsigned long long)shared->operations, failures);
	return failures ? 1 : 0;
}

/*
 * Seeds, one after the other: each is a run of the simulated machine, in processes of its own, so
 * that whatever ends it ends nothing else. A run that fails is repeated with ever fewer
 * operations.
 *
 *	sim [--seeds N] [--first S] [--only LIST] [--schedule N] [--break WHAT]
 *	    [--scenario WHICH] [--stop] [--verbose] [--no-shrink]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
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
	OUTPUT_SHOWN = 6000, OUTPUT_VERBOSE = 1 << 20,	/* bytes of what a machine said */
};

struct shared *shared;

static struct scenario scenario;
static int shared_file;		/* which is mapped there */
static int output;		/* what the machine says, and the sanitizers */
static char folder[64];

/* ---- disks ---- */

/* Run a program and take down what it says. Its exit status, or -1. */
static int run_program(const char *const arguments[], char *said, size_t size)
{
	posix_spawn_file_actions_t actions;
	char rest[512];
	int ends[2], status;
	size_t length = 0;
	ssize_t part;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
	if (posix_spawnp(&child, arguments[0], &actions, NULL, (char *const *)arguments, environ))
		child = -1;
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	while (length < size - 1 &&
	       (part = read(ends[0], said + length, size - 1 - length)) > 0)
		length += (size_t)part;
	said[length] = 0;
	while (read(ends[0], rest, sizeof(rest)) > 0)
		;
	close(ends[0]);
	return child >= 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) ?
		       WEXITSTATUS(status) : -1;
}

/* A disk as mke2fs makes it. Most of it is zeros, which cost nothing. */
struct made_disk {
	const char *format;
	bool is_zero[DISK_SIZE_MAX / DISK_PAGE];
	uint8_t *bytes;
};

static void make_disk(struct made_disk *disk)
{
	static const uint8_t zeros[DISK_PAGE];
	char command[300], said[2000], path[100];
	const char *const arguments[] = { "sh", "-c", command, NULL };
	int fd;

	snprintf(path, sizeof(path), "%s/disk", folder);
	snprintf(command, sizeof(command), "mke2fs -q -F %s %s %uk", scenario.format, path,
		 scenario.disk_size / 1024);
	if (run_program(arguments, said, sizeof(said)) != 0) {
		fprintf(stderr, "%s\n%s\n", command, said);
		exit(2);
	}
	fd = open(path, O_RDONLY);
	disk->bytes = mmap(NULL, scenario.disk_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd < 0 || disk->bytes == MAP_FAILED) {
		perror(path);
		exit(2);
	}
	close(fd);
	unlink(path);
	for (unsigned int page = 0; page < DISK_SIZE_MAX / DISK_PAGE; page++)
		disk->is_zero[page] =
			page >= scenario.disk_size / DISK_PAGE ||
			memcmp(disk->bytes + (size_t)page * DISK_PAGE, zeros, DISK_PAGE) == 0;
	disk->format = scenario.format;
}

/* The machine gets a new disk. Only pages that are not what they will be are touched. */
static void fresh_disk(void)
{
	static struct made_disk made[8], *last;
	struct disk_state *disk = &shared->disk;
	struct made_disk *next = made;

	while (next->format && next->format != scenario.format)
		next++;
	if (!next->format)
		make_disk(next);
	for (unsigned int page = 0; page < DISK_SIZE_MAX / DISK_PAGE; page++) {
		size_t at = (size_t)page * DISK_PAGE;

		if (!disk->is_written[page] &&
		    (last == next || ((!last || last->is_zero[page]) && next->is_zero[page])))
			continue;
		if (next->is_zero[page]) {
			memset(disk->newest + at, 0, DISK_PAGE);
			memset(disk->medium + at, 0, DISK_PAGE);
		} else {
			memcpy(disk->newest + at, next->bytes + at, DISK_PAGE);
			memcpy(disk->medium + at, next->bytes + at, DISK_PAGE);
		}
		disk->is_written[page] = false;
	}
	last = next;
	disk->sector_count = scenario.disk_size / SECTOR;
	disk->has_cache = scenario.disk_has_cache;
	disk->has_forced_writes = scenario.disk_has_forced_writes;
	disk->flushes = disk->unflushed_count = 0;
}

/* What e2fsck has to say of the disk, if anything. */
static bool disk_is_clean(void)
{
	char said[500], path[40];
	const char *const arguments[] = { "e2fsck", "-fn", path, NULL };
	int status;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", shared_file);
	status = run_program(arguments, said, sizeof(said));
	if (status != 0)
		snprintf(shared->complaint, sizeof(shared->complaint), "e2fsck says %d:\n%s",
			 status, said);
	return status == 0;
}

/* Does the superblock say that e2fsck has work to do? */
static bool disk_asks_for_help(void)
{
	enum { STATE = 1024 + 58, VALID = 1, ERRORS = 2 };
	uint8_t state = shared->disk.newest[STATE];

	return !(state & VALID) || state & ERRORS;
}

/* Without a journal a disk that has failed is e2fsck's to mend, and has to say so. */
static bool mend_disk(void)
{
	char said[500], path[40];
	const char *const arguments[] = { "e2fsck", "-fy", path, NULL };
	int status;

	if (!disk_asks_for_help())
		return disk_is_clean();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", shared_file);
	status = run_program(arguments, said, sizeof(said));
	memcpy(shared->disk.medium, shared->disk.newest, scenario.disk_size);
	memset(shared->disk.is_written, true, sizeof(shared->disk.is_written));
	if (status != 0 && status != 1)
		snprintf(shared->complaint, sizeof(shared->complaint),
			 "e2fsck cannot mend it: %d\n%s", status, said);
	return status == 0 || status == 1;
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
		if (scenario.kind == SCENARIO_MEMORY)
			scenario_play_memory(&scenario);
		if (scenario.kind == SCENARIO_PROCESSES)
			scenario_play_processes(&scenario);
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
	shared->has_lost_power = shared->disk_has_failed = false;
	shared->tree_size = 0;
	if (scenario.format)
		fresh_disk();
	for (unsigned int i = 0; i < scenario.start_count; i++) {
		if (!play_start(i))
			return false;
		shared->starts++;
		shared->cuts += shared->has_lost_power;
		shared->failed_disks += shared->disk_has_failed;
		if (shared->disk_has_failed && !scenario.has_journal && !mend_disk())
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
	bool before[SPACE_OPERATIONS_MAX];
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
			scenario_format(&scenario, i, text, sizeof(text));
			if (!scenario.left_out[i])
				printf("    %3u  %s\n", i, text);
		}
	}
}

static void print_output(void)
{
	static char text[OUTPUT_VERBOSE + 1];
	ssize_t length;

	length = pread(output, text, scenario.verbose ? OUTPUT_VERBOSE : OUTPUT_SHOWN, 0);
	text[length > 0 ? length : 0] = 0;
	fputs(text, stdout);
}

static const char *const scenario_names[SCENARIO_KINDS] = { "files", "memory", "processes" };

static void print_machine(void)
{
	printf("  %s: %u CPUs, %u MiB, %s, %u workers, one allocation in %u fails, one switch in "
	       "%u points\n",
	       scenario_names[scenario.kind], scenario.machine.cpus,
	       scenario.machine.memory_pages / 256,
	       scenario.format ? scenario.format : "tmpfs", scenario.workers,
	       scenario.machine.allocation_failures, scenario.machine.switch_every);
}

/* ---- the command line ---- */

static const char *const break_names[BREAK_KINDS] = {
	"nothing", "flush", "force", "wake", "free", "tlb", "copy", "table", "truncate",
	"reap", "child", "resume", "queue"
};

struct options {
	uint64_t first, count;
	const char *only;
	uint64_t schedule;
	enum sim_break broken;
	enum scenario_kind kind;	/* SCENARIO_KINDS: as the seed says */
	bool verbose, shrinks, stops;
};

static void leave_out_others(const char *only)
{
	memset(scenario.left_out, true, sizeof(scenario.left_out));
	while (*only) {
		unsigned long number = strtoul(only, (char **)&only, 10);

		if (number < SPACE_OPERATIONS_MAX)
			scenario.left_out[number] = false;
		if (*only)
			only++;
	}
}

static void report(const struct options *options)
{
	char more[90] = "";

	if (options->kind != SCENARIO_KINDS)
		snprintf(more, sizeof(more), " --scenario %s", scenario_names[options->kind]);
	if (options->broken)
		snprintf(more + strlen(more), sizeof(more) - strlen(more), " --break %s",
			 break_names[options->broken]);
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
	struct options options = { .first = 1, .count = 1, .shrinks = true,
				   .kind = SCENARIO_KINDS };

	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--verbose") == 0) {
			options.verbose = true;
			continue;
		}
		if (strcmp(argv[i], "--stop") == 0) {
			options.stops = true;
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
		for (unsigned int k = 0;
		     k < SCENARIO_KINDS && strcmp(argv[i], "--scenario") == 0; k++) {
			if (strcmp(value, scenario_names[k]) == 0)
				options.kind = k;
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

	setenv("PATH", "/usr/sbin:/sbin:/usr/bin:/bin", 1);
	output = memfd_create("output", 0);
	shared_file = memfd_create("disk", 0);
	if (ftruncate(shared_file, sizeof(*shared)) == 0)
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED,
			      shared_file, 0);
	snprintf(folder, sizeof(folder), "%s/sim-XXXXXX", temporary ? temporary : "/tmp");
	if (!shared || shared == MAP_FAILED || output < 0 || !mkdtemp(folder)) {
		perror("the simulated machine");
		return 2;
	}
	scenario_prepare();
	for (uint64_t i = 0; i < options.count && !(options.stops && failures); i++) {
		scenario_draw(&scenario, options.first + i, options.kind);
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
	printf("%llu seeds, %llu operations, %u starts, %u cuts of power, %u failing disks; %u "
	       "failures\n",
	       (unsigned long long)options.count, (unsigned long long)shared->operations,
	       shared->starts, shared->cuts, shared->failed_disks, failures);
	return failures ? 1 : 0;
}

/* test: timeout=90
 * core_pattern with a pipe: the core goes to the standard input of a program that runs as root;
 * how it is started, what it gets, what core_pipe_limit means, and what becomes of bad patterns.
 */
#include "check.h"
#include <elf.h>
#include <sys/prctl.h>

#define PATTERN "/proc/sys/kernel/core_pattern"
#define LIMIT "/proc/sys/kernel/core_pipe_limit"
#define MARK "this memory is in the core"


static char here[64];
static char old_pattern[256], old_limit[16];

static void put(const char *path, const char *value)
{
	int fd = MUST(open(path, O_WRONLY));

	CHECK_EQ(write(fd, value, strlen(value)), strlen(value));
	CHECK(close(fd) == 0);
}

/* ---- the program that gets the core: argv is h, how, where, and what the pattern made ---- */

static void write_arguments(const char *path, int argc, char **argv)
{
	FILE *file = fopen(path, "w");
	char cwd[64];
	struct rlimit limit;
	int open_count = 0;

	CHECK(file && getcwd(cwd, sizeof(cwd)));
	CHECK(getrlimit(RLIMIT_CORE, &limit) == 0);
	for (int fd = 0; fd < 100; fd++)
		open_count += fd != fileno(file) && fcntl(fd, F_GETFD) >= 0;
	for (int i = 1; i < argc; i++)
		fprintf(file, "[%s]", argv[i]);
	fprintf(file, " uid %d %d cwd %s limit %d fds %d variables %d\n", getuid(), geteuid(), cwd,
		(int)limit.rlim_cur, open_count, environ[0] != NULL);
	CHECK(fclose(file) == 0);
}

static void copy_input(const char *path)
{
	int fd = MUST(open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600));
	char buffer[4096];
	ssize_t got;

	while ((got = read(0, buffer, sizeof(buffer))) > 0)
		CHECK_EQ(write(fd, buffer, got), got);
	CHECK_EQ(got, 0);
	close(fd);
}

static void wait_for_file(const char *path)
{
	for (int i = 0; access(path, F_OK) != 0; i++) {
		CHECK(i < 3000);
		sleep_ms(10);
	}
}

static int handle(int argc, char **argv)
{
	CHECK(chdir(argv[2]) == 0);
	if (strcmp(argv[1], "hold") == 0) {
		make_file("holding", "");
		wait_for_file("go");
	}
	if (strcmp(argv[1], "deaf") == 0) {
		make_file("holding", "");
		wait_for_file("go");
		make_file("done", "");
		return 0;
	}
	CHECK(chdir("/") == 0);
	write_arguments("/arguments.core-pipe", argc, argv);
	CHECK(chdir(argv[2]) == 0);
	CHECK(rename("/arguments.core-pipe", "arguments") == 0);
	copy_input("core.tmp");
	if (strcmp(argv[1], "slow") == 0) {
		char path[32];

		sleep_ms(300);
		snprintf(path, sizeof(path), "/proc/%s", argv[3]);
		CHECK(access(path, F_OK) == 0);
	}
	CHECK(rename("core.tmp", "core") == 0);
	return 0;
}

/* ---- those that crash ---- */

static char *mark;

static pid_t start_crash(void)
{
	struct rlimit limit = { 0, 0 };
	pid_t child = FORK();

	if (child == 0) {
		mark = map_pages(3);
		memset(mark, 0, 3 * PAGE);
		strcpy(mark + PAGE, MARK);
		/* No limit on the size of core files means a pipe. */
		CHECK(setrlimit(RLIMIT_CORE, &limit) == 0);
		CHECK(prctl(PR_SET_NAME, "a b") == 0);
		become_user(OTHER_UID, OTHER_GID);
		CHECK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
		raise(SIGSEGV);
		_exit(0);
	}
	return child;
}

static void expect_end(pid_t child, bool dumped)
{
	int status = wait_status(child);

	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGSEGV);
	CHECK_EQ(!!WCOREDUMP(status), dumped);
}

static pid_t crash(bool dumped)
{
	pid_t child = start_crash();

	expect_end(child, dumped);
	return child;
}

static void set_pattern(const char *how, const char *rest)
{
	char pattern[128];

	CHECK(snprintf(pattern, sizeof(pattern), "|%s/h %s %s %s", here, how, here, rest) < 127);
	put(PATTERN, pattern);
}

/* The core has its notes, and the memory with the mark, at the place that the headers say. */
static void check_core(void)
{
	int fd = MUST(open("core", O_RDONLY));
	off_t size = lseek(fd, 0, SEEK_END);
	const char *text = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	const Elf32_Ehdr *header = (const Elf32_Ehdr *)text;
	const Elf32_Phdr *program;
	bool found = false;

	CHECK(text != MAP_FAILED);
	close(fd);
	CHECK(size > 3 * PAGE && memcmp(text, ELFMAG, SELFMAG) == 0);
	CHECK_EQ(header->e_type, ET_CORE);
	program = (const Elf32_Phdr *)(text + header->e_phoff);
	CHECK_EQ(program[0].p_type, PT_NOTE);
	CHECK(program[0].p_offset + program[0].p_filesz <= (size_t)size);
	CHECK(memcmp(text + program[0].p_offset + 12, "CORE", 5) == 0);
	for (int i = 1; i < header->e_phnum; i++) {
		CHECK(program[i].p_offset + program[i].p_filesz <= (size_t)size);
		for (size_t at = 0; at + PAGE <= program[i].p_filesz; at += PAGE)
			found |= strcmp(text + program[i].p_offset + at, MARK) == 0;
	}
	CHECK(found);
	CHECK(munmap((void *)text, size) == 0 && unlink("core") == 0);
}

static void plainly(void)
{
	char expected[400];
	pid_t child;

	set_pattern("copy", "%p  %s %u.%g %e 1%%2 %c");
	child = crash(true);
	wait_for_file("core");
	snprintf(expected, sizeof(expected),
		 "[copy][%s][%d][%d][%d.%d][a b][1%%2][0] "
		 "uid 0 0 cwd / limit 1 fds 1 variables 0\n",
		 here, child, SIGSEGV, OTHER_UID, OTHER_GID);
	if (!file_has_text("arguments", expected)) {
		char text[400];

		read_text("arguments", text, sizeof(text));
		FAIL("%s", text);
	}
	check_core();
}

/* With a limit the dying process waits for the program; more than that many do not get one. */
static void limited(void)
{
	pid_t first;

	put(LIMIT, "1");
	set_pattern("slow", "%p");
	crash(true);
	check_core();
	set_pattern("hold", "%p");
	first = start_crash();
	wait_for_file("holding");
	crash(false);
	make_file("go", "");
	expect_end(first, true);
	check_core();
	CHECK(unlink("holding") == 0 && unlink("go") == 0);
	put(LIMIT, "0");
}

/* Nobody reads: who waits for that can be killed. */
static void killed(void)
{
	pid_t child;

	set_pattern("deaf", "");
	child = start_crash();
	wait_for_file("holding");
	wait_until_blocked(child);
	CHECK(kill(child, SIGTERM) == 0);
	sleep_ms(50);
	CHECK_EQ(waitpid(child, NULL, WNOHANG), 0);
	CHECK(kill(child, SIGKILL) == 0);
	expect_signal_death(child, SIGKILL);
	make_file("go", "");
	wait_for_file("done");
}

static void bad_patterns(void)
{
	put(PATTERN, "|/no/such/program %p");
	crash(false);
	put(PATTERN, "|");
	crash(false);
	put(PATTERN, "| ");
	crash(false);
	put(PATTERN, "|no-slash");
	crash(false);
}

static void tests(void)
{
	plainly();
	limited();
	killed();
	bad_patterns();
}

int main(int argc, char **argv)
{
	pid_t child;
	int status;

	if (argc > 2)
		return handle(argc, argv);
	CHECK(mkdir("/cp", 0755) == 0 && chdir("/cp") == 0);
	CHECK(getcwd(here, sizeof(here)));
	child = FORK();
	if (child == 0) {
		int from = MUST(open("/proc/self/exe", O_RDONLY));
		int to = MUST(open("h", O_CREAT | O_WRONLY, 0755));

		char buffer[16384];
		ssize_t got;

		while ((got = read(from, buffer, sizeof(buffer))) > 0)
			CHECK_EQ(write(to, buffer, got), got);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	read_text(PATTERN, old_pattern, sizeof(old_pattern));
	read_text(LIMIT, old_limit, sizeof(old_limit));
	CHECK_EQ(atoi(old_limit), 0);
	child = FORK();
	if (child == 0) {
		tests();
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child);
	put(LIMIT, old_limit);
	put(PATTERN, old_pattern);
	CHECK_EQ(status, 0);
	return 0;
}

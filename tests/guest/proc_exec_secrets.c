/* test: timeout=120
 * An ordinary user sees nothing of a set-user-ID program: neither through files of /proc that he
 * opened before the process executed it, nor by attaching to the process at just that moment.
 */
#include "ptrace.h"
#include <elf.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

enum { ROUNDS = 150, ATTACHED = 7 };

static const char *const files[] = { "maps", "smaps", "environ", "pagemap", "mem", "auxv" };

static struct shared {
	volatile int opened, privileged, go;
} *shared;

static int tracer_of_self(void)
{
	char text[4096];
	const char *line;

	read_text("/proc/self/status", text, sizeof(text));
	line = strstr(text, "TracerPid:");
	return line ? atoi(line + 10) : 0;
}

static void copy_program(void)
{
	static char text[1 << 16];
	int from = MUST(open("/proc/self/exe", O_RDONLY));
	int to = MUST(open("program", O_CREAT | O_WRONLY, 0755));
	ssize_t got;

	while ((got = read(from, text, sizeof(text))) > 0)
		CHECK_EQ(write(to, text, got), got);
	close(from);
	close(to);
	CHECK(chmod("program", 04755) == 0);
}

static void wait_for(volatile int *word)
{
	while (!*word)
		sched_yield();
}

static bool is_root(pid_t pid)
{
	char path[64], text[4096];
	unsigned int real, effective = 1;
	const char *line;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	read_text(path, text, sizeof(text));
	line = strstr(text, "Uid:");
	return line && sscanf(line + 4, "%u %u", &real, &effective) == 2 && effective == 0;
}

/* What a kept file tells after the exec: nothing, or what was true before. */
static void expect_no_secret(const char *name, int fd)
{
	uint32_t words[256];
	ssize_t got = pread(fd, words, sizeof(words) - 1, 0);

	if (got <= 0)
		return;
	if (strcmp(name, "auxv") != 0)
		FAIL("%s tells %zd bytes of another program", name, got);
	for (size_t i = 0; i + 1 < (size_t)got / 4; i += 2) {
		if (words[i] == AT_SECURE && words[i + 1] != 0)
			FAIL("auxv is the set-user-ID program's");
	}
}

static void observe(pid_t pid)
{
	int fds[ARRAY_SIZE(files)];
	char path[64];

	become_user(OTHER_UID, OTHER_GID);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[i]);
		fds[i] = MUST(open(path, O_RDONLY));
	}
	shared->opened = 1;
	while (!is_root(pid))
		sched_yield();
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		expect_no_secret(files[i], fds[i]);
}

/* Set-user-ID in a moment; a process whose memory an ordinary user may look into until then. */
static pid_t start_program(const char *argument, volatile int *go)
{
	pid_t pid = FORK();

	if (pid == 0) {
		become_user(OTHER_UID, OTHER_GID);
		CHECK(prctl(PR_SET_DUMPABLE, 1) == 0);
		wait_for(go);
		execl("program", "program", argument, (char *)NULL);
		FAIL("execl");
	}
	return pid;
}

static void keep_files_open(void)
{
	pid_t program = start_program("--wait", &shared->opened);
	pid_t observer;

	/* The observer may open its files only once the program is the user's own. */
	sleep_ms(50);
	observer = FORK();
	if (observer == 0) {
		observe(program);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(observer), 0);
	kill_and_reap(program);
}

static void attach_meanwhile(void)
{
	pid_t program, observer;

	shared->go = 0;
	program = start_program("--who", &shared->go);
	observer = FORK();
	if (observer == 0) {
		become_user(OTHER_UID, OTHER_GID);
		shared->go = 1;
		while (ptrace(PTRACE_SEIZE, program, 0, 0) < 0 && errno == EPERM &&
		       !is_root(program))
			;
		wait_status(program);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(program), 0);
	kill(observer, SIGKILL);
	wait_status(observer);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--wait") == 0) {
		for (;;)
			pause();
	}
	if (argc > 1)
		return geteuid() == 0 && getuid() != 0 && tracer_of_self() ? ATTACHED : 0;
	shared = shared_memory(PAGE);
	copy_program();
	keep_files_open();
	for (int i = 0; i < ROUNDS; i++)
		attach_meanwhile();
	(void)argv;
	return 0;
}

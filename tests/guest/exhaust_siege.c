/* test: linux=no memory=32 timeout=120
 * A machine of 32 MiB under siege: an ordinary user takes all the memory, processes (in one group,
 * or each in its own, idle or busy), descriptors, pipes' buffers, inodes, dentries and page tables
 * that he gets. Meanwhile another user's shell answers; when the besieger's processes are killed,
 * everything is as before.
 * ROUNDS says how many rounds, of one attack each; ANSWER_MS how long an answer may take.
 *
 * The shell is a process that, when asked, runs a program and waits for it. It and this program
 * live through everything: the kernel kills for want of memory, but only besiegers.
 */
#include "user_processes.h"

#define BESIEGER_UID OTHER_UID
#define NEIGHBOUR_UID 4321
#define ATTACK_MS 400
#define BESIEGERS 3
#define DESCRIPTORS 1000
#define FRAMES_COPIED 8
#define PROCESSES 60		/* that a user may have: RLIMIT_NPROC */
#define SESSIONS 300		/* the same, where they are small */
#define ANSWER_MS 10000		/* on a busy host; the long form says what it wants */

static const char *program;

/* ---- attacks, each without end ---- */

static void take_nothing(void)
{
	for (;;)
		pause();
}

static void take_memory(void)
{
	for (;;) {
		char *more = mmap(NULL, 1 << 19, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (more != MAP_FAILED)
			memset(more, 0x55, 1 << 19);
	}
}

static void take_processes(void)
{
	for (;;)
		(void)!fork();
}

/* Processes smaller than a shell, each a session and a group of its own. */
static void take_sessions(void)
{
	static char kept[1 << 16];
	pid_t pid;

	while ((pid = fork()) != 0) {
		if (pid < 0)
			sleep_ms(1);
	}
	setsid();
	memset(kept, 0x55, sizeof(kept));
	take_nothing();
}

/* The same, and each wants the processor all the time. */
static void take_processors(void)
{
	while (fork() >= 0)
		;
	setsid();
	for (;;)
		;
}

/* All that one process may have; its children take more. */
static void take_descriptors(void)
{
	for (;;) {
		for (int i = 0; i < DESCRIPTORS; i++) {
			if (open("/dev/null", O_RDONLY) < 0)
				break;
		}
		while (fork() != 0)
			sleep_ms(1);
	}
}

static void fill(int fd)
{
	static char buffer[1 << 16];

	while (write(fd, buffer, sizeof(buffer)) > 0)
		;
}

static void take_pipes(void)
{
	int fds[2];

	for (;;) {
		while (pipe2(fds, O_NONBLOCK) == 0)
			fill(fds[1]);
		while (fork() != 0)
			sleep_ms(1);
	}
}

static void take_inodes(void)
{
	char name[64];

	for (int i = 0;; i++) {
		snprintf(name, sizeof(name), "siege/%d-%d", getpid(), i);
		close(open(name, O_CREAT | O_WRONLY, 0600));
	}
}

static void take_dentries(void)
{
	char name[200];

	for (int i = 0;; i++) {
		snprintf(name, sizeof(name), "siege/%d-%0150d", getpid(), i);
		access(name, F_OK);
	}
}

/* One page in each table: no table is worth its page. */
static void take_page_tables(void)
{
	size_t size = 1 << 30, step = 2 << 20;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	for (size_t at = 0; memory != MAP_FAILED && at < size; at += step)
		memory[at] = 1;
	take_processes();
}

static const struct attack {
	const char *name;
	void (*run)(void);
	rlim_t processes;		/* that the besieger may have */
} attacks[] = {
	{ "memory", take_memory, PROCESSES }, { "processes", take_processes, PROCESSES },
	{ "sessions", take_sessions, SESSIONS }, { "processors", take_processors, SESSIONS },
	{ "descriptors", take_descriptors, PROCESSES }, { "pipes", take_pipes, PROCESSES },
	{ "inodes", take_inodes, PROCESSES }, { "dentries", take_dentries, PROCESSES },
	{ "page tables", take_page_tables, PROCESSES },
};

/* ---- the neighbour ---- */

static void run_command(void)
{
	pid_t pid = FORK();

	if (pid == 0) {
		execl(program, program, "--answer", (char *)NULL);
		_exit(CHECK_FAILED);
	}
	CHECK_EQ(wait_exit_status(pid), 7);
}

static void be_neighbour(struct gate *ask, struct gate *answer)
{
	become_user(NEIGHBOUR_UID, NEIGHBOUR_UID);
	for (;;) {
		char byte;

		if (read(ask->fds[0], &byte, 1) != 1)
			_exit(CHECK_FAILED);
		run_command();
		gate_open(answer);
	}
}

static long long ask_neighbour(struct gate *ask, struct gate *answer)
{
	long long start = now_ns();

	gate_open(ask);
	gate_pass(answer);
	return (now_ns() - start) / 1000000;
}

/* ---- rounds ---- */

static void remove_files(void)
{
	DIR *folder = opendir("siege");
	struct dirent *entry;

	CHECK(folder != NULL);
	while ((entry = readdir(folder)))
		unlinkat(dirfd(folder), entry->d_name, 0);
	closedir(folder);
	CHECK(rmdir("siege") == 0);
}

/* As the besieger: all of his, and those that they make meanwhile. */
static void end_siege(const pid_t *besiegers)
{
	do {
		pid_t killer = FORK();

		if (killer == 0) {
			become_user(BESIEGER_UID, OTHER_GID);
			kill(-1, SIGKILL);
			_exit(0);
		}
		wait_status(killer);
		for (int i = 0; i < BESIEGERS; i++)
			waitpid(besiegers[i], NULL, WNOHANG);
	} while (count_processes_of(BESIEGER_UID) > 0);
}

static void start_siege(const struct attack *attack, pid_t *besiegers)
{
	struct rlimit limit = { attack->processes, attack->processes };

	for (int i = 0; i < BESIEGERS; i++) {
		besiegers[i] = FORK();
		if (besiegers[i] == 0) {
			CHECK(setrlimit(RLIMIT_NPROC, &limit) == 0);
			become_user(BESIEGER_UID, OTHER_GID);
			attack->run();
		}
	}
}

/* Returns the longest time, in ms, that an answer took. */
static long long besiege(const struct attack *attack, struct gate *ask, struct gate *answer)
{
	long long longest = 0, end;
	pid_t besiegers[BESIEGERS];

	CHECK(mkdir("siege", 0755) == 0 && chmod("siege", 0777) == 0);
	start_siege(attack, besiegers);
	end = now_ns() + ATTACK_MS * 1000000LL;
	do {
		long long took = ask_neighbour(ask, answer);

		if (took > longest)
			longest = took;
		sleep_ms(20);
	} while (now_ns() < end);
	end_siege(besiegers);
	remove_files();
	return longest;
}

static void read_leaks(char *text, size_t room)
{
	char before[8192] = "";

	/* What the dead held may come back a moment later. */
	for (int tries = 0; tries < 50; tries++) {
		CHECK(read_text("/proc/quartet/leaks", text, room) > 0);
		if (strcmp(text, before) == 0)
			return;
		snprintf(before, sizeof(before), "%s", text);
		sleep_ms(5);
	}
}

/*
 * Lines "NAME COUNT". This program and the neighbour may have copied a page or two of those that
 * they share; anything more is left over. What is left at the very end the runner sees to the last
 * object. Cached pages of programs that run may be fewer: a siege takes them.
 */
static void compare_leaks(const char *name, const char *before, const char *after)
{
	while (*before && *after) {
		size_t length = strcspn(before, "\n"), other = strcspn(after, "\n");
		size_t word = strcspn(before, " ");

		CHECK(strncmp(before, after, word + 1) == 0);
		if (atoi(after + word) > atoi(before + word) + FRAMES_COPIED)
			FAIL("after %s: %.*s, was %.*s", name, (int)other, after, (int)length,
			     before);
		before += length + (before[length] != '\0');
		after += other + (after[other] != '\0');
	}
}

int main(int argc, char **argv)
{
	static char before[8192], after[8192];
	const char *limit = getenv("ANSWER_MS"), *wanted = getenv("ROUNDS");
	struct gate ask = gate_create(), answer = gate_create();
	int rounds = wanted ? atoi(wanted) : scaled(ARRAY_SIZE(attacks));
	long long longest[ARRAY_SIZE(attacks)] = { 0 };

	if (argc > 1)
		return 7;
	program = argv[0][0] == '/' ? argv[0] : "/proc/self/exe";
	enter_disk_directory();
	pid_t neighbour = FORK();

	if (neighbour == 0)
		be_neighbour(&ask, &answer);
	/* What this program itself needs is there after a siege that takes nothing. */
	besiege(&(struct attack){ "nothing", take_nothing, PROCESSES }, &ask, &answer);
	read_leaks(before, sizeof(before));
	for (int round = 0; round < rounds; round++) {
		size_t which = round % ARRAY_SIZE(attacks);

		long long took = besiege(&attacks[which], &ask, &answer);

		read_leaks(after, sizeof(after));
		compare_leaks(attacks[which].name, before, after);
		if (took > longest[which])
			longest[which] = took;
		if (took > (limit ? atoi(limit) : ANSWER_MS))
			FAIL("%s, round %d: the neighbour waited %lld ms", attacks[which].name,
			     round, took);
	}
	kill_and_reap(neighbour);
	for (size_t i = 0; i < ARRAY_SIZE(attacks) && i < (size_t)rounds; i++)
		printf("%s: answers in %lld ms at most\n", attacks[i].name, longest[i]);
	return 0;
}

/* test: timeout=400 cpus=1 linux-scale=2
 * The errors of every system call: each argument of a call that works is replaced by each bad or
 * odd value of its kind, and each two arguments by two bad ones, to see which error wins; by root
 * and by an ordinary user. The answer must be what Linux gave: success, the same errno, or the
 * same signal. What a call moves or returns is other tests' matter.
 *
 *	call_errors			compare with call_errors.expected.h
 *	call_errors --record		print that file
 *	call_errors --list		what is known to be otherwise, in words
 *
 * Where Quartet is known to answer otherwise, call_errors.known.h says what (docs/compat/errors.md
 * says why); one that agrees by now must be taken out (tools/record-answers --known).
 *
 * Every call is made in a child of its own, in a directory on tmpfs that is set up anew. TEST_SCALE
 * says how many of a hundred cases are tried; 10 unless it is set.
 */
#include "bad_pointers_setup.h"
#include "call_errors.h"
#include <ftw.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/time.h>

static const char *const expected_rows[] = {
#include "call_errors.expected.h"
};

/* For each row what Quartet answers where it differs: "case:outcome case:outcome". */
static const char *const known_rows[] = {
#include "call_errors.known.h"
};

enum { MANY_VALUES = 128, PAIR_VALUES = 2, PATIENCE_MS = 300, USUAL_SCALE = 10 };
enum { DIED = 200, STOPPED = 250 };	/* outcomes that are no errno; DIED plus the signal */

/* ---- kinds of arguments, from the table of system calls ---- */

static const struct {
	int number;
	const char *arguments;
} described[] = {
#define CALL(number, name, arguments) { number, arguments },
#include "calls.h"
#undef CALL
};

struct values {
	long list[MANY_VALUES];
	int count;
};

static void add(struct values *values, long value)
{
	CHECK(values->count < MANY_VALUES);
	values->list[values->count++] = value;
}

static void add_all(struct values *values, const long *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add(values, list[i]);
}

#define ADD_ALL(values, array) add_all(values, array, ARRAY_SIZE(array))

static bool is_one_of(const char *word, const char *words)
{
	size_t length = strlen(word);

	for (const char *at = words; (at = strstr(at, word)) != NULL; at += length)
		if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

/* Name and kind of one argument of a call; false if there are not so many. */
static bool describe(int number, int place, char name[32], char kind[32])
{
	for (size_t i = 0; i < ARRAY_SIZE(described); i++) {
		const char *at = described[i].arguments;

		if (described[i].number != number)
			continue;
		while (place-- > 0) {
			at = strchr(at, ' ');
			if (!at)
				return false;
			at++;
		}
		return sscanf(at, "%31[^: ]:%31[^ ]", name, kind) == 2;
	}
	return false;
}

/* What would harm more than the process that does it. */
static bool is_forbidden(const struct call *call, int place, long value, bool as_root)
{
	switch (call->number) {
	case SYS_clone: /* flags: a stack for two, name spaces */
		return place == 0;
	case SYS_syslog: /* commands about everybody's log, and more of it than there is room for */
		return place == 0 || (place == 2 && value > PAGE);
	case SYS_clone3: /* sizes that take in what happens to lie behind the structure */
		return place == 1 && value > 64 && value <= PAGE;
	case SYS_kill: case SYS_rt_sigqueueinfo:
		return place == 0 && value == -1;
	case SYS_pivot_root: /* where the test itself is mounted */
		return as_root && place == 0 && strcmp((const char *)value, "..") == 0;
	default:
		return as_root && (value == (long)"/");
	}
}

/*
 * Calls with arguments that have no row: they end the caller, wait, go over to name spaces, stop
 * the machine, or take any number for good.
 */
static const int without_row[] = {
	SYS_exit, SYS_exit_group, SYS_sigsuspend, SYS_unshare, SYS_setns, SYS_reboot, SYS_ssetmask,
	SYS_setfsuid, SYS_setfsgid, SYS_setfsuid32, SYS_setfsgid32,
};

static bool needs_no_row(int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(without_row); i++)
		if (without_row[i] == number)
			return true;
	return false;
}

/* A new call cannot come without one. */
static void check_rows(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(described); i++)
		if (described[i].arguments[0] && !has_row(described[i].number) &&
		    !needs_no_row(described[i].number))
			FAIL("no row tries the errors of call %d", described[i].number);
}

static void add_choices(struct values *values, const char *name)
{
	add(values, -1);
	add(values, 9999);
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++)
		if (strcmp(choices[i].argument, name) == 0)
			for (int value = choices[i].first; value <= choices[i].last; value++)
				add(values, value);
}

static bool has_choices(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(choices); i++)
		if (strcmp(choices[i].argument, name) == 0)
			return true;
	return false;
}

/* The values to try for one argument, those for pairs first. */
static void find_values(const struct call *call, int place, bool as_root, struct values *values)
{
	char name[32], kind[32];

	values->count = 0;
	if (!describe(call->number, place, name, kind))
		return;
	if (call->arguments[place].kind >= IN && strcmp(kind, "path") != 0) {
		ADD_ALL(values, pointers);
	} else if (strcmp(kind, "path") == 0) {
		for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
			if (!(as_root && strcmp(paths[i], "/") == 0))
				add(values, (long)paths[i]);
	} else if (strcmp(kind, "signal") == 0) {
		ADD_ALL(values, signals);
	} else if (strcmp(kind, "mode") == 0) {
		ADD_ALL(values, modes);
	} else if (strcmp(kind, "open_flags") == 0 ||
		   is_one_of(name, "flags options protection mask type")) {
		add(values, -1);
		for (int bit = 31; bit >= 0; bit--)
			add(values, (long)(1u << bit));
		add(values, 0);
	} else if (is_one_of(name, "fd dirfd old_dirfd new_dirfd in_fd out_fd epoll pidfd old "
				   "new")) {
		ADD_ALL(values, descriptors);
	} else if (is_one_of(name, "size count length set_size local_count remote_count max "
				   "address_size old_size new_size")) {
		ADD_ALL(values, sizes);
	} else if (is_one_of(name, "pid tid group")) {
		ADD_ALL(values, processes);
	} else if (is_one_of(name, "uid gid ruid euid suid rgid egid sgid")) {
		ADD_ALL(values, users);
	} else if (is_one_of(name, "address old_address new_address")) {
		ADD_ALL(values, addresses);
	} else if (has_choices(name)) {
		add_choices(values, name);
	} else if (strcmp(kind, "int") == 0) {
		ADD_ALL(values, numbers);
	}
	/* Whatever is forbidden goes. */
	int kept = 0;

	for (int i = 0; i < values->count; i++)
		if (!is_forbidden(call, place, values->list[i], as_root))
			values->list[kept++] = values->list[i];
	values->count = kept;
}

/* ---- one case ---- */

struct shared {
	int outcome;
	int object;
	long value;
};

static struct shared *shared;
static pid_t worker;

static int remove_entry(const char *path, const struct stat64 *status, int type, struct FTW *place)
{
	(void)status, (void)type, (void)place;
	return remove(path);
}

static void make_directory(void)
{
	CHECK(chmod("/dev/null", 0666) == 0 && chown("/dev/null", 0, 0) == 0);
	CHECK(chown(".", 0, 0) == 0 && chmod(".", 0755) == 0);
	if (access("case", F_OK) == 0)
		CHECK(nftw64("case", remove_entry, 10, FTW_DEPTH | FTW_PHYS) == 0);
	CHECK(mkdir("case", 0755) == 0 && chdir("case") == 0);
	CHECK(mkdir("locked", 0700) == 0);
	make_file("locked/file", "secret");
	CHECK(symlink("loop", "loop") == 0 && symlink("missing", "dangling") == 0);
}

static void make_all(const struct call *call)
{
	struct call known = *call;

	umask(022);
	make_directory();
	known.flags &= ~NEEDS_MAP;
	set_up(&known);
	CHECK_EQ(dup2(MUST(open("file", O_PATH)), PATH_FD), PATH_FD);
	CHECK_EQ(dup2(MUST(open("file", O_RDONLY)), READ_FD), READ_FD);
	CHECK_EQ(dup2(MUST(open("file", O_WRONLY)), WRITE_FD), WRITE_FD);
	CHECK_EQ(dup2(MUST(open("/dev/null", O_RDWR)), NULL_FD), NULL_FD);
	if (call->flags & NEEDS_MAP)
		CHECK(mmap((void *)MAP_ADDRESS, MAP_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
}

/* A call with some of its arguments replaced. */
struct attempt {
	const struct call *call;
	bool as_root;
	bool is_replaced[6];
	long arguments[6];
};

static void make_call(const struct attempt *attempt)
{
	struct itimerval soon = { .it_value = { 0, PATIENCE_MS * 1000 } };
	const struct call *call = attempt->call;
	long arguments[6];

	handle_signal(SIGALRM, SIG_DFL, 0);
	CHECK(setpgid(0, 0) == 0);
	make_all(call);
	for (int i = 0; i < 6; i++)
		arguments[i] = attempt->is_replaced[i] ? attempt->arguments[i]
						       : good_value(&call->arguments[i]);
	shared->object = bad_pointers_object;
	if (!attempt->as_root)
		become_user(OTHER_UID, OTHER_GID);
	alarm(0);
	CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
	long value = raw_syscall(call->number, arguments[0], arguments[1], arguments[2],
				 arguments[3], arguments[4], arguments[5]);
	shared->value = value;
	shared->outcome = value < 0 && value > -4096 ? -value : 0;
	_exit(0);
}

static void end_worker(int signal)
{
	(void)signal;
	kill(worker, SIGKILL);
}

static void remove_made(const struct call *call)
{
	bad_pointers_object = shared->object;
	remove_object(call->flags & ~NEEDS_MAP);
	if (shared->outcome != 0)
		return;
	if (call->number == SYS_semget)
		semctl(shared->value, 0, IPC_RMID);
	else if (call->number == SYS_shmget)
		shmctl(shared->value, IPC_RMID, NULL);
	else if (call->number == SYS_msgget)
		msgctl(shared->value, IPC_RMID, NULL);
}

static int outcome_of(const struct attempt *attempt)
{
	const struct call *call = attempt->call;
	int status;

	shared->outcome = -1;
	shared->object = -1;
	worker = FORK();
	if (worker == 0)
		make_call(attempt);
	alarm(5);
	CHECK_EQ(waitpid(worker, &status, WUNTRACED), worker);
	if (WIFSTOPPED(status)) {
		kill(worker, SIGKILL);
		waitpid(worker, NULL, 0);
	}
	alarm(0);
	remove_made(call);
	if (WIFSTOPPED(status))
		return STOPPED;
	if (WIFSIGNALED(status))
		return DIED + WTERMSIG(status);
	if (WEXITSTATUS(status) == CHECK_FAILED)
		FAIL("%s (%d): not set up", call->name, call->number);
	/* A program that was executed says nothing: exec succeeded. */
	return shared->outcome < 0 ? 0 : shared->outcome;
}

/* ---- rows ---- */

static bool recording, listing, on_quartet;
static int stride = 1, case_number, wrong;

/* What is expected, run by run: "22 0*3" is four cases; and what is known to be otherwise. */
struct reader {
	const char *at, *known;
	int left, outcome, place;
};

static int next_expected(struct reader *reader)
{
	if (reader->left == 0) {
		char *end;

		CHECK(*reader->at);
		reader->outcome = strtol(reader->at, &end, 10);
		reader->left = *end == '*' ? strtol(end + 1, &end, 10) : 1;
		reader->at = *end == ' ' ? end + 1 : end;
	}
	reader->left--;
	reader->place++;
	return reader->outcome;
}

/* Of the case that was read last. -1: nothing is known. */
static int known_outcome(struct reader *reader)
{
	int place, outcome, length;

	if (sscanf(reader->known, "%d:%d%n", &place, &outcome, &length) != 2 ||
	    place != reader->place - 1)
		return -1;
	reader->known += length;
	return outcome;
}

struct writer {
	int count, outcome, column;
};

static void flush_run(struct writer *writer)
{
	char text[32];

	if (writer->count == 0)
		return;
	snprintf(text, sizeof(text), writer->count > 1 ? "%d*%d " : "%d ", writer->outcome,
		 writer->count);
	if (writer->column + strlen(text) > 88) {
		printf("\"\n\t\"");
		writer->column = 8;
	}
	writer->column += strlen(text);
	printf("%s", text);
	writer->count = 0;
}

static void write_outcome(struct writer *writer, int outcome)
{
	if (writer->count > 0 && writer->outcome != outcome)
		flush_run(writer);
	writer->outcome = outcome;
	writer->count++;
}

static void show_argument(const struct attempt *attempt, int place)
{
	char name[32], kind[32];

	CHECK(describe(attempt->call->number, place, name, kind));
	if (strcmp(kind, "path") == 0)
		printf(" %s \"%.20s\"", name, (const char *)attempt->arguments[place]);
	else
		printf(" %s %#lx", name, attempt->arguments[place]);
}

/*
 * Not made after all: the oldest calls for a file's status, which fail where its number does not
 * fit 16 bits; descriptors above a process's number, which may be too large; flags that are an
 * address; and what root would change of init, whose children all tests are, or of everybody.
 */
static bool is_left_out(const struct attempt *attempt)
{
	bool chooses_all = attempt->as_root && attempt->is_replaced[0];

	switch (attempt->call->number) {
	case 18: case 28: case 84:
		return true;
	case SYS_fcntl: case SYS_fcntl64:
		if (!attempt->is_replaced[1])
			return false;
		/* An address has flags or not, as the linker put what lies there. */
		if (attempt->arguments[1] == F_SETFL && attempt->call->arguments[2].kind >= OBJECT)
			return true;
		return attempt->call->arguments[2].kind == SELF &&
		       (attempt->arguments[1] == F_DUPFD ||
			attempt->arguments[1] == F_DUPFD_CLOEXEC);
	case SYS_sched_setparam: case SYS_sched_setscheduler: case SYS_sched_setaffinity:
	case SYS_sched_setattr: case SYS_prlimit64:
		return attempt->as_root && attempt->is_replaced[0] && attempt->arguments[0] == 1;
	case SYS_setpriority:
		if (chooses_all && attempt->arguments[0] == PRIO_USER)
			return true;
		return attempt->as_root && attempt->is_replaced[1] && attempt->arguments[1] == 1;
	case SYS_ioprio_set:
		if (chooses_all && attempt->arguments[0] == 3 /* a user's */)
			return true;
		return attempt->as_root && attempt->is_replaced[1] && attempt->arguments[1] == 1;
	default:
		return false;
	}
}

static void show_case(const struct attempt *attempt, int outcome, int expected)
{
	printf("%s (%d), %s,", attempt->call->name, attempt->call->number,
	       attempt->as_root ? "root" : "user");
	for (int i = 0; i < 6; i++)
		if (attempt->is_replaced[i])
			show_argument(attempt, i);
	printf(": %d, on Linux %d", outcome, expected);
}

static void one_case(const struct attempt *attempt, struct reader *reader, struct writer *writer)
{
	int expected = recording ? 0 : next_expected(reader);
	int known = recording ? -1 : known_outcome(reader);
	int outcome;

	if (listing) {
		if (known >= 0) {
			show_case(attempt, known, expected);
			printf("\n");
		}
		return;
	}
	if (case_number++ % stride != 0 || is_left_out(attempt)) {
		if (recording)
			write_outcome(writer, 0);
		return;
	}
	outcome = outcome_of(attempt);
	if (recording) {
		write_outcome(writer, outcome);
		return;
	}
	if (outcome == (on_quartet && known >= 0 ? known : expected))
		return;
	wrong++;
	show_case(attempt, outcome, expected);
	printf("%s\n",
	       known >= 0 && outcome == expected ? ", now: tools/record-answers --known" : "");
	fflush(stdout);
}

static void try_alone(struct attempt *attempt, int place, const struct values *values,
		      struct reader *reader, struct writer *writer)
{
	attempt->is_replaced[place] = true;
	for (int v = 0; v < values->count; v++) {
		attempt->arguments[place] = values->list[v];
		one_case(attempt, reader, writer);
	}
	attempt->is_replaced[place] = false;
}

static void try_pair(struct attempt *attempt, int first, int second, const struct values *values,
		     struct reader *reader, struct writer *writer)
{
	attempt->is_replaced[first] = attempt->is_replaced[second] = true;
	for (int v = 0; v < PAIR_VALUES; v++) {
		for (int w = 0; w < PAIR_VALUES; w++) {
			if (v >= values[first].count || w >= values[second].count)
				continue;
			attempt->arguments[first] = values[first].list[v];
			attempt->arguments[second] = values[second].list[w];
			one_case(attempt, reader, writer);
		}
	}
	attempt->is_replaced[first] = attempt->is_replaced[second] = false;
}

static void one_row(const struct call *call, bool as_root, struct reader *reader,
		    struct writer *writer)
{
	static struct values values[6];
	struct attempt attempt = { .call = call, .as_root = as_root };

	for (int i = 0; i < 6; i++)
		find_values(call, i, as_root, &values[i]);
	one_case(&attempt, reader, writer);
	for (int i = 0; i < 6; i++)
		try_alone(&attempt, i, &values[i], reader, writer);
	for (int i = 0; i < 6; i++)
		for (int j = i + 1; j < 6; j++)
			try_pair(&attempt, i, j, values, reader, writer);
}

static void try_rows(const struct call *rows, size_t count, size_t *next)
{
	for (size_t c = 0; c < count; c++) {
		for (int as_root = 1; as_root >= 0; as_root--) {
			struct reader reader = { 0 };
			struct writer writer = { .column = 8 };

			if (recording) {
				if (as_root)
					printf("\t/* %s */\n", rows[c].name);
				printf("\t\"");
			} else {
				CHECK(*next < ARRAY_SIZE(expected_rows));
				reader.known = known_rows[*next];
				reader.at = expected_rows[(*next)++];
			}
			one_row(&rows[c], as_root, &reader, &writer);
			if (recording) {
				flush_run(&writer);
				printf("\",\n");
				fflush(stdout);
			} else {
				CHECK(*reader.at == '\0' && reader.left == 0);
			}
		}
	}
}

/* The same addresses in every run, on both kernels. */
static void without_randomisation(char **arguments)
{
	if (personality(0xffffffff) & ADDR_NO_RANDOMIZE)
		return;
	CHECK(personality(ADDR_NO_RANDOMIZE) >= 0);
	execv("/proc/self/exe", arguments);
	FAIL("execv");
}

int main(int argc, char **argv)
{
	size_t next = 0;

	/* Executed by one of the calls below. */
	if (argc == 0 || argv[0][0] == '\0' || (argc > 1 && strcmp(argv[1], "--exit") == 0))
		return 0;
	check_rows();
	recording = argc > 1 && strcmp(argv[1], "--record") == 0;
	listing = argc > 1 && strcmp(argv[1], "--list") == 0;
	if (listing) {
		try_rows(plain_calls, ARRAY_SIZE(plain_calls), &next);
		try_rows(calls, ARRAY_SIZE(calls), &next);
		return 0;
	}
	without_randomisation(argv);
	if (!recording)
		stride = 100 / (getenv("TEST_SCALE") ? scaled(100) : USUAL_SCALE);
	on_quartet = access("/proc/quartet", F_OK) == 0;
	shared = shared_memory(PAGE);
	select_block[4] = (uintptr_t)zero_time;
	memset(long_path, 'p', sizeof(long_path) - 1);
	handle_signal(SIGALRM, end_worker, SA_RESTART);
	CHECK(mkdir("tmpfs", 0755) == 0 && mount("none", "tmpfs", "tmpfs", 0, "size=4m") == 0);
	CHECK(chdir("tmpfs") == 0);
	if (recording)
		printf("/* What Linux answers in call_errors.c; "
		       "made by tools/record-answers. */\n");
	try_rows(plain_calls, ARRAY_SIZE(plain_calls), &next);
	try_rows(calls, ARRAY_SIZE(calls), &next);
	raw_syscall(SYS_mq_unlink, "bad-pointers");
	raw_syscall(SYS_mq_unlink, "bad-pointers-2");
	CHECK(recording ||
	      (next == ARRAY_SIZE(expected_rows) && next == ARRAY_SIZE(known_rows)));
	CHECK(chmod("/dev/null", 0666) == 0 && chown("/dev/null", 0, 0) == 0);
	CHECK(chdir("..") == 0 && umount2("tmpfs", MNT_DETACH) == 0);
	fflush(stdout);
	return wrong ? 1 : 0;
}

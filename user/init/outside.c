/*
 * init's work for a program outside of the machine, such as ./quartet: one command, or tests.
 *
 * It talks over serial lines, which carry bytes as they are: what programs put out alone goes over
 * the second (/dev/ttyS1), what init has to say over the third (/dev/ttyS2). For one command more
 * words on the kernel command line ask for
 *
 *	quartet.input		keys: the second line is a terminal that somebody sits at
 *	quartet.stdin		standard input from the fourth line (/dev/ttyS3); else it is empty
 *	quartet.stderr		standard error to the fourth line; else it goes with the output
 *
 * A serial line cannot tell that no more will come. So standard input is sent in pieces, each
 * behind its size in two bytes, the low one first, and one of size 0 is the end. A process of its
 * own takes the pieces out of their wrapping and puts them into a pipe. The first byte on the line,
 * a 0 from here, says that it carries bytes as they are from now on, and that they may come.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "init.h"

#define RUN_FILE "/quartet.run"
#define LEAKS_FILE "/proc/quartet/leaks"
#define TEST_FOLDER "/tests"
#define TEST_TMPFS "/tmp/test"
#define TEST_DISK "/test-disk"

enum {
	TEST_TIMEOUT_S = 120,	/* when the list names no other */
	QUIET_TRIES = 50,	/* readings of the leak counters until two are equal */
};

/* ---- the lines to the outside ------------------------------------------------------------ */

/* Open a serial line that carries bytes as they are, both ways. */
static int open_raw_line(const char *device)
{
	int fd = open(device, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios settings;

	if (fd < 0) {
		complain("%s: %s", device, strerror(errno));
		return fd;
	}
	if (tcgetattr(fd, &settings) == 0) {
		cfmakeraw(&settings);
		cfsetspeed(&settings, B115200);
		settings.c_cflag |= CLOCAL | CREAD;
		tcsetattr(fd, TCSANOW, &settings);
	}
	return fd;
}

/* In a new child: the line becomes standard input and output, and the controlling terminal. */
static void use_line_as_terminal(int line)
{
	setsid();
	ioctl(line, TIOCSCTTY, 0);
	for (int standard = 0; standard <= 2; standard++)
		dup2(line, standard);
}

/* ---- one command ------------------------------------------------------------------------- */

/* Split NUL-separated text into a NULL-terminated argument list. The caller frees the list. */
static char **split_arguments(char *text, size_t size)
{
	size_t count = 0;
	char **arguments = calloc(size + 2, sizeof(*arguments));

	if (!arguments)
		return NULL;
	for (size_t start = 0; start < size; start += strlen(text + start) + 1)
		arguments[count++] = text + start;
	return arguments;
}

/* A terminal as people know it, but for the ends of lines, which the one outside sees to. */
static void make_terminal(int line)
{
	struct termios settings;

	if (tcgetattr(line, &settings) < 0)
		return;
	settings.c_iflag = ICRNL | IXON;
	settings.c_oflag = 0;
	settings.c_lflag = ISIG | ICANON | IEXTEN | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE;
	tcsetattr(line, TCSANOW, &settings);
}

/* Exactly so many bytes. False: the line has an end after all. */
static bool read_exactly(int line, void *to, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t got = read(line, (char *)to + done, size - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		done += got;
	}
	return true;
}

/* Until the piece of size 0, or until nobody reads any more. */
__attribute__((noreturn))
static void pass_input_on(int line, int to)
{
	static char piece[1 << 16];
	unsigned char size[2];

	become_ordinary_process();
	signal(SIGPIPE, SIG_IGN);
	while (read_exactly(line, size, sizeof(size))) {
		size_t length = size[0] | size[1] << 8;

		if (length == 0 || !read_exactly(line, piece, length) ||
		    !write_all(to, piece, length))
			break;
	}
	_exit(0);
}

/* Where the command's standard input comes from; -1: it keeps the line. */
static int open_input(int side)
{
	int ends[2];
	pid_t pid;

	if (boot_option("quartet.input"))
		return -1;
	if (!boot_option("quartet.stdin") || side < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		pass_input_on(side, ends[1]);
	}
	if (pid < 0)
		complain("fork: %s", strerror(errno));
	close(ends[1]);
	return ends[0];
}

static int run_command(char **arguments, int line, int side)
{
	int input = open_input(side);
	pid_t pid = fork();

	if (pid < 0) {
		dprintf(line, "init: fork: %s\r\n", strerror(errno));
		return 126;
	}
	if (pid == 0) {
		use_line_as_terminal(line);
		if (input >= 0)
			dup2(input, STDIN_FILENO);
		else
			make_terminal(line);
		if (side >= 0 && boot_option("quartet.stderr"))
			dup2(side, STDERR_FILENO);
		become_ordinary_process();
		go_to("/root");
		execvp(arguments[0], arguments);
		fprintf(stderr, "%s: %s\n", arguments[0], strerror(errno));
		_exit(errno == ENOENT ? 127 : 126);
	}
	if (input >= 0)
		close(input);
	return wait_for_child(pid, -1);
}

void run_and_power_off(void)
{
	int output = open_raw_line("/dev/ttyS1");
	int report = open_raw_line("/dev/ttyS2");
	bool has_side = boot_option("quartet.stdin") || boot_option("quartet.stderr");
	int side = has_side ? open_raw_line("/dev/ttyS3") : -1;
	size_t size = 0;
	char *text = read_whole_file(RUN_FILE, &size);
	char **arguments = text ? split_arguments(text, size) : NULL;
	int status = 127;

	if (side >= 0)
		(void)write_all(side, "", 1);
	/* A disk that keeps what is written to it has no use for it afterwards. */
	unlink(RUN_FILE);
	if (arguments && arguments[0])
		status = run_command(arguments, output, side);
	else
		dprintf(output, "init: %s names no command\n", RUN_FILE);
	tcdrain(output);
	if (side >= 0)
		tcdrain(side);
	dprintf(report, "exit %d\n", status);
	tcdrain(report);
	shut_down(RB_POWER_OFF);
}

/* ---- tests ------------------------------------------------------------------------------ */

/*
 * A line of the test list: NAME [TIMEOUT_SECONDS [VARIABLE=VALUE]...]. The variables join the
 * environment of that one test.
 */
struct test {
	const char *name;
	int timeout_s;
	char *variables;		/* the rest of the line, or NULL */
};

static void report_leak_counters(int report)
{
	char *last = NULL;

	/* What dead processes held may be given back a moment after their parent saw them die. */
	for (int tries = 0; tries < QUIET_TRIES; tries++) {
		char *counters = read_whole_file(LEAKS_FILE, NULL);
		bool quiet = last && counters && strcmp(last, counters) == 0;
		struct timespec pause = { 0, 2000000 };

		free(last);
		last = counters;
		if (quiet || !counters)
			break;
		nanosleep(&pause, NULL);
	}
	if (last)
		write_text(report, last);
	free(last);
}

__attribute__((noreturn))
static void become_test(struct test *test, int output)
{
	char path[256];
	int nothing = open("/dev/null", O_RDONLY);

	/* A group of its own, but no session: tests may want to move between groups. */
	setpgid(0, 0);
	dup2(nothing, 0);
	dup2(output, 1);
	dup2(output, 2);
	if (nothing > 2)
		close(nothing);
	become_ordinary_process();
	setenv("TEST_DISK_DIR", TEST_DISK, 1);
	for (char *variable; (variable = strsep(&test->variables, " "));) {
		if (strchr(variable, '='))
			putenv(variable);
	}
	snprintf(path, sizeof(path), TEST_FOLDER "/%s", test->name);
	execl(path, test->name, (char *)NULL);
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	_exit(127);
}

static int run_test(struct test *test, int output)
{
	int status = 126;
	pid_t pid;

	mkdir(TEST_TMPFS, 0755);
	mkdir(TEST_DISK, 0755);
	if (mount("tmpfs", TEST_TMPFS, "tmpfs", 0, "mode=755") < 0 || chdir(TEST_TMPFS) < 0)
		complain("%s: %s", TEST_TMPFS, strerror(errno));
	pid = fork();
	if (pid == 0)
		become_test(test, output);
	if (pid > 0)
		status = wait_for_child(pid, test->timeout_s * 1000LL);

	kill(-1, SIGKILL);
	wait_for_all_children(SHUTDOWN_GRACE_MS);
	go_to("/");
	if (umount2(TEST_TMPFS, 0) < 0)
		complain("%s: cannot unmount %s: %s", test->name, TEST_TMPFS, strerror(errno));
	remove_tree(TEST_DISK);
	return status;
}

/*
 * Everything that init does for a test, once, with a program that does not exist: then init has all
 * the memory and all the cached files that it will ever need, and the counters of the first real
 * test are as steady as the others'.
 */
static void rehearse(void)
{
	struct test rehearsal = { .name = "no-such-test", .timeout_s = 1 };
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	report_leak_counters(nowhere);
	run_test(&rehearsal, nowhere);
	report_leak_counters(nowhere);
	/* A test that uses up all memory must not push init's pages out. */
	mlockall(MCL_CURRENT);
	dprintf(nowhere, "end %s %d\n", rehearsal.name, 0);
	close(nowhere);
}

void run_tests_and_power_off(const char *list_path)
{
	int output = open_raw_line("/dev/ttyS1");
	int report = open_raw_line("/dev/ttyS2");
	char *rest = read_whole_file(list_path, NULL);

	if (!rest)
		complain("%s: %s", list_path, strerror(errno));
	rehearse();
	for (char *line; (line = strsep(&rest, "\n"));) {
		struct test test = { .name = strsep(&line, " "), .timeout_s = TEST_TIMEOUT_S };
		const char *timeout = strsep(&line, " ");

		if (!test.name || test.name[0] == '\0' || test.name[0] == '#')
			continue;
		if (timeout && atoi(timeout) > 0)
			test.timeout_s = atoi(timeout);
		test.variables = line;

		dprintf(report, "begin %s\n", test.name);
		report_leak_counters(report);
		dprintf(output, "begin %s\n", test.name);
		int status = run_test(&test, output);

		tcdrain(output);
		dprintf(report, "after %s\n", test.name);
		report_leak_counters(report);
		dprintf(report, "end %s %d\n", test.name, status);
		tcdrain(report);
	}
	shut_down(RB_POWER_OFF);
}

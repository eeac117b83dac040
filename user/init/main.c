/*
 * init: the first process of a Quartet machine.
 *
 * It mounts what the kernel has not, and then does one of three things, as the kernel command
 * line says:
 *
 *	(nothing)		a login shell on every console and on the serial line, for ever
 *	quartet.run		one command, then power off (outside.c)
 *	quartet.tests=FILE	every test that FILE lists, one after another, then power off
 *
 * Signals are never handled, only waited for: all that matter stay blocked, and sigtimedwait()
 * takes one at a time. So there are no handlers, and no race between a handler and the main loop.
 * poweroff, reboot and halt of busybox ask for their work with SIGUSR2, SIGTERM and SIGUSR1.
 *
 * init must not die: the kernel has no other parent for orphans. Nothing here trusts that a
 * file exists, that a mount works or that a shell starts; each failure is told, and life goes on.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include "init.h"

#define SHARE "/share"

enum {
	SHUTDOWN_LOOK_MS = 10,
	RESPAWN_PAUSE_MS = 1000,	/* before a shell that ended at once is tried again */
	STATUS_TIMEOUT = 124,		/* as timeout(1) has it */
};

/* A terminal, and the shell that init keeps alive there. */
struct terminal {
	const char *device;
	const char *type;		/* TERM */
	pid_t shell;			/* 0: none runs */
	long long started_ms;
	long long next_start_ms;	/* not before this; shells that end at once must not spin */
	bool absent;			/* no such device in this machine */
};

static struct terminal terminals[] = {
	{ .device = "/dev/tty1", .type = "linux" },
	{ .device = "/dev/tty2", .type = "linux" },
	{ .device = "/dev/tty3", .type = "linux" },
	{ .device = "/dev/tty4", .type = "linux" },
	{ .device = "/dev/ttyS0", .type = "vt100" },
};

/* The signals init waits for; blocked in init, unblocked in every child. */
static sigset_t awaited_signals;

static bool made_share_folder;

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fprintf(stderr, "init: ");
	vfprintf(stderr, format, arguments);
	fprintf(stderr, "\n");
	va_end(arguments);
}

/* ---- files ------------------------------------------------------------------------------ */

/* The whole of a small file, with a NUL after it; NULL if it cannot be read. The caller frees. */
char *read_whole_file(const char *path, size_t *size_out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	size_t size = 0;
	ssize_t got = -1;

	if (fd < 0)
		return NULL;
	do {
		char *larger = realloc(text, size + 4096 + 1);

		if (!larger)
			break;
		text = larger;
		got = read(fd, text + size, 4096);
		if (got > 0)
			size += got;
	} while (got > 0);
	close(fd);
	if (got < 0) {
		free(text);
		return NULL;
	}
	text[size] = '\0';
	if (size_out)
		*size_out = size;
	return text;
}

bool write_all(int fd, const char *text, size_t size)
{
	while (size > 0) {
		ssize_t written = write(fd, text, size);

		if (written < 0 && errno != EINTR && errno != EAGAIN)
			return false;
		if (written > 0) {
			text += written;
			size -= written;
		}
	}
	return true;
}

void write_text(int fd, const char *text)
{
	(void)write_all(fd, text, strlen(text));
}

void go_to(const char *directory)
{
	if (chdir(directory) < 0 && chdir("/") < 0)
		complain("no root directory: %s", strerror(errno));
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *ftw)
{
	(void)status;
	(void)kind;
	(void)ftw;
	remove(path);
	return 0;
}

/* In a child: walking a tree takes memory, and that of init must stay the same between tests. */
void remove_tree(const char *path)
{
	pid_t pid = fork();

	if (pid == 0) {
		nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* ---- start ------------------------------------------------------------------------------ */

static bool is_mounted(const char *place)
{
	char *mounts = read_whole_file("/proc/mounts", NULL);
	char *rest = mounts;
	bool found = false;

	for (char *line; !found && (line = strsep(&rest, "\n"));) {
		strsep(&line, " ");
		char *where = strsep(&line, " ");

		found = where && strcmp(where, place) == 0;
	}
	free(mounts);
	return found;
}

static void mount_unless_mounted(const char *type, const char *place, const char *options)
{
	if (is_mounted(place))
		return;
	mkdir(place, 0755);
	if (mount(type, place, type, 0, options) < 0)
		complain("cannot mount %s on %s: %s", type, place, strerror(errno));
}

static void open_standard_streams(const char *device)
{
	int fd = open(device, O_RDWR | O_NOCTTY);

	if (fd < 0)
		fd = open("/dev/null", O_RDWR);
	if (fd < 0)
		return;
	for (int standard = 0; standard <= 2; standard++) {
		if (fd != standard)
			dup2(fd, standard);
	}
	if (fd > 2)
		close(fd);
}

/*
 * The folder of ./quartet run --share is a disk of its own, or was packed into the root disk, and
 * is to be read alone, by root too. What we add to a user's disk for it goes again at the end.
 */
static void mount_share(void)
{
	char *device = boot_option("quartet.share");

	if (!device)
		return;
	if (*device) {
		made_share_folder = mkdir(SHARE, 0755) == 0;
		if (mount(device, SHARE, "ext2", MS_RDONLY, NULL) < 0)
			complain("%s: cannot mount %s: %s", SHARE, device, strerror(errno));
	} else if (mount(SHARE, SHARE, NULL, MS_BIND, NULL) < 0 ||
		   mount(NULL, SHARE, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) < 0) {
		complain("%s: cannot be made read-only: %s", SHARE, strerror(errno));
	}
	free(device);
}

/* The machine's name is the first line of /etc/hostname. */
static void set_host_name(void)
{
	size_t size;
	char *name = read_whole_file("/etc/hostname", &size);

	if (name && size > 0)
		sethostname(name, strcspn(name, "\n"));
	free(name);
}

/* The shell that /etc/passwd gives to root, or /bin/sh. The caller frees it. */
static char *root_shell(void)
{
	char *users = read_whole_file("/etc/passwd", NULL);
	char *rest = users;
	char *shell = NULL;

	for (char *line; !shell && (line = strsep(&rest, "\n"));) {
		if (strncmp(line, "root:", 5) != 0)
			continue;
		for (int field = 0; line && field < 6; field++)
			strsep(&line, ":");
		if (line && access(line, X_OK) == 0)
			shell = strdup(line);
	}
	free(users);
	return shell ? shell : strdup("/bin/sh");
}

/* Names in /dev for a program's own descriptors, which elsewhere udev makes. */
static void link_descriptors(void)
{
	static const struct {
		const char *target, *path;
	} links[] = {
		{ "/proc/self/fd", "/dev/fd" },
		{ "/proc/self/fd/0", "/dev/stdin" },
		{ "/proc/self/fd/1", "/dev/stdout" },
		{ "/proc/self/fd/2", "/dev/stderr" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		if (symlink(links[i].target, links[i].path) < 0 && errno != EEXIST)
			complain("%s: %s", links[i].path, strerror(errno));
	}
}

static void set_up_machine(void)
{
	char *shell;

	umask(022);
	mount_unless_mounted("proc", "/proc", NULL);
	if (access("/dev/null", F_OK) < 0)
		mount_unless_mounted("devfs", "/dev", NULL);
	if (fcntl(0, F_GETFD) < 0 || fcntl(1, F_GETFD) < 0 || fcntl(2, F_GETFD) < 0)
		open_standard_streams("/dev/console");
	link_descriptors();
	mount_unless_mounted("tmpfs", "/tmp", "mode=1777");
	mount_unless_mounted("tmpfs", "/run", "mode=755");
	mount_unless_mounted("tmpfs", "/dev/shm", "mode=1777");
	mount_unless_mounted("sysfs", "/sys", NULL);
	mkdir("/run/lock", 01777);
	chmod("/run/lock", 01777);
	mount_share();
	set_host_name();
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("USER", "root", 1);
	setenv("LOGNAME", "root", 1);
	shell = root_shell();
	setenv("SHELL", shell ? shell : "/bin/sh", 1);
	free(shell);
	setenv("TERM", "linux", 1);
	mkdir("/root", 0700);

	/* busybox's own init would do this; Ctrl-Alt-Del then arrives here as SIGINT. */
	reboot(RB_DISABLE_CAD);
}

/*
 * The value of `name=value`, or "" for a bare `name`, on the kernel command line; NULL if absent.
 */
char *boot_option(const char *name)
{
	char *text = read_whole_file("/proc/cmdline", NULL);
	char *rest = text;
	char *value = NULL;
	size_t length = strlen(name);

	for (char *word; (word = strsep(&rest, " \t\n"));) {
		if (strncmp(word, name, length) != 0)
			continue;
		if (word[length] == '=')
			value = strdup(word + length + 1);
		else if (word[length] == '\0')
			value = strdup("");
	}
	free(text);
	return value;
}

/* ---- children --------------------------------------------------------------------------- */

/* In a new child: nothing of init's signal handling may leak into programs. */
void become_ordinary_process(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int signal = 1; signal < NSIG; signal++)
		sigaction(signal, &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int status_as_shell(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/*
 * Wait until `child` is dead, reaping all others on the way; then kill it if it takes too long.
 * Returns its status as a shell would give it, or STATUS_TIMEOUT.
 */
int wait_for_child(pid_t child, long long timeout_ms)
{
	long long deadline = now_ms() + timeout_ms;
	bool timed_out = false;

	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, timeout_ms < 0 ? 0 : WNOHANG);

		if (pid == child)
			return timed_out ? STATUS_TIMEOUT : status_as_shell(status);
		if (pid > 0 || (pid < 0 && errno == EINTR))
			continue;
		if (pid < 0)
			return STATUS_TIMEOUT;

		long long left = deadline - now_ms();

		if (left <= 0) {
			kill(child, SIGKILL);
			timed_out = true;
			left = 1000;
		}
		struct timespec pause = { left / 1000, left % 1000 * 1000000 };

		sigtimedwait(&awaited_signals, NULL, &pause);
	}
}

/* Reap until no child is left or the time is over. */
bool wait_for_all_children(long long timeout_ms)
{
	long long deadline = now_ms() + timeout_ms;

	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid > 0 || (pid < 0 && errno == EINTR))
			continue;
		if (pid < 0)
			return true;

		long long left = deadline - now_ms();
		sigset_t child_signal;

		if (left <= 0)
			return false;
		struct timespec pause = { left / 1000, left % 1000 * 1000000 };

		sigemptyset(&child_signal);
		sigaddset(&child_signal, SIGCHLD);
		sigtimedwait(&child_signal, NULL, &pause);
	}
}

/* ---- the end ---------------------------------------------------------------------------- */

static void unmount_everything(void)
{
	char *mounts = read_whole_file("/proc/mounts", NULL);
	char *places[64];
	size_t count = 0;
	char *rest = mounts;

	for (char *line; count < ARRAY_SIZE(places) && (line = strsep(&rest, "\n"));) {
		strsep(&line, " ");
		char *where = strsep(&line, " ");

		if (where && strcmp(where, "/") != 0)
			places[count++] = where;
	}
	/* The last mounted first: it may lie inside an earlier one. */
	while (count > 0)
		umount2(places[--count], 0);
	free(mounts);
	if (made_share_folder)
		rmdir(SHARE);
	if (mount("none", "/", NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0)
		complain("cannot make / read-only: %s", strerror(errno));
}

static bool is_our_shell(pid_t pid)
{
	for (size_t i = 0; i < ARRAY_SIZE(terminals); i++) {
		if (terminals[i].shell == pid)
			return true;
	}
	return false;
}

/* Is it alive, and might heed a SIGTERM? Kernel threads of Linux ignore all signals. */
static bool heeds_sigterm(pid_t pid)
{
	char path[32];
	char *status, *ignored, *state;
	bool heeds = false;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	status = read_whole_file(path, NULL);
	if (!status)
		return false;
	state = strstr(status, "\nState:\t");
	ignored = strstr(status, "\nSigIgn:\t");
	if (state && ignored)
		heeds = state[8] != 'Z' && state[8] != 'X' &&
			!(strtoull(ignored + 9, NULL, 16) >> (SIGTERM - 1) & 1);
	free(status);
	return heeds;
}

static bool anybody_heeds_sigterm(void)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	while (folder && !found && (entry = readdir(folder))) {
		pid_t pid = atoi(entry->d_name);

		found = pid > 1 && !is_our_shell(pid) && heeds_sigterm(pid);
	}
	if (folder)
		closedir(folder);
	return found;
}

/*
 * First SIGTERM, for which programs have handlers that take their time; what is stopped must run
 * for them. Interactive shells ignore it: they get SIGHUP when the others have gone, for whoever
 * is in front of a shell that ends gets SIGHUP, too. Who is left then is killed.
 */
void shut_down(int reboot_command)
{
	long long deadline = now_ms() + SHUTDOWN_GRACE_MS;

	go_to("/");
	kill(-1, SIGTERM);
	kill(-1, SIGCONT);
	while (now_ms() < deadline && anybody_heeds_sigterm())
		wait_for_all_children(SHUTDOWN_LOOK_MS);
	kill(-1, SIGHUP);
	if (!wait_for_all_children(SHUTDOWN_GRACE_MS)) {
		kill(-1, SIGKILL);
		wait_for_all_children(SHUTDOWN_GRACE_MS);
	}
	sync();
	unmount_everything();
	sync();
	reboot(reboot_command);
	complain("reboot(%#x): %s", reboot_command, strerror(errno));
	for (;;)
		pause();
}

/* ---- shells ----------------------------------------------------------------------------- */

__attribute__((noreturn))
static void become_shell(const struct terminal *terminal)
{
	int fd;

	setsid();
	fd = open(terminal->device, O_RDWR);
	if (fd < 0)
		_exit(1);
	ioctl(fd, TIOCSCTTY, 0);
	for (int standard = 0; standard <= 2; standard++)
		dup2(fd, standard);
	if (fd > 2)
		close(fd);
	tcsetpgrp(0, getpid());
	become_ordinary_process();
	setenv("TERM", terminal->type, 1);
	go_to("/root");

	/* A dash before its name makes it a login shell. */
	const char *shell = getenv("SHELL");
	char name[64];

	snprintf(name, sizeof(name), "-%s", strrchr(shell, '/') ? strrchr(shell, '/') + 1 : shell);
	execl(shell, name, (char *)NULL);
	complain("%s: cannot start %s: %s", terminal->device, shell, strerror(errno));
	_exit(127);
}

static void start_shell(struct terminal *terminal)
{
	pid_t pid = fork();

	if (pid == 0)
		become_shell(terminal);
	terminal->started_ms = now_ms();
	if (pid > 0)
		terminal->shell = pid;
	else
		terminal->next_start_ms = now_ms() + RESPAWN_PAUSE_MS;
}

static void forget_shell(pid_t pid)
{
	for (size_t i = 0; i < ARRAY_SIZE(terminals); i++) {
		struct terminal *terminal = &terminals[i];

		if (terminal->shell != pid)
			continue;
		terminal->shell = 0;
		terminal->next_start_ms = now_ms();
		if (now_ms() - terminal->started_ms < RESPAWN_PAUSE_MS)
			terminal->next_start_ms += RESPAWN_PAUSE_MS;
	}
}

/* Start every shell that is due. Returns how long to wait for the next one, or -1: for ever. */
static long long start_due_shells(void)
{
	long long wait_ms = -1;

	for (size_t i = 0; i < ARRAY_SIZE(terminals); i++) {
		struct terminal *terminal = &terminals[i];
		long long left = terminal->next_start_ms - now_ms();

		if (terminal->absent || terminal->shell)
			continue;
		if (left <= 0) {
			start_shell(terminal);
			left = terminal->shell ? -1 : RESPAWN_PAUSE_MS;
		}
		if (left > 0 && (wait_ms < 0 || left < wait_ms))
			wait_ms = left;
	}
	return wait_ms;
}

static int wait_for_signal(long long timeout_ms)
{
	struct timespec timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000000 };

	if (timeout_ms < 0)
		return sigwaitinfo(&awaited_signals, NULL);
	return sigtimedwait(&awaited_signals, NULL, &timeout);
}

/* The number after `name` in the lines of a file of the kernel's. */
static unsigned long long number_after(const char *text, const char *name)
{
	const char *found = strstr(text, name);

	return found ? strtoull(found + strlen(name), NULL, 10) : 0;
}

/*
 * How long the way here was, in one line on the console and in the log. The kernel keeps what it
 * was at the write (/proc/quartet/boot).
 */
static void report_boot(void)
{
	static const char file[] = "/proc/quartet/boot";
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	char *text = NULL;
	char line[128];

	if (fd >= 0) {
		write_text(fd, "prompt\n");
		close(fd);
		text = read_whole_file(file, NULL);
	}
	if (!text)
		return;
	snprintf(line, sizeof(line), "<6>init: booted in %llu ms: %llu ticks, %llu of them idle\n",
		 number_after(text, "milliseconds "), number_after(text, "ticks "),
		 number_after(text, "idle_ticks "));
	free(text);
	write_text(STDOUT_FILENO, line + strlen("<6>"));
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		write_text(fd, line);
		close(fd);
	}
}

__attribute__((noreturn))
static void keep_shells(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(terminals); i++)
		terminals[i].absent = access(terminals[i].device, F_OK) < 0;
	report_boot();

	for (;;) {
		switch (wait_for_signal(start_due_shells())) {
		case SIGTERM:
		case SIGINT:
			shut_down(RB_AUTOBOOT);
		case SIGUSR1:
			shut_down(RB_HALT_SYSTEM);
		case SIGUSR2:
			shut_down(RB_POWER_OFF);
		}
		/* One SIGCHLD may stand for many deaths. */
		for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;)
			forget_shell(pid);
	}
}

int main(void)
{
	char *list;

	if (getpid() != 1) {
		fprintf(stderr, "init: this is the first process's work\n");
		return 1;
	}
	setsid();
	sigfillset(&awaited_signals);
	sigprocmask(SIG_SETMASK, &awaited_signals, NULL);
	sigemptyset(&awaited_signals);
	sigaddset(&awaited_signals, SIGCHLD);
	sigaddset(&awaited_signals, SIGTERM);
	sigaddset(&awaited_signals, SIGINT);
	sigaddset(&awaited_signals, SIGUSR1);
	sigaddset(&awaited_signals, SIGUSR2);
	set_up_machine();

	list = boot_option("quartet.tests");
	if (list)
		run_tests_and_power_off(list);
	if (boot_option("quartet.run"))
		run_and_power_off();
	keep_shells();
}

/*
 * on-terminal COMMAND [WAIT KEYS]...: run a shell command on a terminal of 24 lines, and type.
 *
 * For each pair it waits until the command has printed WAIT, and then until everybody in the
 * terminal's foreground group sleeps and has nothing more to say: then the program has set the
 * terminal as it likes and waits for keys, which no pause of a fixed length could promise. Only
 * after an escape a longer pause follows, since programs wait a moment for the rest of a sequence.
 * What the command prints is printed, and its status is the status. In ten seconds it must be done.
 * The terminal echoes nothing at first: Linux may lose the echo of what a program reads last.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum {
	PATIENCE_S = 10,
	LOOK_MS = 10,
	QUIET_LOOKS = 2,
	QUIET_LOOKS_AFTER_ESCAPE = 20,
	STATUS_TIMEOUT = 124,
};

static char said[1 << 16]; /* all that the command has printed, a string */
static size_t said_size;
static pid_t command_pid;

static void give_up(int number)
{
	(void)number;
	kill(-command_pid, SIGKILL);
	_exit(STATUS_TIMEOUT);
}

/* Take what comes within `wait_ms`. False: the other side is closed, or says too much. */
static bool hear(int terminal, int wait_ms, bool *heard_out)
{
	struct pollfd polled = { .fd = terminal, .events = POLLIN };
	ssize_t got;

	*heard_out = false;
	if (poll(&polled, 1, wait_ms) <= 0)
		return true;
	got = read(terminal, said + said_size, sizeof(said) - 1 - said_size);
	if (got <= 0)
		return false;
	(void)!write(STDOUT_FILENO, said + said_size, got);
	said_size += got;
	*heard_out = true;
	return true;
}

/* Do all processes of the group sleep? Of those older than the command none is in it. */
static bool group_sleeps(pid_t group)
{
	DIR *folder = opendir("/proc");
	bool sleeps = true;

	for (struct dirent *entry; folder && sleeps && (entry = readdir(folder));) {
		char path[300], state;
		int its_group;

		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		FILE *file = atoi(entry->d_name) >= command_pid ? fopen(path, "r") : NULL;
		if (!file)
			continue;
		if (fscanf(file, "%*d (%*[^)]) %c %*d %d", &state, &its_group) == 2 &&
		    its_group == group && state != 'S')
			sleeps = false;
		fclose(file);
	}
	if (folder)
		closedir(folder);
	return sleeps;
}

static bool wait_until_it_listens(int terminal, int looks)
{
	int quiet = 0;
	bool heard;

	while (quiet < looks) {
		if (!hear(terminal, LOOK_MS, &heard))
			return false;
		quiet = !heard && group_sleeps(tcgetpgrp(terminal)) ? quiet + 1 : 0;
	}
	return true;
}

/* The command's end of the terminal, for good. */
static void become_command(const char *name, char *command)
{
	struct termios modes;
	int fd;

	setsid();
	fd = open(name, O_RDWR);
	if (fd < 0 || ioctl(fd, TIOCSCTTY, 0) < 0 || tcgetattr(fd, &modes) < 0)
		_exit(125);
	modes.c_lflag &= ~ECHO;
	tcsetattr(fd, TCSANOW, &modes);
	for (int standard = 0; standard <= 2; standard++)
		dup2(fd, standard);
	close(fd);
	execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(127);
}

int main(int count, char **arguments)
{
	const struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	size_t seen = 0;
	bool open = true, heard;
	int status, looks = QUIET_LOOKS;

	if (count < 2 || terminal < 0 || grantpt(terminal) < 0 || unlockpt(terminal) < 0 ||
	    ioctl(terminal, TIOCSWINSZ, &size) < 0)
		return 125;
	command_pid = fork();
	if (command_pid == 0)
		become_command(ptsname(terminal), arguments[1]);
	signal(SIGALRM, give_up);
	alarm(PATIENCE_S);
	for (int pair = 2; open && pair + 1 < count; pair += 2) {
		const char *keys = arguments[pair + 1];
		size_t length = strlen(keys);

		while (open && !strstr(said + seen, arguments[pair]))
			open = hear(terminal, -1, &heard);
		if (!open || !wait_until_it_listens(terminal, looks))
			break;
		seen = said_size;
		(void)!write(terminal, keys, length);
		looks = QUIET_LOOKS;
		if (length > 0 && keys[length - 1] == '\033')
			looks = QUIET_LOOKS_AFTER_ESCAPE;
	}
	while (open)
		open = hear(terminal, -1, &heard);
	waitpid(command_pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

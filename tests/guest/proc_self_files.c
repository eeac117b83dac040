/* /proc/PID/stat, status, statm, cmdline, comm, environ, exe, cwd, root, fd: in Linux's formats. */
#include "check.h"
#include <dirent.h>

static char text[65536];

int main(int argc, char **argv)
{
	char link[PATH_MAX], path[64], directory[PATH_MAX];
	char state;
	int pid, parent, group, session, fields;
	ssize_t length;

	if (argc == 1) {
		execl("/proc/self/exe", "a b(c) d", "second argument", "", (char *)NULL);
		FAIL("execl");
	}
	(void)argv;
	read_text("/proc/self/stat", text, sizeof(text));
	CHECK_EQ(atoi(text), getpid());
	char *after = strrchr(text, ')');

	CHECK(after != NULL);
	CHECK(sscanf(after, ") %c %d %d %d", &state, &parent, &group, &session) == 4);
	CHECK_EQ(state, 'R');
	CHECK_EQ(parent, getppid());
	CHECK_EQ(group, getpgrp());
	CHECK_EQ(session, getsid(0));
	fields = 2;
	for (char *word = strtok(after + 2, " \n"); word; word = strtok(NULL, " \n"))
		fields++;
	CHECK_EQ(fields, 52);

	read_text("/proc/self/status", text, sizeof(text));
	snprintf(path, sizeof(path), "\nPid:\t%d\n", getpid());
	CHECK(strstr(text, path) != NULL);
	snprintf(path, sizeof(path), "\nPPid:\t%d\n", getppid());
	CHECK(strstr(text, path) != NULL);
	static const char *const wanted[] = {
		"Name:\t", "\nState:\tR (running)\n", "\nTgid:\t", "\nUid:\t0\t0\t0\t0\n",
		"\nGid:\t0\t0\t0\t0\n", "\nVmSize:\t", "\nVmRSS:\t", "\nThreads:\t1\n",
		"\nSigPnd:\t0000000000000000\n", "\nSigBlk:\t0000000000000000\n", "\nSigIgn:\t",
		"\nSigCgt:\t",
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		if (!strstr(text, wanted[i]))
			FAIL("no %s in status", wanted[i]);
	}
	read_text("/proc/self/statm", text, sizeof(text));
	CHECK(sscanf(text, "%d %d %d", &pid, &parent, &group) == 3);
	CHECK(pid >= parent && parent >= group);

	CHECK_EQ(read_text("/proc/self/cmdline", text, sizeof(text)), 26);
	CHECK(memcmp(text, "a b(c) d\0second argument\0\0", 26) == 0);
	length = readlink("/proc/self/exe", link, sizeof(link) - 1);
	CHECK(length > 0);
	link[length] = '\0';
	CHECK(strstr(link, "proc_self_files") != NULL);
	CHECK_EQ(link[0], '/');
	length = readlink("/proc/self/cwd", link, sizeof(link) - 1);
	CHECK(length > 0);
	link[length] = '\0';
	CHECK(getcwd(directory, sizeof(directory)) != NULL);
	CHECK(strcmp(link, directory) == 0);
	CHECK_EQ(readlink("/proc/self/root", link, sizeof(link)), 1);
	CHECK_EQ(link[0], '/');

	/* Descriptors: links to what is open, and a way to open it again. */
	make_file("file", "0123");
	int fd = MUST(open("file", O_RDONLY));

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	length = readlink(path, link, sizeof(link) - 1);
	CHECK(length > 0);
	link[length] = '\0';
	strcat(directory, "/file");
	CHECK(strcmp(link, directory) == 0);
	char byte;

	CHECK_EQ(read(fd, &byte, 1), 1);
	int again = MUST(open(path, O_RDONLY));

	CHECK_EQ(read(again, &byte, 1), 1);
	CHECK_EQ(byte, '0');
	int fds[2];

	CHECK(pipe(fds) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	length = readlink(path, link, sizeof(link) - 1);
	CHECK(length > 0 && strncmp(link, "pipe:[", 6) == 0);
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;
	int count = 0;

	CHECK(folder != NULL);
	while ((entry = readdir(folder)))
		count += entry->d_name[0] != '.';
	CHECK(count >= 6);
	closedir(folder);
	return 0;
}

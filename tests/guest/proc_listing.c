/* /proc lists every process once; numbers of the dead vanish, also while their files are open. */
#include "check.h"
#include <dirent.h>

static bool listed(pid_t pid)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	int found = 0;

	CHECK(folder != NULL);
	while ((entry = readdir(folder)))
		found += atoi(entry->d_name) == pid;
	closedir(folder);
	CHECK(found <= 1);
	return found;
}

int main(void)
{
	char path[64], text[4096], link[64];
	pid_t pids[20], child;
	int fd, folder;

	for (int i = 0; i < 20; i++) {
		pids[i] = FORK();
		if (pids[i] == 0) {
			for (;;)
				pause();
		}
	}
	for (int i = 0; i < 20; i++)
		CHECK(listed(pids[i]));
	CHECK(listed(getpid()));
	CHECK(listed(1));
	for (int i = 0; i < 20; i++)
		kill_and_reap(pids[i]);
	for (int i = 0; i < 20; i++)
		CHECK(!listed(pids[i]));

	child = FORK();
	if (child == 0) {
		for (;;)
			pause();
	}
	snprintf(path, sizeof(path), "/proc/%d", child);
	folder = MUST(open(path, O_RDONLY | O_DIRECTORY));
	fd = MUST(openat(folder, "stat", O_RDONLY));
	CHECK(read(fd, text, sizeof(text)) > 0);
	kill_and_reap(child);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_ERRNO(read(fd, text, sizeof(text)), ESRCH);
	CHECK(openat(folder, "status", O_RDONLY) == -1);
	CHECK(errno == ENOENT || errno == ESRCH);
	CHECK_ERRNO(open(path, O_RDONLY), ENOENT);

	ssize_t length = readlink("/proc/self", link, sizeof(link) - 1);

	CHECK(length > 0);
	link[length] = '\0';
	CHECK_EQ(atoi(link), getpid());
	CHECK_ERRNO(open("/proc/99999999", O_RDONLY), ENOENT);
	CHECK(mkdir("/proc/x", 0755) < 0);
	return 0;
}

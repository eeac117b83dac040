/* test: timeout=120
 * Renaming against looking up against unmounting: names move between directories that are moved
 * themselves, while others walk through them, list them, make and remove files in them, and mount
 * and unmount file systems over them. A file that only ever moves is found all the time by whoever
 * holds it, and at the end every name is there once.
 */
#include "torture.h"
#include <dirent.h>
#include <sys/mount.h>

enum { DIRECTORIES = 4, MOVED_FILES = 3 };

static void directory_name(char *path, struct torturer *self)
{
	sprintf(path, "d%u", torture_random(self, DIRECTORIES));
}

/* Where the file is; by the time that this is told, perhaps no longer. */
static void find_file(char *path, int number)
{
	for (int i = 0; i < DIRECTORIES; i++) {
		sprintf(path, "d%d/moved%d", i, number);
		if (access(path, F_OK) == 0)
			return;
	}
	sprintf(path, "moved%d", number);
}

static void move_file(struct torturer *self)
{
	char from[64], to[64], directory[32];

	find_file(from, self->number);
	directory_name(directory, self);
	sprintf(to, "%s/moved%d", directory, self->number);
	if (torture_random(self, 4) == 0)
		sprintf(to, "moved%d", self->number);
	/* The directories change their places, and are covered by mounts. */
	if (rename(from, to) != 0)
		CHECK(errno == ENOENT || errno == EXDEV || errno == EBUSY);
}

static void exchange_directories(struct torturer *self)
{
	char from[32], to[32];

	directory_name(from, self);
	directory_name(to, self);
	if (syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE) != 0)
		CHECK(errno == EBUSY || errno == EXDEV);
}

static void make_and_remove(struct torturer *self)
{
	char directory[32], path[64], other[64];
	int fd;

	directory_name(directory, self);
	sprintf(path, "%s/own%d", directory, self->number);
	directory_name(directory, self);
	sprintf(other, "%s/linked%d", directory, self->number);
	fd = open(path, O_CREAT | O_RDWR, 0600);
	if (fd >= 0) {
		CHECK_EQ(write(fd, "x", 1), 1);
		(void)!link(path, other);
		close(fd);
	}
	(void)!unlink(path);
	(void)!unlink(other);
	sprintf(path, "%s/directory%d", directory, self->number);
	if (mkdir(path, 0700) == 0)
		(void)!rmdir(path);
}

static void look(struct torturer *self)
{
	char directory[32], path[128], text[PATH_MAX];
	struct stat status;
	DIR *listed;
	int fd;

	directory_name(directory, self);
	sprintf(path, "./%s/../%s/./moved%u", directory, directory,
		torture_random(self, MOVED_FILES));
	if (stat(path, &status) == 0)
		CHECK(S_ISREG(status.st_mode));
	listed = opendir(directory);
	if (listed) {
		struct dirent *entry;

		while ((entry = readdir(listed)))
			CHECK(strlen(entry->d_name) > 0 && entry->d_ino != 0);
		closedir(listed);
	}
	fd = open(directory, O_RDONLY | O_DIRECTORY);
	if (fd >= 0) {
		sprintf(path, "/proc/self/fd/%d", fd);
		CHECK(readlink(path, text, sizeof(text)) > 0);
		(void)!fstatat(fd, "moved0", &status, 0);
		close(fd);
	}
}

static void mount_and_unmount(struct torturer *self)
{
	char directory[32], path[64];

	directory_name(directory, self);
	if (mount("none", directory, "tmpfs", 0, NULL) != 0)
		FAIL("mount");
	sprintf(path, "%s/inside", directory);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	/*
	 * Lazily, for somebody is always in it. The directory may have changed its place just
	 * before the mount was there to keep it: then that one goes at the end.
	 */
	if ((torture_random(self, 2) || umount(directory) != 0) &&
	    umount2(directory, MNT_DETACH) != 0)
		CHECK_EQ(errno, EINVAL);
}

static void unmount_all(void)
{
	char path[32];

	for (int i = 0; i < DIRECTORIES; i++) {
		sprintf(path, "d%d", i);
		while (umount2(path, MNT_DETACH) == 0)
			;
	}
}

/* All is quiet: are the names there, each once? */
static void count_names(void)
{
	char path[64];

	for (int number = 0; number < MOVED_FILES; number++) {
		int found = 0;

		sprintf(path, "moved%d", number);
		found += access(path, F_OK) == 0;
		for (int i = 0; i < DIRECTORIES; i++) {
			sprintf(path, "d%d/moved%d", i, number);
			found += access(path, F_OK) == 0;
		}
		CHECK_EQ(found, 1);
	}
}

static void tidy_up(void)
{
	CHECK(chdir("..") == 0);
	CHECK(system("rm -rf names") == 0);
}

int main(void)
{
	static void (*const steps[])(struct torturer *) = {
		exchange_directories, make_and_remove, make_and_remove, look, look,
		mount_and_unmount,
	};
	pid_t pids[ARRAY_SIZE(steps) + MOVED_FILES];
	char path[32];

	enter_disk_directory();
	CHECK(mkdir("names", 0700) == 0 && chdir("names") == 0);
	for (int i = 0; i < DIRECTORIES; i++) {
		sprintf(path, "d%d", i);
		CHECK(mkdir(path, 0700) == 0);
	}
	for (int i = 0; i < MOVED_FILES; i++) {
		sprintf(path, "moved%d", i);
		make_file(path, "moved");
	}
	torture_begin();
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		pids[i] = torture_process(steps[i], i);
	for (int i = 0; i < MOVED_FILES; i++)
		pids[ARRAY_SIZE(steps) + i] = torture_process(move_file, i);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		CHECK_EQ(wait_exit_status(pids[i]), 0);
	unmount_all();
	count_names();
	tidy_up();
	return 0;
}

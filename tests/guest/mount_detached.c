/*
 * umount -l: the mount leaves the tree at once with all that is mounted on it, and lives on for
 * those who are inside: open files, directories, a working directory.
 */
#include "check.h"
#include <sys/mount.h>

static void inside(int directory, int fd)
{
	char text[16] = "";
	struct stat here, up;

	CHECK_EQ(pread(fd, text, sizeof(text), 0), 4);
	CHECK(strcmp(text, "text") == 0);
	CHECK_EQ(pwrite(fd, "next", 4, 4), 4);
	MUST(close(MUST(openat(directory, "file", O_RDWR))));
	MUST(close(MUST(openat(directory, "made", O_CREAT | O_RDWR, 0644))));
	MUST(unlinkat(directory, "made", 0));
	/* Nothing leads out, nor to what was mounted on it. */
	MUST(fstatat(directory, ".", &here, 0));
	MUST(fstatat(directory, "..", &up, 0));
	CHECK(here.st_dev == up.st_dev && here.st_ino == up.st_ino);
	CHECK_ERRNO(faccessat(directory, "inner/low", F_OK, 0), ENOENT);
	CHECK_ERRNO(openat(directory, "../outside", O_RDONLY), ENOENT);
}

static void inside_by_directory(int directory)
{
	char path[PATH_MAX];

	MUST(fchdir(directory));
	CHECK(access("file", F_OK) == 0);
	/* The kernel says "(unreachable)/", which the C library takes for an error. */
	CHECK(getcwd(path, sizeof(path)) == NULL);
	CHECK_EQ(errno, ENOENT);
	CHECK(raw_syscall(SYS_getcwd, path, sizeof(path)) > 0);
	CHECK(strcmp(path, "(unreachable)/") == 0);
	CHECK_ERRNO(mount("none", "inner", "tmpfs", 0, NULL), EINVAL);
	CHECK_ERRNO(umount("."), EINVAL);
}

static void not_a_mount(void)
{
	CHECK_ERRNO(umount2("place", MNT_DETACH), EINVAL);
	CHECK_ERRNO(umount2("place", 16), EINVAL);
	CHECK_ERRNO(umount2("place", MNT_EXPIRE | MNT_DETACH), EINVAL);
}

int main(void)
{
	char link[64], name[PATH_MAX];
	ssize_t length;

	umask(022);
	MUST(mkdir("place", 0755));
	make_file("outside", "");
	make_file("place/hidden", "hidden");
	not_a_mount();
	MUST(mount("none", "place", "tmpfs", 0, NULL));
	MUST(mkdir("place/inner", 0755));
	MUST(mount("none", "place/inner", "tmpfs", 0, NULL));
	make_file("place/file", "text");
	make_file("place/inner/low", "low");

	int fd = MUST(open("place/file", O_RDWR));
	int directory = MUST(open("place", O_RDONLY | O_DIRECTORY));

	CHECK_ERRNO(umount("place"), EBUSY);
	MUST(umount2("place", MNT_DETACH));
	CHECK(file_has_text("place/hidden", "hidden"));
	CHECK_ERRNO(access("place/file", F_OK), ENOENT);
	CHECK_ERRNO(umount("place"), EINVAL);
	inside(directory, fd);
	pid_t child = FORK();

	if (child == 0) {
		inside_by_directory(directory);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_ERRNO(mount("/proc/self/fd/0", "place/hidden", NULL, MS_MOVE, NULL), EINVAL);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", directory);
	CHECK_ERRNO(mount(link, "place", NULL, MS_BIND, NULL), EINVAL);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = MUST(readlink(link, name, sizeof(name) - 1));
	name[length] = '\0';
	CHECK(strcmp(name, "/file") == 0);
	MUST(close(directory));
	CHECK_EQ(write(fd, "last", 4), 4);
	MUST(close(fd));
	MUST(unlink("place/hidden"));
	MUST(rmdir("place"));
	return 0;
}

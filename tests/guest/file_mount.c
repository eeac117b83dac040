/*
 * Mounts: what is below is hidden and comes back; ".." leads out; busy ones stay; read-only is
 * EROFS.
 */
#include "check.h"
#include <sys/mount.h>

int main(void)
{
	struct stat above, below, status;
	char path[PATH_MAX], start[PATH_MAX];

	CHECK(getcwd(start, sizeof(start)) != NULL);
	CHECK(mkdir("place", 0755) == 0);
	make_file("place/hidden", "below");
	CHECK(stat("place", &below) == 0);
	if (mount("tmpfs", "place", "tmpfs", 0, NULL) < 0)
		SKIP("cannot mount a tmpfs: %s", strerror(errno));
	CHECK(stat("place", &above) == 0);
	CHECK(above.st_dev != below.st_dev);
	CHECK_ERRNO(access("place/hidden", F_OK), ENOENT);
	make_file("place/file", "above");
	CHECK(mkdir("place/sub", 0755) == 0);

	CHECK(chdir("place/sub") == 0);
	CHECK(getcwd(path, sizeof(path)) != NULL);
	CHECK(strstr(path, "/place/sub") != NULL);
	CHECK(stat("../../place", &status) == 0);
	CHECK_EQ(status.st_dev, above.st_dev);
	CHECK(stat("../..", &status) == 0);
	CHECK_EQ(status.st_dev, below.st_dev);
	CHECK_ERRNO(umount("../../place"), EBUSY);
	CHECK(chdir(start) == 0);

	/* Nothing crosses file systems but copies. */
	make_file("outside", "x");
	CHECK_ERRNO(rename("outside", "place/x"), EXDEV);
	CHECK_ERRNO(link("outside", "place/x"), EXDEV);
	CHECK_ERRNO(rmdir("place"), EBUSY);
	CHECK_ERRNO(rename("place", "elsewhere"), EBUSY);

	int fd = MUST(open("place/file", O_RDONLY));

	CHECK_ERRNO(umount("place"), EBUSY);
	CHECK(close(fd) == 0);
	CHECK(mount(NULL, "place", NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
	CHECK_ERRNO(open("place/file", O_WRONLY), EROFS);
	CHECK_ERRNO(open("place/new", O_CREAT | O_WRONLY, 0644), EROFS);
	CHECK_ERRNO(unlink("place/file"), EROFS);
	CHECK_ERRNO(mkdir("place/x", 0755), EROFS);
	CHECK_ERRNO(chmod("place/file", 0), EROFS);
	CHECK(file_has_text("place/file", "above"));

	CHECK(umount("place") == 0);
	CHECK(file_has_text("place/hidden", "below"));
	CHECK_ERRNO(umount("place"), EINVAL);
	CHECK_ERRNO(mount("tmpfs", "missing", "tmpfs", 0, NULL), ENOENT);
	CHECK_ERRNO(mount("tmpfs", "outside", "tmpfs", 0, NULL), ENOTDIR);
	CHECK_ERRNO(mount("x", "place", "nosuchfs", 0, NULL), ENODEV);
	pid_t child = FORK();

	if (child == 0) {
		become_user(OTHER_UID, OTHER_GID);
		CHECK_ERRNO(mount("tmpfs", "place", "tmpfs", 0, NULL), EPERM);
		CHECK_ERRNO(umount("/proc"), EPERM);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	return 0;
}

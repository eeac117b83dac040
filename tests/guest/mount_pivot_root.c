/*
 * pivot_root: a mount below the caller's root takes the root's place, the old root goes to
 * put_old, and whoever stood at the old root stands at the new one. All within a chroot, so that
 * the root of all stays; and what it refuses.
 */
#include "check.h"
#include <sys/mount.h>

static int pivot(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

static void mount_at(const char *place)
{
	MUST(mkdir(place, 0755));
	MUST(mount("none", place, "tmpfs", 0, "mode=755"));
}

/* outer is to be the caller's root, outer/new the next one. */
static void make_trees(void)
{
	mount_at("outer");
	mount_at("outer/new");
	mount_at("outer/other");
	MUST(mkdir("outer/plain", 0755));
	MUST(mkdir("outer/new/old", 0755));
	make_file("outer/is_outer", "");
	make_file("outer/new/is_new", "");
}

static void go_inside(const char *root)
{
	MUST(chdir(root));
	MUST(chroot("."));
}

static void user_may_not(void)
{
	CHECK_ERRNO(pivot("/new", "/new/old"), EPERM);
}

static void refused(void)
{
	go_inside("outer");
	CHECK_ERRNO(pivot("/new", "/missing"), ENOENT);
	CHECK_ERRNO(pivot("/missing", "/new"), ENOENT);
	CHECK_ERRNO(pivot("/is_outer", "/new/old"), ENOTDIR);
	CHECK_ERRNO(pivot("/new", "/new/is_new"), ENOTDIR);
	CHECK_ERRNO(pivot("/new", "/plain"), EBUSY);
	CHECK_ERRNO(pivot("/plain", "/new"), EBUSY);
	CHECK_ERRNO(pivot("/", "/new/old"), EBUSY);
	CHECK_ERRNO(pivot("/new/old", "/new/old"), EINVAL);
	CHECK_ERRNO(pivot("/new", "/other"), EINVAL);
	run_as(OTHER_UID, user_may_not);
	/* The caller's root has to be one of a mount, and above the new one. */
	MUST(chdir("/plain"));
	int plain = MUST(open("/plain", O_RDONLY | O_DIRECTORY));
	int new = MUST(open("/new", O_RDONLY | O_DIRECTORY));

	MUST(fchdir(plain));
	MUST(chroot("."));
	MUST(fchdir(new));
	CHECK_ERRNO(pivot(".", "old"), EINVAL);
}

static void turned(void)
{
	struct stat old_root, put_old, root, up;

	go_inside("outer");
	MUST(stat("/", &old_root));
	MUST(pivot("/new", "/new/old"));
	CHECK(access("/is_new", F_OK) == 0);
	CHECK_ERRNO(access("/is_outer", F_OK), ENOENT);
	CHECK(access("/old/is_outer", F_OK) == 0);
	MUST(stat("/old", &put_old));
	CHECK(put_old.st_dev == old_root.st_dev && put_old.st_ino == old_root.st_ino);
	/* The working directory was the old root. */
	CHECK(access("is_new", F_OK) == 0);
	MUST(stat("/", &root));
	MUST(stat("/..", &up));
	CHECK(root.st_dev == up.st_dev && root.st_ino == up.st_ino);
	MUST(stat("/old/..", &up));
	CHECK(root.st_dev == up.st_dev && root.st_ino == up.st_ino);
	/* The rest of the old tree has come along; the new root is no longer in it. */
	CHECK_ERRNO(access("/old/new/is_new", F_OK), ENOENT);
	CHECK_ERRNO(umount("/old"), EBUSY);
	MUST(umount("/old/other"));
	MUST(umount("/old"));
	CHECK_ERRNO(access("/old/is_outer", F_OK), ENOENT);
}

/* As container programs do it: the old root ends on top of the new one, and is taken away. */
static void turned_in_place(void)
{
	go_inside("outer");
	int old = MUST(open("/", O_RDONLY | O_DIRECTORY));

	MUST(chdir("/new"));
	MUST(pivot(".", "."));
	MUST(fchdir(old));
	CHECK(access("is_outer", F_OK) == 0);
	MUST(umount2(".", MNT_DETACH));
	MUST(close(old));
	MUST(chdir("/"));
	CHECK(access("is_new", F_OK) == 0);
	CHECK_ERRNO(access("is_outer", F_OK), ENOENT);
}

/* From outside, the new root now stands where the old one did. */
static void see_new_root(void)
{
	CHECK(access("outer/is_new", F_OK) == 0);
	CHECK_ERRNO(access("outer/is_outer", F_OK), ENOENT);
	MUST(umount("outer"));
	MUST(rmdir("outer"));
}

int main(void)
{
	umask(022);
	make_trees();
	in_child(refused);
	in_child(turned);
	see_new_root();
	make_trees();
	in_child(turned_in_place);
	see_new_root();
	return 0;
}

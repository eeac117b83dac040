/*
 * A mount on top of a process's root directory: ".." at the root leads to it, however the walk is
 * made; and from what is mounted on the root of all, ".." leads nowhere, not below it either.
 */
#include "check.h"
#include <linux/openat2.h>
#include <sys/mount.h>

/* 0 or an error; each name twice, since the second walk finds all of it in memory. */
static int look_up(int fd, const char *name, uint64_t resolve)
{
	struct open_how how = { .flags = O_PATH, .resolve = resolve };
	int errors[2];

	for (int i = 0; i < 2; i++) {
		int found = (int)syscall(SYS_openat2, fd, name, &how, sizeof(how));

		errors[i] = found < 0 ? errno : 0;
		if (found >= 0)
			close(found);
	}
	CHECK_EQ(errors[0], errors[1]);
	return errors[0];
}

static void above_the_root(int covered)
{
	MUST(fchdir(covered));
	MUST(chroot("."));
	for (int careful = 0; careful < 2; careful++) {
		uint64_t resolve = careful ? RESOLVE_NO_MAGICLINKS : 0;

		CHECK_EQ(look_up(AT_FDCWD, "/below", resolve), 0);
		CHECK_EQ(look_up(AT_FDCWD, "/above", resolve), ENOENT);
		CHECK_EQ(look_up(AT_FDCWD, "/../above", resolve), 0);
		CHECK_EQ(look_up(AT_FDCWD, "../above", resolve), 0);
		CHECK_EQ(look_up(AT_FDCWD, "/../below", resolve), ENOENT);
		CHECK_EQ(look_up(AT_FDCWD, "/inner/../below", resolve), ENOENT);
		CHECK_EQ(look_up(AT_FDCWD, "/inner/../above", resolve), 0);
		CHECK_EQ(look_up(AT_FDCWD, "/inner/../../above", resolve), 0);
	}
	CHECK_EQ(look_up(covered, "../above", RESOLVE_IN_ROOT), 0);
	CHECK_EQ(look_up(covered, "..", RESOLVE_NO_XDEV), EXDEV);
	CHECK_EQ(look_up(covered, "..", RESOLVE_BENEATH), EXDEV);
	CHECK_EQ(look_up(covered, "inner", RESOLVE_NO_XDEV), 0);
	CHECK_EQ(look_up(covered, "inner/..", RESOLVE_NO_XDEV), EXDEV);
}

static bool leads_to_itself(int fd)
{
	struct stat here, up;

	MUST(fchdir(fd));
	MUST(stat(".", &here));
	MUST(stat("..", &up));
	return here.st_dev == up.st_dev && here.st_ino == up.st_ino;
}

static void on_the_root_of_all(const char *elsewhere)
{
	int bottom = MUST(open("/", O_PATH));

	MUST(mount("none", "/", "tmpfs", 0, NULL));
	int top = open("/..", O_PATH);
	pid_t child = fork();

	if (child == 0) {
		struct stat up, on_top;

		CHECK(top >= 0);
		MUST(fstat(top, &on_top));
		MUST(chroot(elsewhere));
		for (int i = 0; i < 2; i++)
			CHECK(leads_to_itself(top));
		MUST(fchdir(bottom));
		for (int i = 0; i < 2; i++) {
			MUST(stat("..", &up));
			CHECK(up.st_dev == on_top.st_dev);
		}
		_exit(0);
	}
	int status = wait_exit_status(child);

	MUST(umount2("/..", MNT_DETACH));
	CHECK_EQ(status, 0);
}

int main(void)
{
	char here[PATH_MAX - 8], elsewhere[PATH_MAX];

	MUST(mkdir("tree", 0755));
	MUST(mkdir("tree/inner", 0755));
	make_file("tree/below", "");
	int covered = MUST(open("tree", O_PATH));

	MUST(mount("none", "tree", "tmpfs", 0, NULL));
	make_file("tree/above", "");
	pid_t child = fork();

	if (child == 0) {
		above_the_root(covered);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	MUST(umount("tree"));
	CHECK(getcwd(here, sizeof(here)) != NULL);
	snprintf(elsewhere, sizeof(elsewhere), "%s/tree", here);
	on_the_root_of_all(elsewhere);
	return 0;
}

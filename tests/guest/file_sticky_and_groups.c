/*
 * Sticky directories protect others' files; a set-group-id directory gives its group; capabilities
 * of chmod.
 */
#include "check.h"

static void as_user(void)
{
	struct stat status;

	CHECK_ERRNO(unlink("sticky/roots"), EPERM);
	CHECK_ERRNO(rename("sticky/roots", "sticky/x"), EPERM);
	CHECK(unlink("sticky/users") == 0);
	make_file("sticky/own", "x");
	CHECK_ERRNO(rename("sticky/own", "sticky/roots"), EPERM);
	CHECK(rename("sticky/own", "sticky/other") == 0);
	CHECK(unlink("sticky/other") == 0);

	make_file("shared/file", "x");
	CHECK(stat("shared/file", &status) == 0);
	CHECK_EQ(status.st_gid, 77);
	CHECK(mkdir("shared/directory", 0755) == 0);
	CHECK(stat("shared/directory", &status) == 0);
	CHECK_EQ(status.st_gid, 77);
	CHECK_EQ(status.st_mode & S_ISGID, S_ISGID);

	/* Not in that group: the set-group-id bit falls. Writing takes both bits away. */
	CHECK(chmod("shared/file", 02755) == 0);
	CHECK(stat("shared/file", &status) == 0);
	CHECK_EQ(status.st_mode & 07777, 0755);
	make_file("sticky/program", "x");
	CHECK(chmod("sticky/program", 06755) == 0);
	CHECK(stat("sticky/program", &status) == 0);
	CHECK_EQ(status.st_mode & 07777, 06755);
	int fd = MUST(open("sticky/program", O_WRONLY));

	CHECK_EQ(write(fd, "y", 1), 1);
	CHECK(fstat(fd, &status) == 0);
	CHECK_EQ(status.st_mode & 07777, 0755);
}

int main(void)
{
	enter_disk_directory();
	CHECK(mkdir("sticky", 0) == 0 && chmod("sticky", 01777) == 0);
	CHECK(mkdir("shared", 0) == 0 && chown("shared", 0, 77) == 0);
	CHECK(chmod("shared", 02777) == 0);
	make_file("sticky/roots", "x");
	make_file("sticky/users", "x");
	CHECK(chown("sticky/users", OTHER_UID, 0) == 0);
	run_as(OTHER_UID, as_user);
	return 0;
}

/*
 * A write takes the set-id bits of a program away if who writes may not give such bits, whoever
 * opened the file: root's descriptor does not let a user change what root's programs are.
 */
#include "check.h"

static int fd;

static void reset(uid_t owner)
{
	MUST(fchown(fd, owner, owner));
	MUST(fchmod(fd, 06755));
}

static int mode(void)
{
	struct stat status;

	MUST(fstat(fd, &status));
	return status.st_mode & 07777;
}

static void writes(void)
{
	CHECK_EQ(pwrite(fd, "x", 1, 0), 1);
}

static void writes_at_the_end(void)
{
	MUST(lseek(fd, 0, SEEK_END));
	CHECK_EQ(write(fd, "x", 1), 1);
}

static void cuts(void)
{
	MUST(ftruncate(fd, 2));
}

static void lengthens(void)
{
	MUST(ftruncate(fd, 100));
}

static void writes_nothing(void)
{
	CHECK_EQ(pwrite(fd, "x", 0, 0), 0);
}

static void (*const changes[])(void) = { writes, writes_at_the_end, cuts, lengthens };

static void by_a_user(uid_t owner)
{
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		reset(owner);
		run_as(OTHER_UID, changes[i]);
		CHECK_EQ(mode(), 0755);
	}
	reset(owner);
	run_as(OTHER_UID, writes_nothing);
	CHECK_EQ(mode(), 06755);
}

static void by_root(uid_t owner)
{
	reset(owner);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		changes[i]();
		CHECK_EQ(mode(), 06755);
	}
}

int main(void)
{
	enter_disk_directory();
	make_file("program", "text");
	fd = MUST(open("program", O_RDWR));
	by_a_user(0);
	by_a_user(OTHER_UID);
	by_root(0);
	MUST(fchmod(fd, 0666));
	MUST(close(fd));

	MUST(seteuid(OTHER_UID));
	fd = MUST(open("program", O_RDWR));
	MUST(seteuid(0));
	by_root(0);
	by_root(OTHER_UID);
	by_a_user(0);
	MUST(close(fd));
	MUST(unlink("program"));
	return 0;
}

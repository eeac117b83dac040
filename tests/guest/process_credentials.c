/*
 * Real, effective and saved ids, of user and group, supplementary groups: old 16-bit calls and new
 * ones.
 */
#include "check.h"
#include <sys/fsuid.h>

static void check_uids(uid_t real, uid_t effective, uid_t saved)
{
	uid_t r, e, s;

	CHECK(getresuid(&r, &e, &s) == 0);
	CHECK_EQ(r, real);
	CHECK_EQ(e, effective);
	CHECK_EQ(s, saved);
	CHECK_EQ(getuid(), real);
	CHECK_EQ(geteuid(), effective);
}

/* Raw calls: the C library would change all threads. */
static void drop_and_regain(void)
{
	CHECK_EQ(raw_syscall(SYS_setresuid32, 10, 20, 30), 0);
	check_uids(10, 20, 30);
	CHECK_EQ(raw_syscall(SYS_setresuid32, -1, 30, -1), 0);
	check_uids(10, 30, 30);
	CHECK_EQ(raw_syscall(SYS_setresuid32, -1, 10, -1), 0);
	CHECK_EQ(raw_syscall(SYS_setresuid32, 99, -1, -1), -EPERM);
	CHECK_EQ(raw_syscall(SYS_setuid32, 0), -EPERM);
	CHECK_EQ(raw_syscall(SYS_setuid32, 30), 0);
	check_uids(10, 30, 30);
	CHECK_EQ(raw_syscall(SYS_setgid32, 5), -EPERM);
	CHECK_ERRNO(setgroups(0, NULL), EPERM);
}

static void root_setuid(void)
{
	CHECK_EQ(raw_syscall(SYS_setuid32, 55), 0);	/* root changes all three */
	check_uids(55, 55, 55);
	CHECK_EQ(raw_syscall(SYS_setuid32, 0), -EPERM);
}

static void effective_only(void)
{
	CHECK_EQ(raw_syscall(SYS_setreuid32, -1, 55), 0);
	check_uids(0, 55, 55);
	CHECK_EQ(raw_syscall(SYS_setreuid32, -1, 0), 0);	/* the real one allows it */
	check_uids(0, 0, 55);
	CHECK_EQ(raw_syscall(SYS_setreuid32, 55, 0), 0);
	check_uids(55, 0, 0);
}

static void group_ids(void)
{
	gid_t groups[40], r, e, s;

	for (int i = 0; i < 40; i++)
		groups[i] = 2000 + i;
	CHECK(setgroups(40, groups) == 0);
	memset(groups, 0, sizeof(groups));
	CHECK_EQ(getgroups(0, NULL), 40);
	CHECK_ERRNO(getgroups(39, groups), EINVAL);
	CHECK_EQ(getgroups(40, groups), 40);
	CHECK_EQ(groups[39], 2039);
	CHECK_EQ(raw_syscall(SYS_setresgid32, 1, 2, 3), 0);
	CHECK(getresgid(&r, &e, &s) == 0);
	CHECK(r == 1 && e == 2 && s == 3);
	CHECK_EQ(getgid(), 1);
	CHECK_EQ(getegid(), 2);

	/* A supplementary group gives access. */
	make_file("group-file", "x");
	CHECK(chown("group-file", 0, 2017) == 0 && chmod("group-file", 0040) == 0);
	CHECK_EQ(raw_syscall(SYS_setresuid32, OTHER_UID, OTHER_UID, OTHER_UID), 0);
	CHECK(close(MUST(open("group-file", O_RDONLY))) == 0);
	CHECK_ERRNO(open("group-file", O_WRONLY), EACCES);
}

static void old_calls(void)
{
	CHECK_EQ(raw_syscall(SYS_setgid, 7), 0);
	CHECK_EQ(raw_syscall(SYS_getgid), 7);
	CHECK_EQ(raw_syscall(SYS_setreuid, 8, 9), 0);
	CHECK_EQ(raw_syscall(SYS_getuid), 8);
	CHECK_EQ(raw_syscall(SYS_geteuid), 9);
	CHECK_EQ(raw_syscall(SYS_setreuid, 0xffff, 8), 0);	/* 16 bits of -1: unchanged */
	CHECK_EQ(raw_syscall(SYS_getuid), 8);
	CHECK_EQ(raw_syscall(SYS_geteuid), 8);
}

/* An id that does not fit 16 bits is shown as 65534. */
static void large_ids(void)
{
	CHECK_EQ(raw_syscall(SYS_setresuid32, 100000, 100000, 100000), 0);
	CHECK_EQ(raw_syscall(SYS_getuid), 65534);
	CHECK_EQ(raw_syscall(SYS_getuid32), 100000);
}

/* Groups come back in order, however they were given; each is a group of ours. */
static void many_groups(void)
{
	enum { COUNT = 3000, STEP = 1117 };	/* without a common factor: every number once */
	static gid_t given[COUNT], seen[COUNT];

	for (unsigned int i = 0; i < COUNT; i++)
		given[i] = 70000 + (i * STEP) % COUNT;
	CHECK(setgroups(COUNT, given) == 0);
	CHECK_EQ(getgroups(COUNT, seen), COUNT);
	for (unsigned int i = 0; i < COUNT; i++)
		CHECK_EQ(seen[i], 70000 + i);
}

int main(void)
{
	in_child(drop_and_regain);
	in_child(root_setuid);
	in_child(effective_only);
	in_child(group_ids);
	in_child(old_calls);
	in_child(large_ids);
	in_child(many_groups);
	check_uids(0, 0, 0);
	return 0;
}

/*
 * In a directory where everybody may write and nobody may remove what is not his, nobody is led
 * elsewhere: /proc/sys/fs/protected_symlinks, _hardlinks, _fifos and _regular, each value of each.
 *
 * Who is asking, who owns the directory and who owns the thing are three people: the rules look at
 * whether two of them are the same.
 */
#include "check.h"

enum { VICTIM = 3001, ATTACKER = 3002, KEEPER = 3003 };

static char setting_before[4][8];
static const char *const settings[] = { "symlinks", "hardlinks", "fifos", "regular" };

static void setting_path(char path[64], const char *name)
{
	snprintf(path, 64, "/proc/sys/fs/protected_%s", name);
}

static void set(const char *name, const char *value)
{
	char path[64];
	int fd;

	setting_path(path, name);
	fd = MUST(open(path, O_WRONLY));
	CHECK_EQ(write(fd, value, strlen(value)), strlen(value));
	CHECK(close(fd) == 0);
}

static void restore_settings(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		set(settings[i], setting_before[i]);
}

static void save_settings(void)
{
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		setting_path(path, settings[i]);
		read_text(path, setting_before[i], sizeof(setting_before[i]));
	}
}

static void refuse_values(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const char *too_high = i < 2 ? "2" : "3";
		char path[64];
		int fd;

		setting_path(path, settings[i]);
		fd = MUST(open(path, O_WRONLY));
		CHECK_ERRNO(write(fd, too_high, 1), EINVAL);
		CHECK_ERRNO(write(fd, "-1", 2), EINVAL);
		CHECK_ERRNO(write(fd, "x", 1), EINVAL);
		close(fd);
	}
}

/* What `call` gives to this user: 0 or the errno. Descriptors go with the child. */
static int try_as(uid_t uid, long (*call)(const char *), const char *name)
{
	pid_t pid = FORK();

	if (pid == 0) {
		become_user(uid, OTHER_GID);
		_exit(call(name) < 0 ? errno : 0);
	}
	return wait_exit_status(pid);
}

#define EXPECT(uid, call, name, wanted) do { \
	int expect_got = try_as(uid, call, name); \
	if (expect_got != (wanted)) \
		FAIL("user %d, %s of %s gave %d, should %d", uid, #call, name, expect_got, \
		     wanted); \
} while (0)

static void make_directory(const char *name, uid_t owner, mode_t mode)
{
	CHECK(mkdir(name, 0700) == 0);
	CHECK(chown(name, owner, OTHER_GID) == 0 && chmod(name, mode) == 0);
}

static void make_link(const char *name, const char *target, uid_t owner)
{
	CHECK(symlink(target, name) == 0);
	CHECK(lchown(name, owner, owner) == 0);
}

/* ---- symbolic links ---- */

static long open_it(const char *name) { return open(name, O_RDONLY | O_NONBLOCK); }
static long stat_it(const char *name) { struct stat status; return stat(name, &status); }
static long lstat_it(const char *name) { struct stat status; return lstat(name, &status); }
static long read_link(const char *name) { char text[64]; return readlink(name, text, 64); }
static long enter_it(const char *name) { return chdir(name); }
static long through_it(const char *name)
{
	char path[64];
	struct stat status;

	snprintf(path, sizeof(path), "%s/below", name);
	return stat(path, &status);
}
static long create_it(const char *name)
{
	return open(name, O_CREAT | O_WRONLY | O_NONBLOCK, 0666);
}
static long create_new(const char *name) { return open(name, O_CREAT | O_EXCL | O_WRONLY, 0666); }

static void follow_links(const char *mode_name, bool rule_is_on, bool sticky_for_all)
{
	char own[32], keepers[32], attackers[32], dangling[32];
	int refused = rule_is_on && sticky_for_all ? EACCES : 0;

	snprintf(own, sizeof(own), "%s/own", mode_name);
	snprintf(keepers, sizeof(keepers), "%s/keepers", mode_name);
	snprintf(attackers, sizeof(attackers), "%s/attackers", mode_name);
	snprintf(dangling, sizeof(dangling), "%s/dangling", mode_name);
	EXPECT(VICTIM, open_it, own, 0);
	EXPECT(VICTIM, open_it, keepers, 0);
	EXPECT(VICTIM, open_it, attackers, refused);
	EXPECT(VICTIM, stat_it, attackers, refused);
	EXPECT(VICTIM, enter_it, attackers, refused);
	EXPECT(VICTIM, create_it, dangling, refused);
	EXPECT(VICTIM, lstat_it, attackers, 0);
	EXPECT(VICTIM, read_link, attackers, 0);
	EXPECT(VICTIM, create_new, attackers, EEXIST);
	/* Only a link at the end is looked at; and no privilege helps. */
	EXPECT(VICTIM, through_it, attackers, 0);
	EXPECT(ATTACKER, open_it, attackers, 0);
	EXPECT(0, open_it, attackers, refused);
	if (!refused)
		CHECK(unlink("victims/made") == 0);
}

static void check_symbolic_links(void)
{
	static const struct {
		const char *name;
		mode_t mode;
	} kinds[] = { { "all", 01777 }, { "group", 01775 }, { "plain", 0777 } };

	make_directory("victims", VICTIM, 0777);
	make_file("victims/below", "x");
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		char path[32];

		make_directory(kinds[i].name, KEEPER, kinds[i].mode);
		CHECK(chdir(kinds[i].name) == 0);
		make_link("own", "../victims", VICTIM);
		make_link("keepers", "../victims", KEEPER);
		make_link("attackers", "../victims", ATTACKER);
		make_link("dangling", "../victims/made", ATTACKER);
		CHECK(chdir("..") == 0);
		for (int on = 1; on >= 0; on--) {
			set("symlinks", on ? "1" : "0");
			follow_links(kinds[i].name, on, kinds[i].mode == 01777);
		}
		/* A link that leads to a link: the second is at the end, too. */
		snprintf(path, sizeof(path), "chain%zu", i);
		make_link(path, i == 0 ? "all/attackers" : "plain/attackers", VICTIM);
		set("symlinks", "1");
		if (i != 1)
			EXPECT(VICTIM, open_it, path, i == 0 ? EACCES : 0);
	}
}

/* ---- hard links ---- */

static long link_it(const char *name)
{
	return link(name, "all/linked");
}

static long link_where_not_allowed(const char *name)
{
	return link(name, "closed/linked");
}

static void check_link(const char *name, int refused)
{
	EXPECT(VICTIM, link_it, name, refused);
	if (!refused)
		CHECK(unlink("all/linked") == 0);
}

static void make_theirs(const char *name, mode_t mode)
{
	make_file(name, "x");
	CHECK(chown(name, ATTACKER, ATTACKER) == 0 && chmod(name, mode) == 0);
}

static void check_hard_links(void)
{
	make_directory("closed", 0, 0755);
	make_theirs("free", 0666);
	make_theirs("readable", 0644);
	make_theirs("set_user", 04666);
	make_theirs("set_group", 02676);
	make_theirs("locking", 02666);	/* without execution this once meant a mandatory lock */
	make_theirs("mine", 0600);
	CHECK(chown("mine", VICTIM, VICTIM) == 0);
	CHECK(mkfifo("fifo", 0666) == 0 && chmod("fifo", 0666) == 0);
	for (int on = 1; on >= 0; on--) {
		int refused = on ? EPERM : 0;

		set("hardlinks", on ? "1" : "0");
		check_link("mine", 0);
		check_link("free", 0);
		check_link("locking", 0);
		check_link("readable", refused);
		check_link("set_user", refused);
		check_link("set_group", refused);
		check_link("fifo", refused);
		/* What the file does not allow comes before what the directory does not. */
		EXPECT(VICTIM, link_where_not_allowed, "readable", on ? EPERM : EACCES);
		EXPECT(VICTIM, link_where_not_allowed, "free", EACCES);
		CHECK(link("readable", "all/linked") == 0 && unlink("all/linked") == 0);
	}
}

/* ---- files and FIFOs that were there first ---- */

static long create_by_descriptor(const char *name)
{
	char path[64];

	/* The last part of this path lies in /proc. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", MUST(open(name, O_RDWR | O_NONBLOCK)));
	return create_it(path);
}

static void check_creation(const char *directory, const char *fifos, const char *regular,
			   int for_fifo, int for_file)
{
	static const uid_t owners[] = { VICTIM, KEEPER, ATTACKER };
	char path[48];

	set("fifos", fifos);
	set("regular", regular);
	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		bool is_attackers = owners[i] == ATTACKER;

		snprintf(path, sizeof(path), "%s/file%d", directory, (int)owners[i]);
		EXPECT(VICTIM, create_it, path, is_attackers ? for_file : 0);
		EXPECT(VICTIM, open_it, path, 0);
		EXPECT(0, create_it, path, owners[i] != KEEPER ? for_file : 0);
		EXPECT(VICTIM, create_by_descriptor, path, 0);
		snprintf(path, sizeof(path), "%s/fifo%d", directory, (int)owners[i]);
		/* Nobody reads it. */
		EXPECT(VICTIM, create_it, path, is_attackers && for_fifo ? for_fifo : ENXIO);
		EXPECT(VICTIM, open_it, path, 0);
	}
}

static void make_things(const char *directory)
{
	static const uid_t owners[] = { VICTIM, KEEPER, ATTACKER };
	char path[48];

	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
		snprintf(path, sizeof(path), "%s/file%d", directory, (int)owners[i]);
		make_file(path, "x");
		CHECK(chown(path, owners[i], owners[i]) == 0 && chmod(path, 0666) == 0);
		snprintf(path, sizeof(path), "%s/fifo%d", directory, (int)owners[i]);
		CHECK(mkfifo(path, 0666) == 0);
		CHECK(chown(path, owners[i], owners[i]) == 0 && chmod(path, 0666) == 0);
	}
}

static void check_files_and_fifos(void)
{
	make_things("all");
	make_things("group");
	make_things("plain");
	check_creation("all", "0", "0", 0, 0);
	check_creation("all", "1", "0", EACCES, 0);
	check_creation("all", "0", "1", 0, EACCES);
	check_creation("all", "2", "2", EACCES, EACCES);
	check_creation("group", "1", "1", 0, 0);
	check_creation("group", "2", "1", EACCES, 0);
	check_creation("group", "1", "2", 0, EACCES);
	check_creation("plain", "2", "2", 0, 0);
}

int main(void)
{
	enter_disk_directory();
	CHECK(mkdir("protect", 0755) == 0 && chdir("protect") == 0);
	umask(0);
	save_settings();
	refuse_values();
	check_symbolic_links();
	check_hard_links();
	check_files_and_fifos();
	restore_settings();
	return 0;
}

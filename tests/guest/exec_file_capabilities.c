/* test: timeout=120
 * Capabilities that a file gives to whoever executes it (security.capability): all forms of the
 * attribute, who gains and who does not, what the program can see of it, and what takes it away.
 */
#include "user_processes.h"
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/time.h>
#include <sys/xattr.h>

#define NAME "security.capability"
#define BIT(capability) (1ULL << (capability))
#define ALL (BIT(CAP_LAST_CAP + 1) - 1)

enum { EFFECTIVE = 1, FAILED_EXEC = 200 };

static const uint64_t some = BIT(CAP_CHOWN) | BIT(CAP_NET_RAW) | BIT(CAP_SYSLOG);

/* What a program sees of itself, written to descriptor 1. */
struct report {
	uint64_t permitted, effective, inheritable, ambient;
	int secure, dumpable, uid, euid;
};

static void get_capabilities(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	CHECK(syscall(SYS_capget, &header, data) == 0);
	*effective = data[0].effective | (uint64_t)data[1].effective << 32;
	*permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	*inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
}

static void set_capabilities(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {
		{ (uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable },
		{ effective >> 32, permitted >> 32, inheritable >> 32 },
	};

	CHECK(syscall(SYS_capset, &header, data) == 0);
}

static int write_report(void)
{
	struct report report = {
		.secure = (int)getauxval(AT_SECURE),
		.dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0),
		.uid = (int)getuid(),
		.euid = (int)geteuid(),
	};

	get_capabilities(&report.effective, &report.permitted, &report.inheritable);
	for (int i = 0; i <= CAP_LAST_CAP; i++) {
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
			report.ambient |= BIT(i);
	}
	return write(1, &report, sizeof(report)) == sizeof(report) ? 0 : 1;
}

/* ---- making programs ---- */

static void copy_self(const char *name)
{
	int from = MUST(open("/proc/self/exe", O_RDONLY));
	int to = MUST(open(name, O_CREAT | O_TRUNC | O_WRONLY, 0755));
	char buffer[16384];
	ssize_t got;

	while ((got = read(from, buffer, sizeof(buffer))) > 0)
		CHECK_EQ(write(to, buffer, got), got);
	close(from);
	CHECK(close(to) == 0 && chmod(name, 0755) == 0);
}

static void fill(uint32_t value[6], uint32_t magic, uint64_t permitted, uint64_t inheritable)
{
	value[0] = magic;
	value[1] = (uint32_t)permitted;
	value[2] = (uint32_t)inheritable;
	value[3] = permitted >> 32;
	value[4] = inheritable >> 32;
	value[5] = 0;
}

static void give(const char *name, uint32_t flags, uint64_t permitted, uint64_t inheritable)
{
	uint32_t value[6];

	fill(value, VFS_CAP_REVISION_2 | flags, permitted, inheritable);
	CHECK(setxattr(name, NAME, value, XATTR_CAPS_SZ_2, 0) == 0);
}

static bool has_any(const char *name)
{
	ssize_t size = getxattr(name, NAME, NULL, 0);

	if (size < 0)
		CHECK_EQ(errno, ENODATA);
	return size >= 0;
}

/* ---- running them ---- */

/* Run `name` after `prepare`; the error of execve(), or 0 and its report. */
static int run(void (*prepare)(void), const char *name, struct report *out)
{
	int fds[2];
	pid_t pid;
	int status;

	CHECK(pipe(fds) == 0);
	pid = FORK();
	if (pid == 0) {
		CHECK(dup2(fds[1], 1) == 1);
		prepare();
		execl(name, name, "report", (char *)NULL);
		_exit(FAILED_EXEC + errno);
	}
	close(fds[1]);
	memset(out, 0, sizeof(*out));
	status = wait_exit_status(pid);
	if (status == 0)
		CHECK_EQ(read(fds[0], out, sizeof(*out)), sizeof(*out));
	close(fds[0]);
	return status == 0 ? 0 : status - FAILED_EXEC;
}

static void as_user(void)
{
	become_user(OTHER_UID, OTHER_GID);
}

static void with_inheritable(void)
{
	set_capabilities(ALL, ALL, BIT(CAP_KILL) | BIT(CAP_CHOWN));
	as_user();
}

static void without_bounding(void)
{
	CHECK(prctl(PR_CAPBSET_DROP, CAP_NET_RAW, 0, 0, 0) == 0);
	as_user();
}

static void without_new_privileges(void)
{
	as_user();
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
}

static void sharing_the_directory(void)
{
	as_user();
	share_directories();
}

/* A user with permitted capabilities and one of them ambient. */
static void with_ambient(void)
{
	CHECK(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0);
	as_user();
	set_capabilities(BIT(CAP_KILL), BIT(CAP_KILL), BIT(CAP_KILL));
	CHECK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0) == 0);
}

static void as_root(void)
{
}

static void as_plain_root(void)
{
	CHECK(prctl(PR_SET_SECUREBITS, SECBIT_NOROOT, 0, 0, 0) == 0);
}

#define EXPECT_RUN(prepare, name, wanted_permitted, wanted_effective, wanted_secure) do { \
	struct report seen; \
	CHECK_EQ(run(prepare, name, &seen), 0); \
	CHECK_EQ(seen.permitted, wanted_permitted); \
	CHECK_EQ(seen.effective, wanted_effective); \
	CHECK_EQ(seen.secure, wanted_secure); \
} while (0)

static void gains(void)
{
	struct report seen;

	EXPECT_RUN(as_user, "./program", 0, 0, 0);
	give("program", EFFECTIVE, some, 0);
	CHECK_EQ(run(as_user, "./program", &seen), 0);
	CHECK_EQ(seen.permitted, some);
	CHECK_EQ(seen.effective, some);
	CHECK_EQ(seen.inheritable, 0);
	CHECK_EQ(seen.secure, 1);
	CHECK_EQ(seen.dumpable, 0);
	CHECK_EQ(seen.euid, OTHER_UID);
	give("program", 0, some, BIT(CAP_KILL));
	EXPECT_RUN(as_user, "./program", some, 0, 1);
	EXPECT_RUN(with_inheritable, "./program", some | BIT(CAP_KILL), 0, 1);
	give("program", EFFECTIVE, 0, BIT(CAP_KILL) | BIT(CAP_NET_RAW));
	EXPECT_RUN(with_inheritable, "./program", BIT(CAP_KILL), BIT(CAP_KILL), 1);
	EXPECT_RUN(as_user, "./program", 0, 0, 1);
	give("program", 0, 0, 0);
	EXPECT_RUN(as_user, "./program", 0, 0, 0);
	/* Numbers that there are not. */
	give("program", EFFECTIVE, UINT64_MAX, UINT64_MAX);
	EXPECT_RUN(as_user, "./program", ALL, ALL, 1);
}

static void does_not_gain(void)
{
	struct report seen;

	give("program", EFFECTIVE, some, 0);
	CHECK_EQ(run(without_bounding, "./program", &seen), EPERM);
	give("program", 0, some, 0);
	EXPECT_RUN(without_bounding, "./program", some & ~BIT(CAP_NET_RAW), 0, 1);
	EXPECT_RUN(without_new_privileges, "./program", 0, 0, 0);
	EXPECT_RUN(sharing_the_directory, "./program", 0, 0, 0);
	give("program", EFFECTIVE, some, 0);
	EXPECT_RUN(without_new_privileges, "./program", 0, 0, 1);
	EXPECT_RUN(sharing_the_directory, "./program", 0, 0, 1);
}

static void traced(void)
{
	int fds[2];
	struct report seen;
	pid_t tracer;

	CHECK(pipe(fds) == 0);
	tracer = FORK();
	if (tracer == 0) {
		pid_t pid;
		int status;

		as_user();
		pid = FORK();
		if (pid == 0) {
			CHECK(dup2(fds[1], 1) == 1);
			CHECK(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
			execl("program", "program", "report", (char *)NULL);
			FAIL("execl");
		}
		while (WIFSTOPPED(status = wait_status(pid)))
			CHECK(ptrace(PTRACE_CONT, pid, 0, 0) == 0);
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : CHECK_FAILED);
	}
	CHECK_EQ(wait_exit_status(tracer), 0);
	CHECK_EQ(read(fds[0], &seen, sizeof(seen)), sizeof(seen));
	CHECK_EQ(seen.permitted, 0);
	CHECK_EQ(seen.effective, 0);
	close(fds[0]);
	close(fds[1]);
}

static void from_mount_without_set_id(void)
{
	CHECK(mkdir("mounted", 0755) == 0);
	CHECK(mount(".", "mounted", NULL, MS_BIND, NULL) == 0);
	EXPECT_RUN(as_user, "mounted/program", some, some, 1);
	CHECK(mount(NULL, "mounted", NULL, MS_BIND | MS_REMOUNT | MS_NOSUID, NULL) == 0);
	EXPECT_RUN(as_user, "mounted/program", 0, 0, 0);
	CHECK(umount("mounted") == 0);
}

static void with_others(void)
{
	struct report seen;

	/* Ambient ones end where the file has any, even none in it. */
	give("program", 0, BIT(CAP_CHOWN), 0);
	CHECK_EQ(run(with_ambient, "./program", &seen), 0);
	CHECK_EQ(seen.ambient, 0);
	CHECK_EQ(seen.permitted, BIT(CAP_CHOWN));
	give("program", 0, 0, 0);
	CHECK_EQ(run(with_ambient, "./program", &seen), 0);
	CHECK_EQ(seen.ambient, 0);
	CHECK_EQ(seen.permitted, 0);
	CHECK(removexattr("program", NAME) == 0);
	CHECK_EQ(run(with_ambient, "./program", &seen), 0);
	CHECK_EQ(seen.ambient, BIT(CAP_KILL));
	CHECK_EQ(seen.effective, BIT(CAP_KILL));
	/* Root has all anyway, if it has its magic. */
	give("program", 0, BIT(CAP_CHOWN), 0);
	EXPECT_RUN(as_root, "./program", ALL, ALL, 0);
	EXPECT_RUN(as_plain_root, "./program", BIT(CAP_CHOWN), 0, 0);
	give("program", EFFECTIVE, BIT(CAP_CHOWN), 0);
	EXPECT_RUN(as_plain_root, "./program", BIT(CAP_CHOWN), BIT(CAP_CHOWN), 0);
	/* Of a set-user-ID program of root only those of the file. */
	CHECK(chmod("program", 04755) == 0);
	CHECK_EQ(run(as_user, "./program", &seen), 0);
	CHECK_EQ(seen.euid, 0);
	CHECK_EQ(seen.permitted, BIT(CAP_CHOWN));
	CHECK_EQ(seen.effective, BIT(CAP_CHOWN));
	CHECK_EQ(seen.secure, 1);
	CHECK(removexattr("program", NAME) == 0);
	EXPECT_RUN(as_user, "./program", ALL, ALL, 1);
	CHECK(chmod("program", 0755) == 0);
}

/* A script's own do nothing; its interpreter's do. */
static void scripts(void)
{
	char text[PATH_MAX + 32], here[PATH_MAX];

	CHECK(getcwd(here, sizeof(here)) != NULL);
	snprintf(text, sizeof(text), "#!%s/program report\n", here);
	make_file("script", text);
	CHECK(chmod("script", 0755) == 0);
	give("script", EFFECTIVE, some, 0);
	EXPECT_RUN(as_user, "./script", 0, 0, 0);
	give("program", EFFECTIVE, BIT(CAP_KILL), 0);
	EXPECT_RUN(as_user, "./script", BIT(CAP_KILL), BIT(CAP_KILL), 1);
}

/* ---- the attribute's forms ---- */

static void forms(void)
{
	uint32_t value[7], seen[7];
	struct report report;

	fill(value, VFS_CAP_REVISION_3 | EFFECTIVE, some, BIT(CAP_KILL));
	CHECK(setxattr("program", NAME, value, XATTR_CAPS_SZ_3, 0) == 0);
	EXPECT_RUN(as_user, "./program", some, some, 1);
	/* Root's of this system are shown as revision 2. */
	CHECK_EQ(getxattr("program", NAME, NULL, 0), XATTR_CAPS_SZ_2);
	CHECK_EQ(getxattr("program", NAME, seen, sizeof(seen)), XATTR_CAPS_SZ_2);
	CHECK_EQ(seen[0], VFS_CAP_REVISION_2 | EFFECTIVE);
	CHECK(memcmp(seen + 1, value + 1, 16) == 0);
	CHECK_ERRNO(getxattr("program", NAME, seen, XATTR_CAPS_SZ_2 - 1), ERANGE);
	/* Those of another root mean nothing here. */
	value[5] = OTHER_UID;
	CHECK(setxattr("program", NAME, value, XATTR_CAPS_SZ_3, 0) == 0);
	EXPECT_RUN(as_user, "./program", 0, 0, 0);
	CHECK_EQ(run(with_ambient, "./program", &report), 0);
	CHECK_EQ(report.ambient, BIT(CAP_KILL));
	CHECK_EQ(getxattr("program", NAME, NULL, 0), XATTR_CAPS_SZ_3);
	CHECK_EQ(getxattr("program", NAME, seen, sizeof(seen)), XATTR_CAPS_SZ_3);
	CHECK(memcmp(seen, value, XATTR_CAPS_SZ_3) == 0);
	CHECK_ERRNO(getxattr("program", NAME, seen, XATTR_CAPS_SZ_2), ERANGE);
	value[5] = UINT32_MAX;
	CHECK_ERRNO(setxattr("program", NAME, value, XATTR_CAPS_SZ_3, 0), EINVAL);
	value[5] = 0;
	CHECK_ERRNO(setxattr("program", NAME, value, XATTR_CAPS_SZ_2, 0), EINVAL);
	CHECK_ERRNO(setxattr("program", NAME, value, XATTR_CAPS_SZ_3 + 4, 0), EINVAL);
	fill(value, VFS_CAP_REVISION_2 | 2, some, 0);
	CHECK_ERRNO(setxattr("program", NAME, value, XATTR_CAPS_SZ_2, 0), EINVAL);
	fill(value, VFS_CAP_REVISION_1, BIT(CAP_KILL), 0);
	CHECK_ERRNO(setxattr("program", NAME, value, XATTR_CAPS_SZ_1, 0), EINVAL);
	CHECK_ERRNO(setxattr("program", NAME, value, 3, 0), EINVAL);
	/* An empty one can be set; the program cannot be run any more. */
	CHECK(setxattr("program", NAME, "", 0, 0) == 0);
	CHECK_ERRNO(getxattr("program", NAME, NULL, 0), EINVAL);
	CHECK_ERRNO(getxattr("program", NAME, seen, sizeof(seen)), EINVAL);
	CHECK_EQ(run(as_root, "./program", &report), EINVAL);
	CHECK_EQ(run(as_user, "./program", &report), EINVAL);
	CHECK(removexattr("program", NAME) == 0);
	EXPECT_RUN(as_user, "./program", 0, 0, 0);
}

static void only_setfcap(void)
{
	CHECK(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0);
	as_user();
	set_capabilities(BIT(CAP_SETFCAP), BIT(CAP_SETFCAP), 0);
	give("file", 0, some, 0);
	CHECK(removexattr("file", NAME) == 0);
	give("file", 0, some, 0);
	CHECK_ERRNO(setxattr("file", "security.other", "x", 1, 0), EPERM);
}

static void all_but_setfcap(void)
{
	uint32_t value[6];

	set_capabilities(ALL & ~BIT(CAP_SETFCAP), ALL & ~BIT(CAP_SETFCAP), 0);
	fill(value, VFS_CAP_REVISION_2, some, 0);
	CHECK_ERRNO(setxattr("file", NAME, value, XATTR_CAPS_SZ_2, 0), EPERM);
	CHECK_ERRNO(removexattr("file", NAME), EPERM);
	CHECK(setxattr("file", "security.other", "x", 1, 0) == 0);
	CHECK(removexattr("file", "security.other") == 0);
}

/* ---- what takes them away ---- */

/* Only root writes here, which keeps set-id bits; capabilities it does not keep. */
static void taken_away(void)
{
	int fd, source;
	char *map;

	make_pattern_file("source", 5000);
	source = MUST(open("source", O_RDONLY));
	make_pattern_file("file", 5000);
	CHECK(chmod("file", 06755) == 0);
	fd = MUST(open("file", O_RDWR));
	give("file", 0, some, 0);

#define KEEPS(action) do { \
	CHECK(action); \
	CHECK(has_any("file")); \
} while (0)
#define TAKES(action) do { \
	CHECK(action); \
	CHECK(!has_any("file")); \
	give("file", 0, some, 0); \
} while (0)
	KEEPS(chmod("file", 06700) == 0);
	KEEPS(chmod("file", 06755) == 0);
	KEEPS(utimes("file", NULL) == 0);
	KEEPS(link("file", "second") == 0 && unlink("second") == 0);
	KEEPS(rename("file", "second") == 0 && rename("second", "file") == 0);
	KEEPS(setxattr("file", "user.x", "x", 1, 0) == 0);
	KEEPS(close(MUST(open("file", O_RDWR))) == 0);
	KEEPS(write(fd, "", 0) == 0);
	KEEPS(fsync(fd) == 0);
	map = mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	map[0] = 'm';
	KEEPS(munmap(map, PAGE) == 0);
	TAKES(write(fd, "x", 1) == 1);
	TAKES(write(fd, "x", 1) == 1);
	TAKES(pwrite(fd, "x", 1, 3000) == 1);
	TAKES(ftruncate(fd, 4000) == 0);
	TAKES(ftruncate(fd, 4000) == 0);
	TAKES(truncate("file", 3000) == 0);
	TAKES(sendfile(fd, source, NULL, 10) == 10);
	TAKES(copy_file_range(source, NULL, fd, NULL, 10, 0) == 10);
	struct stat status;
	CHECK(stat("file", &status) == 0);
	CHECK_EQ(status.st_mode, S_IFREG | 06755);
	TAKES(close(MUST(open("file", O_WRONLY | O_TRUNC))) == 0);
	TAKES(chown("file", OTHER_UID, (gid_t)-1) == 0);
	CHECK(stat("file", &status) == 0);
	CHECK_EQ(status.st_mode, S_IFREG | 0755);
	TAKES(chown("file", (uid_t)-1, OTHER_GID) == 0);
	TAKES(fchown(fd, (uid_t)-1, (gid_t)-1) == 0);
	CHECK(chmod("file", 06755) == 0);
	TAKES(fchown(fd, (uid_t)-1, (gid_t)-1) == 0);
	CHECK(stat("file", &status) == 0);
	CHECK_EQ(status.st_mode, S_IFREG | 0755);
	close(fd);
	close(source);
	/* A directory keeps what never meant anything. */
	CHECK(mkdir("directory", 0755) == 0);
	give("directory", 0, some, 0);
	CHECK(chown("directory", OTHER_UID, OTHER_GID) == 0);
	CHECK(has_any("directory"));
	CHECK(rmdir("directory") == 0);
}

/* A user who may write the file, but is neither its owner nor in its group. */
static mode_t mode_after_write(mode_t mode)
{
	struct stat status;
	pid_t pid;

	CHECK(chown("file", 0, 0) == 0 && chmod("file", mode) == 0);
	give("file", 0, some, 0);
	pid = FORK();
	if (pid == 0) {
		as_user();
		int fd = MUST(open("file", O_WRONLY));

		CHECK_EQ(write(fd, "x", 1), 1);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
	CHECK(!has_any("file"));
	CHECK(stat("file", &status) == 0);
	return status.st_mode & 07777;
}

static void users_take_away_bits(void)
{
	CHECK_EQ(mode_after_write(06777), 0777);
	CHECK_EQ(mode_after_write(04777), 0777);
	CHECK_EQ(mode_after_write(04666), 0666);
	CHECK_EQ(mode_after_write(02777), 0777);
	CHECK_EQ(mode_after_write(02666), 0666);
	CHECK_EQ(mode_after_write(0666), 0666);
}

/* chown() that changes nothing is not refused, and takes away what any chown() does. */
static void give_to_nobody(void)
{
	as_user();
	CHECK(chown("file", (uid_t)-1, (gid_t)-1) == 0);
	CHECK_ERRNO(chown("set-id", (uid_t)-1, (gid_t)-1), EPERM);
}

static void with_only_chown(void)
{
	CHECK(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0);
	as_user();
	set_capabilities(BIT(CAP_CHOWN), BIT(CAP_CHOWN), 0);
	CHECK_ERRNO(chown("set-id", OTHER_UID, (gid_t)-1), EPERM);
	CHECK(chown("file", 0, 0) == 0);
}

static void others_chown(void)
{
	CHECK(chmod("file", 0666) == 0);
	make_file("set-id", "");
	CHECK(chmod("set-id", 04755) == 0);
	give("file", 0, some, 0);
	give("set-id", 0, some, 0);
	in_child(give_to_nobody);
	CHECK(!has_any("file"));
	give("file", 0, some, 0);
	in_child(with_only_chown);
	CHECK(!has_any("file"));
	CHECK(has_any("set-id"));
}

int main(int argc, char **argv)
{
	const char *disk = getenv("TEST_DISK_DIR");

	if (argc > 1 && strcmp(argv[1], "report") == 0)
		return write_report();
	if (!disk)
		SKIP("no TEST_DISK_DIR");
	CHECK(chdir(disk) == 0 && chmod(".", 0755) == 0);
	copy_self("program");
	gains();
	does_not_gain();
	traced();
	from_mount_without_set_id();
	with_others();
	scripts();
	forms();
	make_file("file", "");
	in_child(only_setfcap);
	in_child(all_but_setfcap);
	taken_away();
	users_take_away_bits();
	others_chown();
	return 0;
}

/*
 * Capabilities as user ids, exec, capset() and prctl() change them, and as /proc/self/status shows
 * them.
 */
#include "check.h"
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <pthread.h>

#define ALL ((1ULL << (CAP_LAST_CAP + 1)) - 1)
#define BIT(capability) (1ULL << (capability))

struct sets {
	unsigned long long inheritable, permitted, effective, bounding, ambient;
};

static const char *program;

static struct sets own_sets(void)
{
	char line[128];
	struct sets sets;
	int found = 0;
	FILE *status = fopen("/proc/thread-self/status", "re");

	if (!status)
		status = fopen("/proc/self/status", "re");
	CHECK(status != NULL);
	while (fgets(line, sizeof(line), status)) {
		found += sscanf(line, "CapInh: %llx", &sets.inheritable) == 1;
		found += sscanf(line, "CapPrm: %llx", &sets.permitted) == 1;
		found += sscanf(line, "CapEff: %llx", &sets.effective) == 1;
		found += sscanf(line, "CapBnd: %llx", &sets.bounding) == 1;
		found += sscanf(line, "CapAmb: %llx", &sets.ambient) == 1;
	}
	fclose(status);
	CHECK_EQ(found, 5);
	return sets;
}

#define CHECK_SETS(permitted_, effective_) do { \
	struct sets seen = own_sets(); \
	CHECK_EQ(seen.permitted, permitted_); \
	CHECK_EQ(seen.effective, effective_); \
} while (0)

static long capset_raw(unsigned long long effective, unsigned long long permitted,
		       unsigned long long inheritable)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {
		{ effective, permitted, inheritable },
		{ effective >> 32, permitted >> 32, inheritable >> 32 },
	};

	return raw_syscall(SYS_capset, &header, data);
}

/* What an exec makes of us: the program writes its sets and whether it is AT_SECURE to a pipe. */
static struct sets sets_after_exec(const char *path, int *dumpable)
{
	struct sets sets;
	int fds[2], word;
	char number[12];

	CHECK(pipe(fds) == 0);
	snprintf(number, sizeof(number), "%d", fds[1]);
	pid_t pid = FORK();

	if (pid == 0) {
		execl(path, path, "--show", number, (char *)NULL);
		FAIL("execl");
	}
	CHECK_EQ(read(fds[0], &sets, sizeof(sets)), sizeof(sets));
	CHECK_EQ(read(fds[0], &word, sizeof(word)), sizeof(word));
	CHECK_EQ(wait_exit_status(pid), 0);
	close(fds[0]);
	close(fds[1]);
	if (dumpable)
		*dumpable = word;
	return sets;
}

static void show(int fd)
{
	struct sets sets = own_sets();
	int dumpable = prctl(PR_GET_DUMPABLE);

	CHECK_EQ(write(fd, &sets, sizeof(sets)), sizeof(sets));
	CHECK_EQ(write(fd, &dumpable, sizeof(dumpable)), sizeof(dumpable));
}

#define SETRESUID(r, e, s) CHECK_EQ(raw_syscall(SYS_setresuid32, r, e, s), 0)

/* ---- user ids ------------------------------------------------------------------------------ */

static void leaving_root(void)
{
	CHECK_SETS(ALL, ALL);
	SETRESUID(-1, OTHER_UID, -1);
	CHECK_SETS(ALL, 0);
	CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
	SETRESUID(-1, 0, -1);
	CHECK_SETS(ALL, ALL);
	SETRESUID(OTHER_UID, OTHER_UID, OTHER_UID);
	CHECK_SETS(0, 0);
	CHECK_EQ(own_sets().bounding, ALL);
}

static void keeping(void)
{
	CHECK_EQ(prctl(PR_SET_KEEPCAPS, 2, 0, 0, 0), -1);
	CHECK_EQ(prctl(PR_GET_KEEPCAPS), 0);
	CHECK_EQ(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), 0);
	CHECK_EQ(prctl(PR_GET_KEEPCAPS), 1);
	CHECK_EQ(prctl(PR_GET_SECUREBITS), SECBIT_KEEP_CAPS);
	SETRESUID(OTHER_UID, OTHER_UID, OTHER_UID);
	CHECK_SETS(ALL, 0);
	CHECK_EQ(prctl(PR_GET_KEEPCAPS), 1);
	CHECK_EQ(capset_raw(BIT(CAP_KILL), ALL, 0), 0);
	CHECK_SETS(ALL, BIT(CAP_KILL));
	struct sets after = sets_after_exec(program, NULL);

	CHECK_EQ(after.permitted, 0);
	CHECK_EQ(after.effective, 0);
}

static void no_fixup(void)
{
	CHECK_EQ(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0), 0);
	SETRESUID(OTHER_UID, OTHER_UID, OTHER_UID);
	CHECK_SETS(ALL, ALL);
	setfsuid(77);
	CHECK_SETS(ALL, ALL);
}

static void file_system_id(void)
{
	const unsigned long long of_files =
		BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) |
		BIT(CAP_FOWNER) | BIT(CAP_FSETID) | BIT(CAP_LINUX_IMMUTABLE) | BIT(CAP_MKNOD) |
		BIT(CAP_MAC_OVERRIDE);

	setfsuid(OTHER_UID);
	CHECK_SETS(ALL, ALL & ~of_files);
	setfsuid(0);
	CHECK_SETS(ALL, ALL);
}

/* ---- capget, capset ------------------------------------------------------------------------ */

static void setting(void)
{
	CHECK_EQ(capset_raw(~0ULL, ~0ULL, ~0ULL), 0);	/* what there is not is not asked for */
	CHECK_SETS(ALL, ALL);
	CHECK_EQ(own_sets().inheritable, ALL);
	CHECK_EQ(capset_raw(BIT(CAP_KILL), BIT(CAP_KILL) | BIT(CAP_CHOWN), BIT(CAP_SETUID)), 0);
	CHECK_SETS(BIT(CAP_KILL) | BIT(CAP_CHOWN), BIT(CAP_KILL));
	CHECK_EQ(capset_raw(BIT(CAP_FOWNER), BIT(CAP_KILL), 0), -EPERM);
	CHECK_EQ(capset_raw(0, BIT(CAP_FOWNER), 0), -EPERM);
	CHECK_EQ(capset_raw(BIT(CAP_CHOWN), BIT(CAP_KILL), 0), -EPERM);
	CHECK_EQ(capset_raw(0, 0, BIT(CAP_FOWNER)), -EPERM);
	CHECK_EQ(capset_raw(0, BIT(CAP_KILL), BIT(CAP_SETUID) | BIT(CAP_CHOWN)), 0);
	CHECK_EQ(capset_raw(0, 0, BIT(CAP_SETUID)), 0);
	CHECK_EQ(own_sets().inheritable, BIT(CAP_SETUID));
}

static void inheriting_within_bounds(void)
{
	CHECK_EQ(prctl(PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0), 0);
	CHECK_EQ(prctl(PR_CAPBSET_READ, CAP_KILL, 0, 0, 0), 0);
	CHECK_EQ(prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0), 1);
	CHECK_ERRNO(prctl(PR_CAPBSET_READ, CAP_LAST_CAP + 1, 0, 0, 0), EINVAL);
	CHECK_ERRNO(prctl(PR_CAPBSET_DROP, CAP_LAST_CAP + 1, 0, 0, 0), EINVAL);
	CHECK_SETS(ALL, ALL);
	CHECK_EQ(capset_raw(ALL, ALL, BIT(CAP_KILL)), -EPERM);
	CHECK_EQ(capset_raw(ALL, ALL, ALL & ~BIT(CAP_KILL)), 0);
	struct sets after = sets_after_exec(program, NULL);

	CHECK_EQ(after.permitted, ALL & ~BIT(CAP_KILL));
	CHECK_EQ(after.effective, ALL & ~BIT(CAP_KILL));
	CHECK_EQ(after.bounding, ALL & ~BIT(CAP_KILL));
	CHECK_EQ(capset_raw(0, BIT(CAP_KILL), 0), 0);
	CHECK_ERRNO(prctl(PR_CAPBSET_DROP, CAP_KILL, 0, 0, 0), EPERM);
	CHECK_ERRNO(prctl(PR_CAPBSET_DROP, 99, 0, 0, 0), EPERM);
}

static pid_t sleeper_tid;
static int may_end;

static void *sleeper(void *argument)
{
	CHECK_EQ(capset_raw(BIT(CAP_KILL), BIT(CAP_KILL), 0), 0);
	__atomic_store_n(&sleeper_tid, gettid(), __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&may_end, __ATOMIC_SEQ_CST))
		sched_yield();
	return argument;
}

static void asking(void)
{
	struct __user_cap_header_struct header = { 0, 0 };
	struct __user_cap_data_struct data[2];
	pthread_t thread;

	CHECK_EQ(raw_syscall(SYS_capget, &header, NULL), 0);
	CHECK_EQ(header.version, _LINUX_CAPABILITY_VERSION_3);
	header.version = 5;
	CHECK_EQ(raw_syscall(SYS_capget, &header, data), -EINVAL);
	CHECK_EQ(header.version, _LINUX_CAPABILITY_VERSION_3);
	header.pid = -1;
	CHECK_EQ(raw_syscall(SYS_capget, &header, data), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_capget, &header, NULL), 0);
	header.pid = 4000000;
	CHECK_EQ(raw_syscall(SYS_capget, &header, data), -ESRCH);
	header.pid = getppid();
	CHECK_EQ(raw_syscall(SYS_capget, &header, data), 0);
	CHECK_EQ(raw_syscall(SYS_capset, &header, data), -EPERM);
	/* Threads have their own. */
	CHECK(pthread_create(&thread, NULL, sleeper, NULL) == 0);
	while (!__atomic_load_n(&sleeper_tid, __ATOMIC_SEQ_CST))
		sched_yield();
	header.pid = sleeper_tid;
	CHECK_EQ(raw_syscall(SYS_capget, &header, data), 0);
	CHECK_EQ(data[0].permitted, BIT(CAP_KILL));
	CHECK_EQ(data[1].permitted, 0);
	header.pid = getpid();
	CHECK_EQ(raw_syscall(SYS_capget, &header, data), 0);
	CHECK_EQ(data[0].permitted, ~0u);
	__atomic_store_n(&may_end, 1, __ATOMIC_SEQ_CST);
	CHECK(pthread_join(thread, NULL) == 0);
}

/* ---- ambient ------------------------------------------------------------------------------- */

#define AMBIENT(action, capability) prctl(PR_CAP_AMBIENT, action, capability, 0, 0)

static void ambient_become_user(void)
{
	CHECK_EQ(capset_raw(ALL, ALL, BIT(CAP_KILL) | BIT(CAP_CHOWN)), 0);
	CHECK_EQ(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), 0);
	SETRESUID(OTHER_UID, OTHER_UID, OTHER_UID);
	CHECK_EQ(AMBIENT(PR_CAP_AMBIENT_RAISE, CAP_KILL), 0);
	CHECK_EQ(AMBIENT(PR_CAP_AMBIENT_RAISE, CAP_CHOWN), 0);
}

static void ambient(void)
{
	CHECK_ERRNO(AMBIENT(PR_CAP_AMBIENT_RAISE, CAP_KILL), EPERM);	/* not inheritable */
	CHECK_ERRNO(AMBIENT(PR_CAP_AMBIENT_RAISE, CAP_LAST_CAP + 1), EINVAL);
	CHECK_ERRNO(AMBIENT(9, CAP_KILL), EINVAL);
	CHECK_ERRNO(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 1, 0, 0), EINVAL);
	CHECK_ERRNO(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 1, 0), EINVAL);
	ambient_become_user();
	CHECK_EQ(AMBIENT(PR_CAP_AMBIENT_IS_SET, CAP_KILL), 1);
	CHECK_EQ(AMBIENT(PR_CAP_AMBIENT_IS_SET, CAP_FOWNER), 0);

	int dumpable;
	struct sets after = sets_after_exec(program, &dumpable);

	CHECK_EQ(after.permitted, BIT(CAP_KILL) | BIT(CAP_CHOWN));
	CHECK_EQ(after.effective, BIT(CAP_KILL) | BIT(CAP_CHOWN));
	CHECK_EQ(after.ambient, BIT(CAP_KILL) | BIT(CAP_CHOWN));
	CHECK_EQ(dumpable, 1);
	/* Inheritable or permitted going takes the ambient one along. */
	CHECK_EQ(capset_raw(0, ALL, BIT(CAP_CHOWN)), 0);
	CHECK_EQ(own_sets().ambient, BIT(CAP_CHOWN));
	CHECK_EQ(AMBIENT(PR_CAP_AMBIENT_LOWER, CAP_CHOWN), 0);
	CHECK_EQ(own_sets().ambient, 0);
	CHECK_EQ(AMBIENT(PR_CAP_AMBIENT_RAISE, CAP_CHOWN), 0);
	CHECK_EQ(AMBIENT(PR_CAP_AMBIENT_CLEAR_ALL, 0), 0);
	CHECK_EQ(own_sets().ambient, 0);
}

/* A set-user-ID program gets none of them. */
static void ambient_and_set_user_id(void)
{
	ambient_become_user();
	struct sets after = sets_after_exec("./owned", NULL);

	CHECK_EQ(after.ambient, 0);
	CHECK_EQ(after.permitted, 0);
}

static void ambient_forbidden(void)
{
	CHECK_EQ(capset_raw(ALL, ALL, BIT(CAP_KILL)), 0);
	CHECK_EQ(prctl(PR_SET_SECUREBITS, SECBIT_NO_CAP_AMBIENT_RAISE, 0, 0, 0), 0);
	CHECK_ERRNO(AMBIENT(PR_CAP_AMBIENT_RAISE, CAP_KILL), EPERM);
}

/* ---- secure bits, no_new_privs ------------------------------------------------------------- */

static void root_without_magic(void)
{
	CHECK_EQ(prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0), 0);
	struct sets after = sets_after_exec(program, NULL);

	CHECK_EQ(after.permitted, 0);
	CHECK_ERRNO(prctl(PR_SET_SECUREBITS, 0, 0, 0, 0), EPERM);
	CHECK_ERRNO(prctl(PR_SET_SECUREBITS, SECBIT_NOROOT, 0, 0, 0), EPERM);
	CHECK_ERRNO(prctl(PR_SET_SECUREBITS, SECBIT_NOROOT_LOCKED, 0, 0, 0), EPERM);
	CHECK_ERRNO(prctl(PR_SET_SECUREBITS, 0x103, 0, 0, 0), EPERM);
	CHECK_EQ(prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED |
						  SECBIT_KEEP_CAPS | SECBIT_KEEP_CAPS_LOCKED,
		       0, 0, 0), 0);
	CHECK_ERRNO(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0), EPERM);
	CHECK_EQ(capset_raw(0, 0, 0), 0);
	CHECK_ERRNO(prctl(PR_SET_SECUREBITS, prctl(PR_GET_SECUREBITS), 0, 0, 0), EPERM);
}

static void nothing_new_for_users(void)
{
	int dumpable;

	become_user(OTHER_UID, OTHER_GID);
	struct sets after = sets_after_exec("./rooted", &dumpable);

	CHECK_EQ(after.permitted, ALL);
	CHECK_EQ(after.effective, ALL);
	CHECK_EQ(dumpable, 0);
	CHECK_ERRNO(prctl(PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0), EINVAL);
	CHECK_ERRNO(prctl(PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0), EINVAL);
	CHECK_ERRNO(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0), EINVAL);
	CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
	after = sets_after_exec("./rooted", &dumpable);
	CHECK_EQ(after.permitted, 0);
	CHECK_EQ(dumpable, 1);
}

/* Root that gave something away does not get it back. */
static void nothing_new_for_root(void)
{
	CHECK_EQ(capset_raw(BIT(CAP_KILL), BIT(CAP_KILL), 0), 0);
	int dumpable;
	struct sets after = sets_after_exec(program, &dumpable);

	CHECK_EQ(after.permitted, ALL);
	CHECK_EQ(dumpable, 0);
	CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	after = sets_after_exec(program, &dumpable);
	CHECK_EQ(after.permitted, BIT(CAP_KILL));
	CHECK_EQ(after.effective, BIT(CAP_KILL));
	CHECK_EQ(dumpable, 1);
}

static void real_root(void)
{
	int dumpable;

	SETRESUID(0, OTHER_UID, OTHER_UID);
	struct sets after = sets_after_exec(program, &dumpable);

	CHECK_EQ(after.permitted, ALL);
	CHECK_EQ(after.effective, 0);
	CHECK_EQ(dumpable, 0);
}

static void copy_program(const char *name, uid_t owner, mode_t mode)
{
	char buffer[65536];
	int from = MUST(open("/proc/self/exe", O_RDONLY));
	int to = MUST(open(name, O_WRONLY | O_CREAT | O_TRUNC, 0755));
	ssize_t got;

	while ((got = read(from, buffer, sizeof(buffer))) > 0)
		CHECK_EQ(write(to, buffer, got), got);
	close(from);
	close(to);
	CHECK(chown(name, owner, 0) == 0);
	CHECK(chmod(name, mode) == 0);
}

int main(int count, char **arguments)
{
	if (count == 3 && !strcmp(arguments[1], "--show")) {
		show(atoi(arguments[2]));
		return 0;
	}
	CHECK(chmod(".", 0755) == 0);
	copy_program("plain", 0, 0755);
	copy_program("owned", 77, 04755);
	copy_program("rooted", 0, 04755);
	program = "./plain";
	in_child(leaving_root);
	in_child(keeping);
	in_child(no_fixup);
	in_child(file_system_id);
	in_child(setting);
	in_child(inheriting_within_bounds);
	in_child(asking);
	in_child(ambient);
	in_child(ambient_and_set_user_id);
	in_child(ambient_forbidden);
	in_child(root_without_magic);
	in_child(nothing_new_for_users);
	in_child(nothing_new_for_root);
	in_child(real_root);
	return 0;
}

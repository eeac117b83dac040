/*
 * What each capability allows: an ordinary user with it alone may, one with every other may not.
 * A row is a call that fails with an errno for whoever lacks the capability.
 */
#include "check.h"
#include <linux/capability.h>
#include <linux/reboot.h>
#include <sys/prctl.h>
#include <sys/sem.h>

#define BIT(capability) (1ULL << (capability))
#define ALL ((1ULL << (CAP_LAST_CAP + 1)) - 1)
#define STRANGER 4321

static pid_t stranger;		/* a process of somebody else's */
static int semaphores;		/* of root's, for nobody else */
static char some_byte;

static long do_chown(void) { return raw_syscall(SYS_chown32, "theirs", OTHER_UID, -1); }
static long do_read(void) { return raw_syscall(SYS_open, "theirs", O_RDONLY); }
static long do_write(void) { return raw_syscall(SYS_open, "theirs", O_WRONLY); }
static long do_list(void) { return raw_syscall(SYS_open, "closed", O_RDONLY); }
static long do_chmod(void) { return raw_syscall(SYS_chmod, "theirs", 0600); }
static long do_kill(void) { return raw_syscall(SYS_kill, stranger, 0); }
static long do_setgid(void) { return raw_syscall(SYS_setgid32, 99); }
static long do_setgroups(void) { return raw_syscall(SYS_setgroups32, 0, NULL); }
static long do_setuid(void) { return raw_syscall(SYS_setuid32, 99); }
static long do_drop(void) { return raw_syscall(SYS_prctl, PR_CAPBSET_DROP, CAP_BPF, 0, 0, 0); }
static long do_lock(void)
{
	char *area = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return raw_syscall(SYS_mlock, area, PAGE);
}
static long do_semaphore(void)
{
	return raw_syscall(SYS_semctl, semaphores, 0, GETVAL, 0);
}
static long do_semaphore_owner(void)
{
	struct semid64_ds { int words[32]; } data = { { 0 } };

	return raw_syscall(SYS_semctl, semaphores, 0, IPC_SET, &data);
}
static long do_chroot(void) { return raw_syscall(SYS_chroot, "."); }
static long do_access_memory(void)
{
	char byte;
	struct iovec own = { &byte, 1 }, other = { &some_byte, 1 };

	return raw_syscall(SYS_process_vm_readv, stranger, &own, 1, &other, 1, 0);
}
static long do_host_name(void) { return raw_syscall(SYS_sethostname, "quartet", 7); }
static long do_umount(void) { return raw_syscall(SYS_umount2, "closed", 0); }
static long do_reboot(void)
{
	return raw_syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			   LINUX_REBOOT_CMD_CAD_OFF, NULL);
}
static long do_nice(void) { return raw_syscall(SYS_setpriority, PRIO_PROCESS, 0, -1); }
static long do_realtime(void)
{
	struct sched_param parameters = { .sched_priority = 1 };

	return raw_syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &parameters);
}
static long do_limit(void)
{
	struct rlimit64 limit = { 8, 8 };

	return raw_syscall(SYS_prlimit64, 0, RLIMIT_MEMLOCK, &limit, NULL);
}
static long do_device(void) { return raw_syscall(SYS_mknod, "device", S_IFCHR | 0600, 0x103); }
static long do_log(void) { return raw_syscall(SYS_syslog, 7, NULL, 0); }

struct row {
	const char *what;
	long (*call)(void);
	unsigned long long needs;	/* any one of them */
	long without, with;		/* what the call gives; with 1: whatever is not an error */
};

static const struct row rows[] = {
	{ "chown", do_chown, BIT(CAP_CHOWN), -EPERM, 0 },
	{ "read", do_read, BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH), -EACCES, 1 },
	{ "write", do_write, BIT(CAP_DAC_OVERRIDE), -EACCES, 1 },
	{ "list", do_list, BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH), -EACCES, 1 },
	{ "chmod", do_chmod, BIT(CAP_FOWNER), -EPERM, 0 },
	{ "kill", do_kill, BIT(CAP_KILL), -EPERM, 0 },
	{ "setgid", do_setgid, BIT(CAP_SETGID), -EPERM, 0 },
	{ "setgroups", do_setgroups, BIT(CAP_SETGID), -EPERM, 0 },
	{ "setuid", do_setuid, BIT(CAP_SETUID), -EPERM, 0 },
	{ "bounding set", do_drop, BIT(CAP_SETPCAP), -EPERM, 0 },
	{ "mlock", do_lock, BIT(CAP_IPC_LOCK), -EPERM, 0 },
	{ "semaphore", do_semaphore, BIT(CAP_IPC_OWNER), -EACCES, 1 },
	{ "IPC_SET", do_semaphore_owner, BIT(CAP_SYS_ADMIN), -EPERM, 0 },
	{ "chroot", do_chroot, BIT(CAP_SYS_CHROOT), -EPERM, 0 },
	{ "process_vm_readv", do_access_memory, BIT(CAP_SYS_PTRACE), -EPERM, 1 },
	{ "sethostname", do_host_name, BIT(CAP_SYS_ADMIN), -EPERM, 0 },
	{ "umount", do_umount, BIT(CAP_SYS_ADMIN), -EPERM, -EINVAL },
	{ "reboot", do_reboot, BIT(CAP_SYS_BOOT), -EPERM, 0 },
	{ "nice", do_nice, BIT(CAP_SYS_NICE), -EACCES, 0 },
	{ "SCHED_FIFO", do_realtime, BIT(CAP_SYS_NICE), -EPERM, 0 },
	{ "limit", do_limit, BIT(CAP_SYS_RESOURCE), -EPERM, 0 },
	{ "mknod", do_device, BIT(CAP_MKNOD), -EPERM, 0 },
	{ "syslog", do_log, BIT(CAP_SYSLOG) | BIT(CAP_SYS_ADMIN), -EPERM, 0 },
};

static void have(unsigned long long capabilities)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {
		{ capabilities, capabilities, 0 },
		{ capabilities >> 32, capabilities >> 32, 0 },
	};

	CHECK(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0);
	become_user(OTHER_UID, OTHER_GID);
	CHECK_EQ(raw_syscall(SYS_capset, &header, data), 0);
}

static void try(const struct row *row, unsigned long long capabilities, long expected)
{
	pid_t pid = FORK();

	if (pid == 0) {
		have(capabilities);
		long result = row->call();

		if (expected == 1 ? result < 0 : result != expected)
			FAIL("%s with capabilities %llx gave %ld instead of %ld", row->what,
			     capabilities, result, expected);
		_exit(0);
	}
	if (wait_exit_status(pid) != 0)
		FAIL("%s", row->what);
	CHECK(chown("theirs", STRANGER, STRANGER) == 0);
	unlink("device");
}

int main(void)
{
	struct rlimit limit = { 0, 0 };
	struct gate never = gate_create();

	CHECK(chmod(".", 0777) == 0);
	make_file("theirs", "x");
	CHECK(chown("theirs", STRANGER, STRANGER) == 0 && chmod("theirs", 0600) == 0);
	CHECK(mkdir("closed", 0700) == 0);
	CHECK(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
	semaphores = MUST(semget(IPC_PRIVATE, 1, 0600));
	stranger = FORK();
	if (stranger == 0) {
		become_user(STRANGER, STRANGER);
		CHECK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
		gate_pass(&never);
		_exit(0);
	}
	wait_until_blocked(stranger);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];

		try(row, ALL & ~row->needs, row->without);
		try(row, 0, row->without);
		for (int capability = 0; capability <= CAP_LAST_CAP; capability++) {
			if (row->needs & BIT(capability))
				try(row, BIT(capability), row->with);
		}
	}
	CHECK(semctl(semaphores, 0, IPC_RMID) == 0);
	kill_and_reap(stranger);
	return 0;
}

/* test: linux=no timeout=300 cpus=1
 * As exhaust_failing_allocations, for the calls that allocate only when much is asked of them: long
 * names, many pieces, many descriptors; and for terminals, consoles, mounts, /proc, /sys, the log,
 * locks, timers, cores.
 */
#include "elf_builder.h"
#include "failing_calls.h"
#include "socket_util.h"
#include <dirent.h>
#include <linux/futex.h>
#include <linux/kd.h>
#include <linux/keyboard.h>
#include <linux/openat2.h>
#include <linux/vt.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/time.h>

#define IPC_KEY 0x51544d41
#define LONG_NAME "a-name-that-does-not-fit-where-short-names-are-kept-in-a-directory-entry"
#define MOUNTS 2

/* What nobody else uses. */
enum { SPARE_CONSOLE = 11, SPARE_MAP = 77, SPARE_FUNCTION = 100, KEY_A = 30 };

static const char *program;
static char *pages;
static int some_fd;
static int console;		/* a virtual one */

static void end_console(void);

/* What a child that was killed in the middle has left. */
static void remove_leftovers(void)
{
	char name[32];

	semctl(semget(IPC_KEY, 0, 0), 0, IPC_RMID);
	for (int i = 0; i < MOUNTS; i++) {
		snprintf(name, sizeof(name), "mount%d", i);
		while (umount2(name, 0) == 0)
			;
		rmdir(name);
	}
	unlink("link");
	unlink(LONG_NAME);
	unlink("core");
	end_console();
}

/* ---- names and directories ---- */

/* A path of more than a few hundred bytes. */
static const char *long_path(const char *name)
{
	static char path[1000];
	size_t length = 0;

	while (length < sizeof(path) - 100) {
		memcpy(path + length, "./", 2);
		length += 2;
	}
	strcpy(path + length, name);
	return path;
}

static long do_long_path(void)
{
	return open(long_path("file"), O_RDONLY);
}

static long do_long_name(void)
{
	int fd = open(LONG_NAME, O_CREAT | O_RDWR, 0600);

	if (fd < 0 || rename(LONG_NAME, LONG_NAME "2") < 0)
		return -1;
	return unlink(LONG_NAME "2");
}

static long do_symlink(void)
{
	char text[100];

	unlink("link");
	if (symlink("file", "link") < 0 || readlink("link", text, sizeof(text)) < 0)
		return -1;
	int fd = open("link", O_RDONLY);

	return fd < 0 ? -1 : readlink("/proc/self/exe", text, sizeof(text));
}

static void go_deep(void)
{
	for (int i = 0; i < 4; i++) {
		CHECK(mkdir(LONG_NAME, 0755) == 0 || errno == EEXIST);
		CHECK(chdir(LONG_NAME) == 0);
	}
}

static long do_getcwd(void)
{
	static char text[PATH_MAX];

	return raw_syscall(SYS_getcwd, text, sizeof(text)) == -ENOMEM ? (errno = ENOMEM, -1) : 0;
}

static long do_read_directory(void)
{
	static char entries[4096];
	int fd = open("/", O_RDONLY | O_DIRECTORY);

	return fd < 0 ? -1 : syscall(SYS_getdents64, fd, entries, sizeof(entries));
}

/* ---- on a disk ---- */

static long do_disk_file(void)
{
	static char buffer[3 * PAGE];
	int fd = open("on-disk", O_CREAT | O_RDWR, 0600);

	expect_errors(ENOMEM, ENOMEM);
	if (fd < 0 || pwrite(fd, buffer, sizeof(buffer), 100000) < 0 || fsync(fd) < 0 ||
	    ftruncate(fd, 99) < 0 || rename("on-disk", "on-disk-2") < 0)
		return -1;
	close(fd);
	return unlink("on-disk-2");
}

static void go_to_disk(void)
{
	enter_disk_directory();
	unlink("on-disk");
	unlink("on-disk-2");
}

static void go_to_new_folder(void)
{
	enter_disk_directory();
	rmdir("folder/folder");
	rmdir("folder");
	CHECK(mkdir("folder", 0755) == 0);
	CHECK(chdir("folder") == 0);
}

static long do_disk_folder(void)
{
	if (mkdir("folder", 0755) < 0)
		return -1;
	return rmdir("folder");
}

/* With such a rule the text is copied; else it is walked where it stands. */
static long do_follow_link(void)
{
	struct open_how how = { .flags = O_RDONLY, .resolve = RESOLVE_NO_MAGICLINKS };

	return syscall(SYS_openat2, AT_FDCWD, "kept-link", &how, sizeof(how));
}

/* A link whose text the file system makes. */
static long do_made_link(void)
{
	return open("/sys/class/block/loop0/", O_RDONLY);
}

/* ---- many pieces ---- */

static long do_writev(void)
{
	struct iovec pieces[64];

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
		pieces[i] = (struct iovec){ pages, 1 };
	return writev(some_fd, pieces, ARRAY_SIZE(pieces));
}

static long do_mincore(void)
{
	unsigned char resident[8];

	expect_errors(EAGAIN, ENOMEM);
	return mincore(pages, 8 * PAGE, resident);
}

static long do_select(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(1000, &set);
	return select(1001, &set, NULL, NULL, &(struct timeval){ 0, 1 });
}

static void have_high_descriptor(void)
{
	CHECK(dup2(some_fd, 1000) == 1000);
}

static long do_dup_high(void)
{
	return dup2(some_fd, 700);
}

/* Sleeps in so many queues that they do not fit on the stack. */
static struct pollfd quiet[40];

static void have_quiet_pipes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(quiet); i++) {
		struct gate gate = gate_create();

		quiet[i] = (struct pollfd){ gate.fds[0], POLLIN, 0 };
	}
}

static long do_poll(void)
{
	return poll(quiet, ARRAY_SIZE(quiet), 1);
}

/* Things that have several queues. */
static long do_epoll(void)
{
	int fds[2], watcher = epoll_create1(0);
	int files[] = { open("/dev/ptmx", O_RDWR | O_NOCTTY), -1, -1 };

	if (watcher < 0 || files[0] < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return -1;
	files[1] = fds[0];
	if (mkfifo("fifo", 0600) < 0 && errno != EEXIST)
		return -1;
	files[2] = open("fifo", O_RDWR);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct epoll_event event = { .events = EPOLLIN | EPOLLOUT };

		if (files[i] < 0 || epoll_ctl(watcher, EPOLL_CTL_ADD, files[i], &event) < 0)
			return -1;
	}
	return 0;
}

static long do_semaphores(void)
{
	struct sembuf operations[40];
	unsigned short values[50];
	int id = semget(IPC_KEY, 50, IPC_CREAT | 0600);

	for (size_t i = 0; i < ARRAY_SIZE(operations); i++)
		operations[i] = (struct sembuf){ i, 1, 0 };
	if (id < 0 || semop(id, operations, ARRAY_SIZE(operations)) < 0)
		return -1;
	return semctl(id, 0, GETALL, values);
}

/* More frames than fit beside a packet's head. */
static long do_huge_packet(void)
{
	struct iovec pieces[64];
	int fds[2], size = 64 * PAGE * 2;

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
		pieces[i] = (struct iovec){ pages, PAGE };
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) < 0)
		return -1;
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	expect_errors(ENOBUFS, ENOMEM);
	return writev(fds[0], pieces, ARRAY_SIZE(pieces));
}

/* More frames than a packet has room for, more descriptors than the stack has, and a look. */
static long do_big_packet(void)
{
	static char buffer[40 * PAGE];
	int fds[2], passed[40], got[40], size = sizeof(buffer) * 2;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) < 0)
		return -1;
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	expect_errors(ENOBUFS, ENOMEM);
	for (size_t i = 0; i < ARRAY_SIZE(passed); i++)
		passed[i] = some_fd;
	if (send_fds_flags(fds[0], passed, ARRAY_SIZE(passed), 0) < 0)
		return -1;
	receive_fds_flags(fds[1], got, ARRAY_SIZE(got), MSG_PEEK, &(int){ 0 });
	return send(fds[0], buffer, sizeof(buffer), 0);
}

/* As touch_own_memory. */
static void touch_pages(void)
{
	memset(pages, 1, 8 * PAGE);
}

static long do_process_vm(void)
{
	struct iovec local = { pages, 100 }, remote[20];

	for (size_t i = 0; i < ARRAY_SIZE(remote); i++)
		remote[i] = (struct iovec){ pages + PAGE, 5 };
	return process_vm_readv(getpid(), &local, 1, remote, ARRAY_SIZE(remote), 0);
}

/* ---- from file to file ---- */

static long do_sendfile(void)
{
	int from = open("file", O_RDONLY), to = open("/dev/null", O_WRONLY);
	struct gate gate;

	if (from < 0 || to < 0 || pipe(gate.fds) < 0)
		return -1;
	if (sendfile(to, from, &(off_t){ 0 }, 1) < 0)
		return -1;
	return sendfile(gate.fds[1], from, &(off_t){ 0 }, 1);
}

/* Holes, and what is no file of pages. */
static long do_splice(void)
{
	int hole = open("hole", O_RDONLY), text = open("/proc/self/stat", O_RDONLY);
	struct gate gate;

	if (hole < 0 || text < 0 || pipe(gate.fds) < 0)
		return -1;
	if (splice(hole, &(loff_t){ PAGE }, gate.fds[1], NULL, PAGE, 0) < 0)
		return -1;
	return splice(text, NULL, gate.fds[1], NULL, 1, 0);
}

static long do_pipe_size(void)
{
	struct gate gate;

	if (pipe(gate.fds) < 0)
		return -1;
	return fcntl(gate.fds[1], F_SETPIPE_SZ, 64 * PAGE);
}

/* ---- /proc and /sys ---- */

static long read_whole(const char *path)
{
	static char text[16384];
	int fd = open(path, O_RDONLY);
	ssize_t got;

	if (fd < 0)
		return -1;
	while ((got = read(fd, text, sizeof(text))) == sizeof(text))
		;
	int error = errno;

	close(fd);
	errno = error;
	return got;
}

static long do_proc(void)
{
	static const char *const files[] = {
		"/proc/self/maps", "/proc/self/smaps", "/proc/self/smaps_rollup",
		"/proc/mounts", "/proc/locks",
		"/proc/self/status", "/proc/self/cmdline", "/proc/self/environ",
		"/proc/self/limits", "/proc/meminfo", "/proc/1/stat", "/proc/self/mountinfo",
		"/sys/devices/system/cpu/online",
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (read_whole(files[i]) < 0)
			return -1;
	}
	return 0;
}

static long do_proc_memory(void)
{
	int memory = open("/proc/self/mem", O_RDWR), map = open("/proc/self/pagemap", O_RDONLY);
	int counts = open("/proc/kpagecount", O_RDONLY);
	uint64_t entry;
	char byte;

	if (memory < 0 || map < 0 || counts < 0 ||
	    pread64(memory, &byte, 1, (uintptr_t)pages) < 0 ||
	    pwrite64(memory, &byte, 1, (uintptr_t)pages) < 0 ||
	    pread64(map, &entry, sizeof(entry), (uintptr_t)pages / PAGE * 8) < 0)
		return -1;
	return pread64(counts, &entry, sizeof(entry), 8);
}

static long do_log(void)
{
	static char text[2000];

	return klogctl(3, text, sizeof(text));
}

/* Caches and stacks that are kept for the next thread go: what is wanted is made anew. */
static void drop_caches(void)
{
	CHECK(read_whole("/proc/quartet/leaks") >= 0);
}

static long do_sys(void)
{
	return read_whole("/sys/devices/system/cpu/online");
}

static void have_log(void)
{
	int fd = MUST(open("/dev/kmsg", O_WRONLY));

	CHECK_EQ(write(fd, "failing calls", 13), 13);
	CHECK(close(fd) == 0);
}

static long do_log_devices(void)
{
	static char text[2000];
	int device = open("/dev/kmsg", O_RDWR), file = open("/proc/kmsg", O_RDONLY | O_NONBLOCK);

	if (device < 0 || file < 0 || write(device, "failing calls", 13) < 0)
		return -1;
	return read(file, text, sizeof(text));
}

/* ---- mounts ---- */

static long mount_one(int which)
{
	char name[32];

	snprintf(name, sizeof(name), "mount%d", which);
	if (mkdir(name, 0755) < 0 && errno != EEXIST)
		return -1;
	return mount("source", name, "tmpfs", 0, "size=1m");
}

static long do_mount(void)
{
	if (mount_one(0) < 0)
		return -1;
	int fd = open("mount0/file", O_CREAT | O_WRONLY, 0600);

	if (fd < 0)
		return -1;
	close(fd);
	return umount("mount0");
}

static void release_mounts(void)
{
	while (umount2("held", MNT_DETACH) == 0)
		;
}

/*
 * So many that the next ones make their table grow: it has 32 buckets at first, and again when a
 * mount comes after many have gone.
 */
static void hold_mounts(void)
{
	static char text[8192];
	char name[32];
	int count = 1;

	release_mounts();
	CHECK(mount("source", "held", "tmpfs", 0, "size=1m") == 0);
	read_text("/proc/mounts", text, sizeof(text));
	for (char *at = text; (at = strchr(at, '\n')); at++)
		count++;
	for (; count <= 31; count++) {
		snprintf(name, sizeof(name), "held/%d", count);
		CHECK(mkdir(name, 0755) == 0);
		CHECK(mount("source", name, "tmpfs", 0, "size=1m") == 0);
	}
}

static long do_many_mounts(void)
{
	for (int i = 0; i < MOUNTS; i++) {
		if (mount_one(i) < 0)
			return -1;
	}
	return 0;
}

/* The table of a file system's inodes grows. */
static void have_many_files(void)
{
	char name[32];

	CHECK(mount_one(0) == 0);
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "mount0/%d", i);
		make_file(name, "x");
	}
}

static long do_many_files(void)
{
	char name[32];

	for (int i = 60; i < 72; i++) {
		snprintf(name, sizeof(name), "mount0/%d", i);
		int fd = open(name, O_CREAT | O_WRONLY, 0600);

		if (fd < 0)
			return -1;
		close(fd);
	}
	return 0;
}

/* ---- processes ---- */

static long do_script(void)
{
	return execl("script", "script", (char *)NULL);
}

static long do_fexecve(void)
{
	char *const arguments[] = { "program", "--exit", NULL };
	int fd = open(program, O_RDONLY);

	return fd < 0 ? -1 : fexecve(fd, arguments, environ);
}

/* The C library knows nothing of it. */
static int end_thread(void *argument)
{
	(void)argument;
	raw_syscall(SYS_exit, 0);
	return 0;
}

static long do_new_stack(void)
{
	static char stack[4096];
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;

	return clone(end_thread, stack + sizeof(stack), flags, NULL);
}

/* A program that names an interpreter, which does nothing. */
static void make_interpreted(void)
{
	static const char interpreter[] = "./interpreter";
	static struct elf_file file;

	elf_make_exit(&file, 0);
	elf_header(&file)->e_type = ET_DYN;
	elf_header(&file)->e_entry = 0x100;
	elf_segment(&file, 0)->p_vaddr = 0;
	elf_segment(&file, 0)->p_flags |= PF_W;
	elf_save(&file, interpreter);
	elf_begin(&file, 3);
	elf_put_exit(&file, 0x100, 1);
	elf_put(&file, 0x180, interpreter, sizeof(interpreter));
	elf_header(&file)->e_entry = ELF_BASE + 0x100;
	elf_load(&file, 0, 0, ELF_BASE, file.size, file.size, PF_R | PF_X);
	*elf_segment(&file, 1) = (Elf32_Phdr){
		.p_type = PT_INTERP, .p_offset = 0x180, .p_filesz = sizeof(interpreter),
		.p_memsz = sizeof(interpreter), .p_flags = PF_R, .p_align = 1,
	};
	elf_stack(&file, 2);
	elf_save(&file, "interpreted");
}

static long do_interpreter(void)
{
	return execl("interpreted", "interpreted", (char *)NULL);
}

static void want_core(void)
{
	CHECK(setrlimit(RLIMIT_CORE, &(struct rlimit){ 1 << 20, 1 << 20 }) == 0);
}

static long do_core(void)
{
	abort();
}

static long do_session(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0 && setpgid(pid, pid) < 0 && errno == ENOMEM)
		pid = -1;
	if (pid < 0)
		return -1;
	CHECK_EQ(wait_exit_status(pid), 0);
	return setsid();
}

static long do_credentials(void)
{
	gid_t groups[40] = { 0 };

	if (setgroups(ARRAY_SIZE(groups), groups) < 0)
		return -1;
	expect_errors(EAGAIN, ENOMEM);
	return setresuid(7777, 7777, 0);
}

static long do_timers(void)
{
	struct itimerval later = { .it_value = { 1000, 0 } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	timer_t timer;

	expect_errors(EAGAIN, ENOMEM);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
		return -1;
	return setitimer(ITIMER_PROF, &later, NULL);
}

static long do_pi_lock(void)
{
	static uint32_t word;
	long result = raw_syscall(SYS_futex, &word, FUTEX_LOCK_PI, 0, NULL, NULL, 0);

	errno = -result;
	return result < 0 ? -1 : raw_syscall(SYS_futex, &word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0);
}

/* ---- open files ---- */

static long do_locks(void)
{
	struct flock part = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10 };
	int fd = open("file", O_RDWR);

	expect_errors(ENOLCK, ENOMEM);
	if (fd < 0 || fcntl(fd, F_SETLK, &part) < 0)
		return -1;
	part = (struct flock){ .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = 3, .l_len = 2 };
	if (fcntl(fd, F_SETLK, &part) < 0 || flock(fd, LOCK_SH) < 0)
		return -1;
	expect_errors(ENOMEM, ENOMEM);
	return read_whole("/proc/locks");
}

static long do_owner(void)
{
	struct gate gate;

	if (pipe(gate.fds) < 0)
		return -1;
	return fcntl(gate.fds[0], F_SETOWN, getpid());
}

static long do_directory_notice(void)
{
	int fd = open(".", O_RDONLY | O_DIRECTORY);

	return fd < 0 ? -1 : fcntl(fd, F_NOTIFY, DN_CREATE);
}

/* ---- terminals ---- */

static void end_console(void)
{
	struct kbentry no_map = { SPARE_MAP, 0, K_NOSUCHMAP };
	struct kbsentry usual = { .kb_func = SPARE_FUNCTION };

	CHECK(ioctl(console, KDSKBENT, &no_map) == 0);
	CHECK(ioctl(console, KDSKBSENT, &usual) == 0);
	ioctl(console, VT_DISALLOCATE, SPARE_CONSOLE);
}

static long do_new_console(void)
{
	return open("/dev/tty11", O_RDWR | O_NOCTTY);
}

static long do_keymap(void)
{
	struct kbentry entry = { SPARE_MAP, KEY_A, K(KT_LATIN, 'x') };
	struct kbsentry text = { .kb_func = SPARE_FUNCTION, .kb_string = "text" };

	if (ioctl(console, KDSKBENT, &entry) < 0 || ioctl(console, KDSKBSENT, &text) < 0)
		return -1;
	return ioctl(console, KDGKBSENT, &text);
}

static long do_terminal(void)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), unlocked = 0, number;
	char name[32];

	if (master < 0 || ioctl(master, TIOCSPTLCK, &unlocked) < 0 ||
	    ioctl(master, TIOCGPTN, &number) < 0)
		return -1;
	snprintf(name, sizeof(name), "/dev/pts/%d", number);
	int slave = open(name, O_RDWR | O_NOCTTY);

	return slave < 0 ? -1 : write(slave, "text", 4);
}

static const struct failing_call calls[] = {
	{ "long path", do_long_path }, { "long name", do_long_name }, { "symlink", do_symlink },
	{ "follow link", do_follow_link },
	{ "made link", do_made_link, drop_caches },
	{ "getcwd", do_getcwd, go_deep }, { "read directory", do_read_directory },
	{ "disk file", do_disk_file, go_to_disk },
	{ "disk folder", do_disk_folder, go_to_new_folder },
	{ "writev", do_writev }, { "mincore", do_mincore },
	{ "select", do_select, have_high_descriptor }, { "dup high", do_dup_high },
	{ "poll", do_poll, have_quiet_pipes }, { "epoll", do_epoll },
	{ "semaphores", do_semaphores }, { "big packet", do_big_packet },
	{ "huge packet", do_huge_packet, touch_pages },
	{ "process_vm", do_process_vm, touch_pages },
	{ "sendfile", do_sendfile }, { "splice", do_splice }, { "pipe size", do_pipe_size },
	{ "proc", do_proc }, { "proc memory", do_proc_memory, touch_pages },
	{ "sys", do_sys, drop_caches },
	{ "log", do_log }, { "log devices", do_log_devices, have_log }, { "mount", do_mount },
	{ "many mounts", do_many_mounts, hold_mounts },
	{ "many files", do_many_files, have_many_files },
	{ "script", do_script, .may_die = true }, { "fexecve", do_fexecve, .may_die = true },
	{ "interpreter", do_interpreter, .may_die = true },
	{ "core", do_core, want_core, .may_die = true },
	{ "new stack", do_new_stack, drop_caches },
	{ "session", do_session }, { "credentials", do_credentials }, { "timers", do_timers },
	{ "pi lock", do_pi_lock }, { "locks", do_locks }, { "owner", do_owner },
	{ "directory notice", do_directory_notice },
	{ "terminal", do_terminal }, { "new console", do_new_console }, { "keymap", do_keymap },
};

int main(int argc, char **argv)
{
	static char line[200];

	if (argc > 1)
		return 0;
	CHECK(mkdir("held", 0755) == 0);
	program = argv[0][0] == '/' ? argv[0] : "/proc/self/exe";
	snprintf(line, sizeof(line), "#!%s --exit\n", program);
	make_file("script", line);
	CHECK(chmod("script", 0755) == 0);
	make_file("file", "x");
	CHECK(symlink("file", "kept-link") == 0);
	make_file("hole", "");
	CHECK(truncate("hole", 4 * PAGE) == 0);
	pages = map_pages(8);
	memset(pages, 1, 8 * PAGE);
	some_fd = MUST(open("/dev/null", O_RDWR));
	make_interpreted();
	console = MUST(open("/dev/tty1", O_RDWR | O_NOCTTY));
	for (size_t c = 0; c < ARRAY_SIZE(calls); c++)
		fail_all(&calls[c], remove_leftovers);
	release_mounts();
	CHECK(rmdir("held") == 0);
	return 0;
}

/* test: linux=no timeout=180
 * No byte that the kernel did not write reaches a program: not in the padding of a structure, not
 * behind the end of a name, not in a page behind the end of a file. Nor does an address of the
 * kernel's: no word that a call gives is one (protect_kernel_addresses.c looks at what is text).
 *
 * A debug kernel fills what the caller gets with a byte that it chooses (kernel/core/stale.h). Each
 * call is made twice, with two bytes; a place that shows the first and then the second holds what
 * nobody wrote. Linux has no such switch.
 */
#include "check.h"
#include "bad_pointers_setup.h"
#include <asm/ldt.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/sysmacros.h>
#include <sys/signalfd.h>
#include <sys/statfs.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/user.h>
#include <sys/vfs.h>

enum { ROOM = 3 * PAGE, UNTOUCHED = 0x11, RUNS = 2 };

static const unsigned char patterns[RUNS] = { 0xa7, 0xd9 };
static unsigned char (*results)[ROOM];	/* [RUNS], shared */
static int stale_fd, wrong, addresses;
static uint32_t disk_id[2];
static unsigned char pattern;		/* of this run */

static void arm(unsigned char byte)
{
	char text[4];

	snprintf(text, sizeof(text), "%x", byte);
	CHECK(write(stale_fd, text, strlen(text)) > 0);
}

/*
 * Above all that is a program's and below the small negative numbers; not four of the bytes, nor a
 * mask of vector instructions (a signal frame has their registers), nor the greatest size of a
 * shared segment, nor half of the disk's own random number.
 */
static bool is_kernel_address(uint32_t word)
{
	return word > 0xc0000000 && word < 0xffe00000 && word != (word << 8 | word >> 24) &&
	       word != (word & 0x01010101) * 0xff && word != 0xfeffffff && word != disk_id[0] &&
	       word != disk_id[1];
}

/* What may be any number: random ones, numbers of inodes made of names, what is on a disk. */
static bool is_any_number(const char *what)
{
	return strcmp(what, "getrandom") == 0 || strcmp(what, "/sys") == 0 ||
	       strcmp(what, "disk") == 0;
}

static void look_for_addresses(const char *what)
{
	for (int run = 0; run < RUNS; run++) {
		const uint32_t *words = (const uint32_t *)results[run];

		for (size_t i = 0; i < ROOM / sizeof(*words); i++) {
			if (!is_kernel_address(words[i]) || is_any_number(what))
				continue;
			say("%s: %#x, at byte %zu, is an address of the kernel's\n", what,
			    words[i], i * sizeof(*words));
			addresses++;
			break;
		}
	}
}

static void compare(const char *what)
{
	look_for_addresses(what);
	for (int i = 0; i < ROOM; i++) {
		if (results[0][i] != patterns[0] || results[1][i] != patterns[1])
			continue;
		int end = i;

		while (end < ROOM && results[0][end] == patterns[0] &&
		       results[1][end] == patterns[1])
			end++;
		say("%s: bytes %d to %d are what was there before\n", what, i, end - 1);
		wrong++;
		return;
	}
}

/* Both runs of something that fills results[run], each in a child of its own. */
static void twice(const char *what, void (*body)(const void *, unsigned char *),
		  const void *argument)
{
	for (int run = 0; run < RUNS; run++) {
		memset(results[run], UNTOUCHED, ROOM);
		pid_t pid = FORK();

		if (pid == 0) {
			pattern = patterns[run];
			alarm(20);
			body(argument, results[run]);
			_exit(0);
		}
		int status = wait_status(pid);

		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			FAIL("%s: status %#x", what, status);
	}
	compare(what);
}

/* ---- the calls of bad_pointers.h ---- */

static void make_call(const void *argument, unsigned char *result)
{
	const struct call *call = argument;
	long values[6];

	set_up(call);
	memset(out, UNTOUCHED, sizeof(out));
	memset(out2, UNTOUCHED, sizeof(out2));
	memset(out3, UNTOUCHED, sizeof(out3));
	for (int i = 0; i < 6; i++)
		values[i] = call->arguments[i].value;
	arm(pattern);
	raw_syscall(call->number, values[0], values[1], values[2], values[3], values[4], values[5]);
	arm(0);
	memcpy(result, out, PAGE);
	memcpy(result + PAGE, out2, PAGE / 2);
	memcpy(result + PAGE + PAGE / 2, out3, PAGE / 2);
	for (int i = 0; i < 6; i++) {
		if (call->arguments[i].kind == OUT)
			memcpy(result + 2 * PAGE + i * 256, (void *)values[i], 32);
	}
	remove_object(call->flags);
}

/* ---- others: the set-up first, then the call between arm() and arm(0) ---- */

#define ARMED(call) do { arm(pattern); (void)!(call); arm(0); } while (0)

static void do_stat(const void *argument, unsigned char *result)
{
	const char *path = argument;
	struct statfs *file_system = (void *)(result + 1024);

	arm(pattern);
	raw_syscall(SYS_stat64, path, result);
	raw_syscall(SYS_lstat64, path, result + 128);
	raw_syscall(SYS_stat, path, result + 256);
	raw_syscall(SYS_oldstat, path, result + 384);
	raw_syscall(383, AT_FDCWD, path, 0, 0xfff, result + 512);	/* statx */
	raw_syscall(SYS_statfs64, path, 84, file_system);
	raw_syscall(SYS_readlink, path, result + 1200, 200);
	arm(0);
}

static void do_read(const void *argument, unsigned char *result)
{
	int fd = MUST(open(argument, O_RDONLY | O_NONBLOCK | O_NOCTTY));

	ARMED(read(fd, result, ROOM));
}

static void do_list(const void *argument, unsigned char *result)
{
	int fd = MUST(open(argument, O_RDONLY | O_DIRECTORY));

	arm(pattern);
	raw_syscall(SYS_getdents64, fd, result, PAGE);
	raw_syscall(SYS_getdents, fd, result + PAGE, PAGE);
	lseek(fd, 0, SEEK_SET);
	raw_syscall(SYS_getdents, fd, result + 2 * PAGE, PAGE);
	arm(0);
}

static void do_socket_stat(const void *argument, unsigned char *result)
{
	int fds[2], pipes[2], event = eventfd(0, 0);

	(void)argument;
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == 0 && pipe(pipes) == 0);
	arm(pattern);
	raw_syscall(SYS_fstat64, fds[0], result);
	raw_syscall(SYS_fstat64, pipes[0], result + 128);
	raw_syscall(SYS_fstat64, event, result + 256);
	raw_syscall(SYS_fstatfs64, pipes[0], 84, result + 512);
	arm(0);
}

static void do_control(const void *argument, unsigned char *result)
{
	int fds[2], on = 1;
	struct iovec part = { result + PAGE, 64 };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = result,
				 .msg_controllen = 256, .msg_name = result + 512,
				 .msg_namelen = 128 };
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec sent_part = { (char *)"x", 1 };
	struct msghdr sent = { .msg_iov = &sent_part, .msg_iovlen = 1, .msg_control = control,
			       .msg_controllen = sizeof(control) };
	struct cmsghdr *first = CMSG_FIRSTHDR(&sent);

	(void)argument;
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) == 0);
	CHECK(setsockopt(fds[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0);
	first->cmsg_level = SOL_SOCKET;
	first->cmsg_type = SCM_RIGHTS;
	first->cmsg_len = CMSG_LEN(sizeof(int));
	arm(pattern);
	(void)!sendmsg(fds[1], &sent, 0);
	(void)!recvmsg(fds[0], &header, 0);
	arm(0);
}

/* A frame of each form, on an alternate stack that lies in the result. */
static void return_at_once(int signal) { (void)signal; }
static void return_with_info(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	(void)context;
}

static void do_frames(const void *argument, unsigned char *result)
{
	stack_t stack = { .ss_sp = result, .ss_size = 2 * PAGE };
	sigset_t set;
	double number = 1.5;

	CHECK(sigaltstack(&stack, NULL) == 0);
	if (argument)
		handle_signal_info(SIGUSR1, return_with_info, SA_ONSTACK);
	else
		handle_signal(SIGUSR1, return_at_once, SA_ONSTACK);
	block_signal(SIGUSR1);
	CHECK(raise(SIGUSR1) == 0);
	sigemptyset(&set);
	__asm__ volatile("fldl %0; fstpl %0" : "+m"(number));
	ARMED(raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, NULL, 8));
}

static void do_signal_infos(const void *argument, unsigned char *result)
{
	union sigval value = { .sival_int = 7 };
	sigset_t set;
	int fd;

	(void)argument;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN);
	CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
	fd = MUST(signalfd(-1, &set, SFD_NONBLOCK));
	arm(pattern);
	kill(getpid(), SIGUSR1);
	sigqueue(getpid(), SIGRTMIN, value);
	sigqueue(getpid(), SIGRTMIN, value);
	raw_syscall(SYS_rt_sigtimedwait, &set, result, NULL, 8);
	raw_syscall(SYS_rt_sigtimedwait, &set, result + 128, NULL, 8);
	(void)!read(fd, result + 256, 128);
	arm(0);
}

static void do_timers(const void *argument, unsigned char *result)
{
	struct itimerspec long_time = { { 5, 0 }, { 5, 0 } };
	struct epoll_event watch = { .events = EPOLLIN }, *ready = (void *)(result + 768);
	int fd = MUST(timerfd_create(CLOCK_MONOTONIC, 0)), epoll = MUST(epoll_create1(0));
	int event = MUST(eventfd(3, 0));
	struct timex *adjusted = (void *)result;
	unsigned int timer;

	(void)argument;
	CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, event, &watch) == 0);
	memset(result, 0, 256);		/* adjtimex reads it first */
	arm(pattern);
	raw_syscall(SYS_adjtimex, adjusted);
	raw_syscall(SYS_clock_adjtime, CLOCK_REALTIME, adjusted);
	raw_syscall(SYS_timerfd_settime, fd, 0, &long_time, result + 256);
	raw_syscall(SYS_timerfd_gettime, fd, result + 320);
	raw_syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &timer);
	raw_syscall(SYS_timer_settime, timer, 0, &long_time, result + 384);
	raw_syscall(SYS_timer_gettime, timer, result + 448);
	raw_syscall(408, timer, result + 480);	/* timer_gettime64 */
	raw_syscall(410, fd, result + 512);	/* timerfd_gettime64 */
	(void)!read(event, result + 640, 8);
	raw_syscall(SYS_epoll_wait, epoll, ready, 4, 0);
	arm(0);
}

static void do_system_v(const void *argument, unsigned char *result)
{
	int queue = MUST(msgget(IPC_PRIVATE, 0600));
	int segment = MUST(shmget(IPC_PRIVATE, PAGE, 0600));
	int semaphores = MUST(semget(IPC_PRIVATE, 3, 0600));
	struct { long type; char text[5]; } message = { 1, "abcd" };

	(void)argument;
	arm(pattern);
	msgctl(queue, IPC_STAT, (void *)result);
	msgctl(queue, IPC_INFO, (void *)(result + 256));
	msgctl(queue, 12 /* MSG_INFO */, (void *)(result + 512));
	shmctl(segment, IPC_STAT, (void *)(result + 768));
	shmctl(segment, IPC_INFO, (void *)(result + 1024));
	shmctl(segment, 14 /* SHM_INFO */, (void *)(result + 1280));
	semctl(semaphores, 0, IPC_STAT, result + 1536);
	semctl(semaphores, 0, IPC_INFO, result + 1792);
	semctl(semaphores, 0, 19 /* SEM_INFO */, result + 2048);
	semctl(semaphores, 0, GETALL, result + 2304);
	/* The old forms, for which the library has no names. */
	raw_syscall(SYS_ipc, 14 /* MSGCTL */, queue, IPC_STAT, 0, result + 2560);
	raw_syscall(SYS_ipc, 24 /* SHMCTL */, segment, IPC_STAT, 0, result + 2816);
	msgsnd(queue, &message, sizeof(message.text), 0);
	msgrcv(queue, result + 3072, 256, 0, 0);
	arm(0);
	msgctl(queue, IPC_RMID, NULL);
	shmctl(segment, IPC_RMID, NULL);
	semctl(semaphores, 0, IPC_RMID);
}

static void do_inotify(const void *argument, unsigned char *result)
{
	int fd = MUST(inotify_init1(IN_NONBLOCK));

	(void)argument;
	MUST(inotify_add_watch(fd, ".", IN_CREATE | IN_DELETE));
	arm(pattern);
	close(creat("seventeen_letters", 0600));
	unlink("seventeen_letters");
	(void)!read(fd, result, 512);
	arm(0);
}

static void do_terminal(const void *argument, unsigned char *result)
{
	static const unsigned int requests[] = {
		TCGETS, TCGETA, 0x802c542a /* TCGETS2 */, TIOCGWINSZ, TIOCGPTN, TIOCGPGRP, TIOCGSID,
		TIOCINQ, TIOCGLCKTRMIOS, TIOCGSERIAL, TIOCGETD, TIOCGSOFTCAR, TIOCGEXCL, FIONREAD,
		0x4b33 /* KDGKBTYPE */, 0x4b3b /* KDGETMODE */, 0x4b44 /* KDGKBMODE */,
		0x4b64 /* KDGKBLED */, 0x4b31 /* KDGETLED */, 0x4b46 /* KDGKBENT */,
		0x4b60 /* GIO_FONT */, 0x5601 /* VT_GETMODE */, 0x5603 /* VT_GETSTATE */,
		0x5600 /* VT_OPENQRY */,
	};
	const char *path = argument;
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return;
	arm(pattern);
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		raw_syscall(SYS_ioctl, fd, requests[i], result + i * 256);
	arm(0);
}

static void do_disk(const void *argument, unsigned char *result)
{
	static const unsigned int requests[] = {
		0x1260 /* BLKGETSIZE */, 0x80041272 /* BLKGETSIZE64 */, 0x1268 /* BLKSSZGET */,
		0x125e /* BLKROGET */, 0x0301 /* HDIO_GETGEO */, 0x2 /* FIGETBSZ */,
		0x80046601 /* FS_IOC_GETFLAGS */, 0x80047601 /* FS_IOC_GETVERSION */,
	};
	int fd = MUST(open(argument, O_RDONLY));

	arm(pattern);
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
		raw_syscall(SYS_ioctl, fd, requests[i], result + i * 64);
	raw_syscall(SYS_flistxattr, fd, result + 1024, 256);
	raw_syscall(SYS_fgetxattr, fd, "user.x", result + 1536, 256);
	arm(0);
}

static void do_descriptors(const void *argument, unsigned char *result)
{
	struct user_desc *area = (void *)result;

	(void)argument;
	memset(area, 0, sizeof(*area));
	area->entry_number = 6;
	arm(pattern);
	raw_syscall(SYS_get_thread_area, area);
	raw_syscall(SYS_modify_ldt, 0, result + 256, 256);
	raw_syscall(SYS_modify_ldt, 2, result + 512, 256);
	raw_syscall(SYS_rt_sigaction, SIGUSR1, NULL, result + 768, 8);
	raw_syscall(SYS_sigaction, SIGUSR1, NULL, result + 832);
	raw_syscall(SYS_sigaltstack, NULL, result + 896);
	raw_syscall(SYS_syslog, 3, result + PAGE, PAGE);
	raw_syscall(SYS_getrusage, RUSAGE_CHILDREN, result + 2 * PAGE);
	raw_syscall(SYS_prlimit64, 0, RLIMIT_STACK, NULL, result + 2 * PAGE + 256);
	raw_syscall(SYS_times, result + 2 * PAGE + 512);
	raw_syscall(SYS_name_to_handle_at, AT_FDCWD, "file", result + 2 * PAGE + 768, result, 0);
	arm(0);
}

static void do_trace(const void *argument, unsigned char *result)
{
	struct iovec set = { result + 2048, 512 };
	pid_t child = FORK();

	(void)argument;
	if (child == 0) {
		CHECK(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
		raise(SIGSTOP);
		_exit(0);
	}
	CHECK(WIFSTOPPED(wait_status(child)));
	arm(pattern);
	raw_syscall(SYS_ptrace, PTRACE_GETSIGINFO, child, 0, result);
	raw_syscall(SYS_ptrace, PTRACE_GETREGS, child, 0, result + 256);
	raw_syscall(SYS_ptrace, PTRACE_GETFPREGS, child, 0, result + 512);
	raw_syscall(SYS_ptrace, PTRACE_GETFPXREGS, child, 0, result + 1024);
	raw_syscall(SYS_ptrace, PTRACE_GETEVENTMSG, child, 0, result + 1600);
	raw_syscall(SYS_ptrace, PTRACE_GETREGSET, child, 1, &set);
	raw_syscall(SYS_ptrace, PTRACE_GETREGSET, child, 0x202 /* NT_X86_XSTATE */,
		    &(struct iovec){ result + 2600, 1400 });
	raw_syscall(SYS_ptrace, PTRACE_GET_SYSCALL_INFO, child, 128, result + PAGE);
	raw_syscall(SYS_ptrace, PTRACE_PEEKUSER, child, 0, result + PAGE + 128);
	raw_syscall(SYS_ptrace, PTRACE_GET_THREAD_AREA, child, 6, result + PAGE + 160);
	raw_syscall(SYS_ptrace, PTRACE_PEEKSIGINFO, child, result, result + PAGE + 256);
	arm(0);
	kill(child, SIGKILL);
	wait_status(child);
}

/* What lies in the pages of a file that was written here and there, and behind its end. */
static void do_file_pages(const void *argument, unsigned char *result)
{
	int fd;
	char *pages;

	if (argument)
		CHECK(chdir(argument) == 0);
	unlink("pages");
	fd = MUST(open("pages", O_CREAT | O_RDWR, 0600));
	arm(pattern);
	(void)!pwrite(fd, "begin", 5, 10);
	(void)!pwrite(fd, "end", 3, 2 * PAGE + 1000);
	pages = mmap(NULL, ROOM, PROT_READ, MAP_SHARED, fd, 0);
	if (pages != MAP_FAILED)
		memcpy(result, pages, ROOM);
	arm(0);
	CHECK(pages != MAP_FAILED);
	CHECK(unlink("pages") == 0);
}

static void do_grown_file(const void *argument, unsigned char *result)
{
	int fd;

	if (argument)
		CHECK(chdir(argument) == 0);
	unlink("grown");
	fd = MUST(open("grown", O_CREAT | O_RDWR, 0600));
	arm(pattern);
	(void)!write(fd, "0123456789", 10);
	(void)!ftruncate(fd, 3);
	(void)!ftruncate(fd, ROOM);
	fsync(fd);
	(void)!pread(fd, result, ROOM, 0);
	arm(0);
	CHECK(unlink("grown") == 0);
}

/* Headers and notes of a core file; the memory that follows is the program's. */
static void do_core(const void *argument, unsigned char *result)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	pid_t child = FORK();
	int status, fd;

	(void)argument;
	if (child == 0) {
		CHECK(setrlimit(RLIMIT_CORE, &all) == 0);
		arm(pattern);
		raise(SIGABRT);
		_exit(1);
	}
	status = wait_status(child);
	CHECK(WIFSIGNALED(status) && WCOREDUMP(status));
	fd = MUST(open("core", O_RDONLY));
	CHECK_EQ(read(fd, result, PAGE), PAGE);
	CHECK(unlink("core") == 0);
}

/* All that a program finds when it begins: this one, run again, looks at its own memory. */
static void do_exec(const void *argument, unsigned char *result)
{
	char byte[8];

	(void)argument;
	(void)result;
	snprintf(byte, sizeof(byte), "%x", pattern);
	arm(pattern);
	execl("/proc/self/exe", "stale", "--look", byte, (char *)NULL);
	FAIL("execl");
}

static int look_at_own_memory(unsigned char byte)
{
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");

	CHECK(maps != NULL);
	while (fgets(line, sizeof(line), maps)) {
		unsigned long start, end;
		char mode[8];
		int run = 0;

		CHECK(sscanf(line, "%lx-%lx %7s", &start, &end, mode) == 3);
		if (mode[0] != 'r')
			continue;
		for (unsigned char *at = (unsigned char *)start; at < (unsigned char *)end; at++) {
			run = *at == byte ? run + 1 : 0;
			if (run == 4)
				FAIL("four bytes %#x at %p, in %s", byte, at, line);
		}
	}
	fclose(maps);
	return 0;
}

/*
 * Reading the switch gives 256 bytes of the stack and 32 of a slab object that nobody wrote, and
 * where that lies.
 */
static void check_self(void)
{
	enum { OF_STACK = 256 };
	int before = wrong;

	twice("(so it would be told)", do_read, "/proc/quartet/stale");
	CHECK_EQ(wrong, before + 1);
	CHECK_EQ(addresses, RUNS);	/* the object's own follows it */
	/* Of the stack, some was written on the way. */
	CHECK(memchr(results[0], patterns[0], OF_STACK) &&
	      results[0][OF_STACK + 16] == patterns[0]);
	wrong = before;
	addresses = 0;
}

static void more(void)
{
	static const char *const places[] = { ".", "file", "link", "/proc", "/proc/self/maps",
		"/dev/null", "/dev/tty", "/tmp", "/proc/self/exe", "/proc/self/fd/0", "/sys",
		"/dev/pts" };
	static const char *const lists[] = { ".", "/proc", "/proc/self", "/proc/self/fd", "/dev",
		"/dev/pts", "/tmp", "/sys", "/proc/self/task" };
	static const char *const files[] = { "/proc/self/stat", "/proc/self/status",
		"/proc/self/auxv", "/proc/self/environ", "/proc/self/cmdline", "/proc/self/maps",
		"/proc/self/smaps", "/proc/self/pagemap", "/proc/self/limits", "/proc/self/statm",
		"/proc/self/comm", "/proc/self/mountinfo", "/proc/self/fdinfo/0", "/proc/meminfo",
		"/proc/cpuinfo", "/proc/stat", "/proc/mounts", "/proc/slabinfo", "/proc/kpagecount",
		"/proc/uptime", "/proc/loadavg", "/proc/sys/kernel/random/uuid", "/proc/net/unix",
		"/proc/sysvipc/shm", "/dev/kmsg", "disk", "/proc/locks" };
	static const char *const terminals[] = { "/dev/ptmx", "/dev/tty1", "/dev/ttyS1" };
	static const char *const disks[] = { "disk", "file", "." };

	CHECK(mknod("disk", S_IFBLK | 0600, makedev(3, 0)) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		twice(places[i], do_stat, places[i]);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		twice(lists[i], do_list, lists[i]);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		twice(files[i], do_read, files[i]);
	for (size_t i = 0; i < ARRAY_SIZE(terminals); i++)
		twice(terminals[i], do_terminal, terminals[i]);
	for (size_t i = 0; i < ARRAY_SIZE(disks); i++)
		twice(disks[i], do_disk, disks[i]);
	twice("stat of nameless files", do_socket_stat, NULL);
	twice("recvmsg with control messages", do_control, NULL);
	twice("a signal frame", do_frames, NULL);
	twice("a signal frame with siginfo", do_frames, "info");
	twice("signal information", do_signal_infos, NULL);
	twice("timers", do_timers, NULL);
	twice("System V", do_system_v, NULL);
	twice("inotify", do_inotify, NULL);
	twice("descriptors and signals", do_descriptors, NULL);
	twice("ptrace", do_trace, NULL);
	twice("pages of a file", do_file_pages, NULL);
	twice("pages of a file in memory", do_file_pages, "/tmp");
	twice("a file that grows", do_grown_file, NULL);
	twice("a file in memory that grows", do_grown_file, "/tmp");
	twice("a core file", do_core, NULL);
	twice("a new program", do_exec, NULL);
}

int main(int count, char **arguments)
{
	if (count == 3 && strcmp(arguments[1], "--look") == 0)
		return look_at_own_memory(strtoul(arguments[2], NULL, 16));
	if (count == 0 || arguments[0][0] == '\0' || count > 1)
		return 0;	/* executed by one of the calls */
	stale_fd = open("/proc/quartet/stale", O_WRONLY | O_CLOEXEC);
	if (stale_fd < 0 || (write(stale_fd, "0", 1) < 0 && errno == EOPNOTSUPP))
		SKIP("this kernel is not a debug build");
	CHECK_EQ(dup3(stale_fd, 90, O_CLOEXEC), 90);
	stale_fd = 90;
	results = shared_memory(RUNS * ROOM);
	select_block[4] = (uintptr_t)zero_time;
	make_file("file", "0123456789abcdef");
	CHECK(symlink("file", "link") == 0);
	struct statfs file_system;

	CHECK(statfs("/proc/self/exe", &file_system) == 0);
	memcpy(disk_id, &file_system.f_fsid, sizeof(disk_id));
	check_self();
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		twice(calls[i].name, make_call, &calls[i]);
	make_file("file", "0123456789abcdef");
	unlink("link");
	CHECK(symlink("file", "link") == 0);
	more();
	raw_syscall(SYS_mq_unlink, "bad-pointers");
	raw_syscall(SYS_mq_unlink, "bad-pointers-2");
	return wrong || addresses ? 1 : 0;
}

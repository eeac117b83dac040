/*
 * The table of bad_pointers.c: system calls, and good arguments for each. tools/check-bad-pointers
 * demands a row for each call that takes a pointer.
 */
#pragma once
#include "check.h"
#include <linux/capability.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/un.h>

enum { FILE_FD = 50, DIRECTORY_FD, PIPE_READ_FD, PIPE_WRITE_FD };
enum { SOCKET_FD = 60, PEER_FD, NEW_SOCKET_FD, LISTENER_FD, DATAGRAM_FD };
enum { QUEUE_FD = 70, INOTIFY_FD, PID_FD, EPOLL_FD, TIMER_FD };

/*
 * First those that are never bad: a number, the caller's process id, and the id of what the flags
 * say is needed. Buffers are moved byte by byte, so part of one may do; structures are all or
 * nothing.
 */
enum kind { VALUE, SELF, OBJECT, IN, OUT, IN_BUFFER, OUT_BUFFER };

/* What bad_pointers_setup.h makes; from NEEDS_DEVICE on it is the OBJECT. */
enum {
	NEEDS_ZOMBIE = 1 << 0,
	NEEDS_SOCKETS = 1 << 1,
	NEEDS_QUEUE = 1 << 2,
	NEEDS_INOTIFY = 1 << 3,
	NEEDS_PID_FD = 1 << 4,
	NEEDS_EPOLL = 1 << 5,
	NEEDS_TIMER_FD = 1 << 6,
	NEEDS_THREAD_AREA = 1 << 7,	/* that used_thread_area names */
	NEEDS_DEVICE = 1 << 8,		/* of a mounted file system */
	NEEDS_TIMER = 1 << 9,
	NEEDS_TRACEE = 1 << 10,
	NEEDS_MESSAGES = 1 << 11,	/* a queue with one of 4 bytes */
	NEEDS_SEMAPHORES = 1 << 12,
	NEEDS_SEGMENT = 1 << 13,
};

struct argument {
	enum kind kind;
	long value;
};

struct call {
	int number;
	const char *name;
	struct argument arguments[6];
	int flags;
};

static char out[4096], out2[4096], out3[4096];
static char in[64];
static char *exec_arguments[] = { "x", "--exit", NULL };
static char *exec_environment[] = { NULL };
static int zero_time[4];
static char own_page[PAGE] __attribute__((aligned(PAGE)));
static int signal_mask[4];
static int pending_mask[4] = { 1 << (SIGUSR2 - 1) };	/* set_up() makes one pending */
static char readable[64] = { [FILE_FD / 8] = 1 << FILE_FD % 8 };
static int old_action[4];
static int new_action[5];
/* Some tests ask for more parts than the one: those are empty. */
static struct iovec one_part[4] = { { out, 16 } };
static struct pollfd poll_fd = { FILE_FD, POLLIN, 0 };
static unsigned int capability_header[2] = { _LINUX_CAPABILITY_VERSION_3, 0 };
static unsigned int capability_data[6];
static unsigned int map_block[6] = { 0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 };
static unsigned int select_block[5];
static unsigned int thread_area[4] = { -1, 0, 0xfffff, 0x51 };
static unsigned int used_thread_area[4] = { -1, 0, 0xfffff, 0x51 };
static struct flock lock = { .l_type = F_WRLCK };
static struct flock64 lock64 = { .l_type = F_WRLCK };
static unsigned int limits[2] = { 100, 100 };
static uint64_t limits64[2] = { 100, 100 };
static int group_list[2] = { 5, 6 };
static uint32_t mask_pair[2];
static stack_t alternate_stack = { .ss_flags = SS_DISABLE };
static uint64_t open_how[3];
static int queue_attributes[8] = { 0, 2, 16 };
static int queue_event[16] = { 0, 0, SIGEV_NONE };
static uint32_t futex_list[6] = { 1, 0, 0, 0, 2 };	/* of a word that is nowhere */
static int late_time[4] = { 0x7fffffff };
static int wrong_time[4] = { -1, 2000000000, 2000000000 };	/* in every form of a time */
static uint64_t far_offset = 64;
static struct epoll_event epoll_event = { .events = EPOLLOUT };
static struct iovec other_part[4] = { { in, 16 } };
static struct { long type; char text[4]; } message = { 1, "text" };
static struct { void *message; long type; } message_and_type = { out, 0 };
static struct sembuf operation = { .sem_op = 1 };
static char *semaphore_values = out;
static int queued_signal[32] = { SIGUSR2, 0, SI_QUEUE };
static int schedule_attributes[12] = { 48 };
static int requeue_word = 7;
static uint64_t clone_arguments[8] = { [4] = SIGCHLD };

static struct sockaddr_un own_address = { .sun_family = AF_UNIX, .sun_path = "\0bad-pointers-own" };
static struct sockaddr_un listener_address = { .sun_family = AF_UNIX,
					       .sun_path = "\0bad-pointers" };
static unsigned int address_size = sizeof(own_address), option_size = 4;
static unsigned int socket_block[3] = { AF_UNIX, SOCK_STREAM, 0 };
static struct msghdr send_header = { .msg_iov = one_part, .msg_iovlen = 1 };
static struct msghdr receive_header = { .msg_iov = one_part, .msg_iovlen = 1 };
static struct mmsghdr send_headers = { .msg_hdr = { .msg_iov = one_part, .msg_iovlen = 1 } };
static struct mmsghdr receive_headers = { .msg_hdr = { .msg_iov = one_part, .msg_iovlen = 1 } };
static int long_time[4] = { 5 };

#define V(number) { VALUE, (long)(number) }
#define MYSELF { SELF, 0 }
#define MADE { OBJECT, 0 }
#define S(text) { IN, (long)(text) }
#define I(object) { IN, (long)(object) }
#define O(object) { OUT, (long)(object) }
#define D(object) { IN_BUFFER, (long)(object) }
#define B(object) { OUT_BUFFER, (long)(object) }
#define HERE V(AT_FDCWD)

static const struct call calls[] = {
	{ 3, "read", { V(FILE_FD), B(out), V(16) }, 0 },
	{ 3, "read of a pipe", { V(PIPE_READ_FD), B(out), V(16) }, 0 },
	{ 4, "write", { V(FILE_FD), D(in), V(16) }, 0 },
	{ 4, "write to a pipe", { V(PIPE_WRITE_FD), D(in), V(16) }, 0 },
	{ 5, "open", { S("file"), V(0) }, 0 },
	{ 5, "open, creating", { S("new"), V(O_CREAT | O_WRONLY), V(0644) }, 0 },
	{ 7, "waitpid", { V(-1), O(out), V(0) }, NEEDS_ZOMBIE },
	{ 8, "creat", { S("new"), V(0644) }, 0 },
	{ 9, "link", { S("file"), S("new") }, 0 },
	{ 10, "unlink", { S("file") }, 0 },
	{ 11, "execve", { S("/proc/self/exe"), I(exec_arguments), I(exec_environment) }, 0 },
	{ 12, "chdir", { S("directory") }, 0 },
	{ 13, "time", { O(out) }, 0 },
	{ 14, "mknod", { S("new"), V(S_IFREG | 0600), V(0) }, 0 },
	{ 15, "chmod", { S("file"), V(0600) }, 0 },
	{ 16, "lchown", { S("file"), V(0), V(0) }, 0 },
	{ 18, "oldest stat", { S("file"), O(out) }, 0 },
	{ 21, "mount", { S("none"), S("directory"), S("nosuchfs"), V(0), S("x=1") }, 0 },
	{ 22, "umount", { S("directory") }, 0 },
	{ 25, "stime", { I(wrong_time) }, 0 },
	{ 26, "ptrace PEEKDATA", { V(PTRACE_PEEKDATA), MADE, V(in), O(out) }, NEEDS_TRACEE },
	{ 26, "ptrace GETREGS", { V(PTRACE_GETREGS), MADE, V(0), O(out) }, NEEDS_TRACEE },
	{ 26, "ptrace SETREGS", { V(PTRACE_SETREGS), MADE, V(0), I(out) }, NEEDS_TRACEE },
	{ 26, "ptrace GETSIGINFO", { V(PTRACE_GETSIGINFO), MADE, V(0), O(out) }, NEEDS_TRACEE },
	{ 26, "ptrace GETREGSET", { V(PTRACE_GETREGSET), MADE, V(1), O(one_part) },
	  NEEDS_TRACEE },
	{ 28, "oldest fstat", { V(FILE_FD), O(out) }, 0 },
	{ 30, "utime", { S("file"), I(in) }, 0 },
	{ 33, "access", { S("file"), V(0) }, 0 },
	{ 38, "rename", { S("file"), S("new") }, 0 },
	{ 39, "mkdir", { S("new"), V(0755) }, 0 },
	{ 40, "rmdir", { S("directory") }, 0 },
	{ 42, "pipe", { O(out) }, 0 },
	{ 43, "times", { O(out) }, 0 },
	{ 52, "umount2", { S("directory"), V(0) }, 0 },
	{ 54, "ioctl FIONREAD", { V(PIPE_READ_FD), V(0x541b), O(out) }, 0 },
	{ 54, "ioctl TCGETS on a file", { V(FILE_FD), V(0x5401), O(out) }, 0 },
	{ 54, "ioctl FIONBIO", { V(PIPE_READ_FD), V(0x5421), I(in) }, 0 },
	{ 55, "fcntl F_GETLK", { V(FILE_FD), V(F_GETLK), O(&lock) }, 0 },
	{ 55, "fcntl F_SETLK", { V(FILE_FD), V(F_SETLK), I(&lock) }, 0 },
	{ 59, "oldest uname", { O(out) }, 0 },
	{ 61, "chroot", { S("directory") }, 0 },
	{ 62, "ustat", { MADE, O(out) }, NEEDS_DEVICE },
	{ 67, "sigaction", { V(SIGUSR1), I(old_action), O(out) }, 0 },
	{ 73, "sigpending", { O(out) }, 0 },
	{ 74, "sethostname", { D("name"), V(4) }, 0 },
	{ 75, "setrlimit", { V(7), I(limits) }, 0 },
	{ 76, "old getrlimit", { V(7), O(out) }, 0 },
	{ 77, "getrusage", { V(0), O(out) }, 0 },
	{ 78, "gettimeofday", { O(out), O(out2) }, 0 },
	{ 79, "settimeofday, time", { I(wrong_time), V(0) }, 0 },
	{ 79, "settimeofday, zone", { V(0), I(in) }, 0 },
	{ 80, "getgroups16", { V(32), O(out) }, 0 },
	{ 81, "setgroups16", { V(2), I(group_list) }, 0 },
	{ 82, "old select", { I(select_block) }, 0 },
	{ 83, "symlink", { S("file"), S("new") }, 0 },
	{ 84, "oldest lstat", { S("file"), O(out) }, 0 },
	{ 85, "readlink", { S("link"), O(out), V(16) }, 0 },
	{ 89, "readdir", { V(DIRECTORY_FD), O(out), V(1) }, 0 },
	{ 90, "old mmap", { I(map_block) }, 0 },
	{ 92, "truncate", { S("file"), V(5) }, 0 },
	{ 99, "statfs", { S("file"), O(out) }, 0 },
	{ 100, "fstatfs", { V(FILE_FD), O(out) }, 0 },
	{ 102, "socketcall", { V(1), I(socket_block) }, 0 },
	{ 103, "syslog", { V(3), B(out), V(4096) }, 0 },
	{ 104, "setitimer", { V(0), I(zero_time), O(out) }, 0 },
	{ 105, "getitimer", { V(0), O(out) }, 0 },
	{ 106, "stat", { S("file"), O(out) }, 0 },
	{ 107, "lstat", { S("file"), O(out) }, 0 },
	{ 108, "fstat", { V(FILE_FD), O(out) }, 0 },
	{ 109, "old uname", { O(out) }, 0 },
	{ 114, "wait4", { V(-1), O(out), V(0), O(out2) }, NEEDS_ZOMBIE },
	{ 116, "sysinfo", { O(out) }, 0 },
	{ 117, "ipc SEMOP", { V(1), MADE, V(1), V(0), I(&operation) }, NEEDS_SEMAPHORES },
	{ 117, "ipc SEMCTL", { V(3), MADE, V(0), V(GETALL), I(&semaphore_values) },
	  NEEDS_SEMAPHORES },
	{ 117, "ipc MSGSND", { V(11), MADE, V(4), V(IPC_NOWAIT), I(&message) }, NEEDS_MESSAGES },
	{ 117, "ipc MSGRCV", { V(12), MADE, V(4), V(IPC_NOWAIT), I(&message_and_type) },
	  NEEDS_MESSAGES },
	{ 117, "ipc SHMAT", { V(21), MADE, V(0), O(out), V(0x30000000) }, NEEDS_SEGMENT },
	{ 117, "ipc SHMCTL", { V(24), MADE, V(IPC_STAT), V(0), O(out) }, NEEDS_SEGMENT },
	{ 120, "clone",
	  { V(CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | CLONE_SETTLS |
	      SIGCHLD), V(0), O(out), I(used_thread_area), O(out2) }, NEEDS_THREAD_AREA },
	{ 121, "setdomainname", { D("name"), V(4) }, 0 },
	{ 122, "uname", { O(out) }, 0 },
	{ 124, "adjtimex", { O(out) }, 0 },
	{ 126, "sigprocmask", { V(0), I(signal_mask), O(out) }, 0 },
	{ 135, "sysfs, by name", { V(1), S("proc") }, 0 },
	{ 135, "sysfs, by number", { V(2), V(0), O(out) }, 0 },
	{ 140, "_llseek", { V(FILE_FD), V(0), V(0), O(out), V(0) }, 0 },
	{ 141, "getdents", { V(DIRECTORY_FD), O(out), V(1024) }, 0 },
	{ 142, "select", { V(60), O(readable), O(in + 16), O(in + 32), I(zero_time) }, 0 },
	{ 145, "readv", { V(FILE_FD), I(one_part), V(1) }, 0 },
	{ 146, "writev", { V(FILE_FD), I(one_part), V(1) }, 0 },
	{ 154, "sched_setparam", { V(0), I(in) }, 0 },
	{ 155, "sched_getparam", { V(0), O(out) }, 0 },
	{ 156, "sched_setscheduler", { V(0), V(0), I(in) }, 0 },
	{ 161, "sched_rr_get_interval", { V(0), O(out) }, 0 },
	{ 162, "nanosleep", { I(zero_time), O(out) }, 0 },
	{ 165, "getresuid16", { O(out), O(out2), O(out3) }, 0 },
	{ 168, "poll", { O(&poll_fd), V(1), V(0) }, 0 },
	{ 171, "getresgid16", { O(out), O(out2), O(out3) }, 0 },
	{ 172, "prctl PR_SET_NAME", { V(15), I(in) }, 0 },
	{ 172, "prctl PR_GET_NAME", { V(16), O(out) }, 0 },
	{ 172, "prctl PR_GET_PDEATHSIG", { V(2), O(out) }, 0 },
	{ 172, "prctl PR_GET_TSC", { V(25), O(out) }, 0 },
	{ 172, "prctl PR_GET_CHILD_SUBREAPER", { V(37), O(out) }, 0 },
	{ 172, "prctl PR_GET_TID_ADDRESS", { V(40), O(out) }, 0 },
	{ 174, "rt_sigaction", { V(SIGUSR1), I(new_action), O(out), V(8) }, 0 },
	{ 175, "rt_sigprocmask", { V(0), I(signal_mask), O(out), V(8) }, 0 },
	{ 176, "rt_sigpending", { O(out), V(8) }, 0 },
	{ 177, "rt_sigtimedwait", { I(pending_mask), O(out), I(zero_time), V(8) }, 0 },
	{ 178, "rt_sigqueueinfo", { MYSELF, V(SIGUSR2), I(queued_signal) }, 0 },
	{ 179, "rt_sigsuspend", { I(signal_mask), V(8) }, 0 },
	{ 180, "pread64", { V(FILE_FD), B(out), V(16), V(0), V(0) }, 0 },
	{ 181, "pwrite64", { V(FILE_FD), D(in), V(16), V(0), V(0) }, 0 },
	{ 182, "chown", { S("file"), V(0), V(0) }, 0 },
	{ 183, "getcwd", { O(out), V(4096) }, 0 },
	{ 184, "capget", { I(capability_header), O(out) }, 0 },
	{ 185, "capset", { I(capability_header), I(capability_data) }, 0 },
	{ 186, "sigaltstack", { I(&alternate_stack), O(out) }, 0 },
	{ 187, "sendfile", { V(PIPE_WRITE_FD), V(FILE_FD), O(in), V(4) }, 0 },
	{ 191, "getrlimit", { V(7), O(out) }, 0 },
	{ 193, "truncate64", { S("file"), V(5), V(0) }, 0 },
	{ 195, "stat64", { S("file"), O(out) }, 0 },
	{ 196, "lstat64", { S("file"), O(out) }, 0 },
	{ 197, "fstat64", { V(FILE_FD), O(out) }, 0 },
	{ 198, "lchown32", { S("file"), V(0), V(0) }, 0 },
	{ 205, "getgroups32", { V(32), O(out) }, 0 },
	{ 206, "setgroups32", { V(2), I(group_list) }, 0 },
	{ 209, "getresuid32", { O(out), O(out2), O(out3) }, 0 },
	{ 211, "getresgid32", { O(out), O(out2), O(out3) }, 0 },
	{ 212, "chown32", { S("file"), V(0), V(0) }, 0 },
	{ 217, "pivot_root", { S("directory"), S("directory") }, 0 },
	{ 218, "mincore", { V(own_page), V(PAGE), O(out) }, 0 },
	{ 220, "getdents64", { V(DIRECTORY_FD), O(out), V(1024) }, 0 },
	{ 221, "fcntl64 F_GETLK64", { V(FILE_FD), V(12), O(&lock64) }, 0 },
	{ 221, "fcntl64 F_SETLK64", { V(FILE_FD), V(13), I(&lock64) }, 0 },
	{ 226, "setxattr", { S("file"), S("user.x"), D(in), V(5), V(0) }, 0 },
	{ 227, "lsetxattr", { S("file"), S("user.x"), D(in), V(5), V(0) }, 0 },
	{ 228, "fsetxattr", { V(FILE_FD), S("user.x"), D(in), V(5), V(0) }, 0 },
	{ 229, "getxattr", { S("/proc/version"), S("user.x"), B(out), V(16) }, 0 },
	{ 230, "lgetxattr", { S("/proc/version"), S("user.x"), B(out), V(16) }, 0 },
	{ 231, "fgetxattr", { V(PIPE_READ_FD), S("user.x"), B(out), V(16) }, 0 },
	{ 232, "listxattr", { S("/proc/version"), B(out), V(16) }, 0 },
	{ 233, "llistxattr", { S("/proc/version"), B(out), V(16) }, 0 },
	{ 234, "flistxattr", { V(FILE_FD), B(out), V(16) }, 0 },
	{ 235, "removexattr", { S("file"), S("user.x") }, 0 },
	{ 236, "lremovexattr", { S("file"), S("user.x") }, 0 },
	{ 237, "fremovexattr", { V(FILE_FD), S("user.x") }, 0 },
	{ 239, "sendfile64", { V(PIPE_WRITE_FD), V(FILE_FD), O(in), V(4) }, 0 },
	{ 240, "futex wait", { I(in), V(0), V(1), I(zero_time) }, 0 },
	{ 240, "futex requeue", { I(in), V(3), V(1), V(1), O(in + 16) }, 0 },
	{ 240, "futex lock, with inheritance", { O(out), V(6), V(0), I(late_time) }, 0 },
	{ 240, "futex trylock", { O(out), V(8) }, 0 },
	{ 240, "futex unlock", { O(out), V(7) }, 0 },
	{ 240, "futex wait to be requeued", { I(&requeue_word), V(11), V(7), V(zero_time), O(out) },
	  0 },
	{ 240, "futex requeue to a lock", { I(&requeue_word), V(12), V(1), V(1), O(out), V(7) },
	  0 },
	{ 241, "sched_setaffinity", { V(0), V(4), I("\xff\xff\xff\xff") }, 0 },
	{ 242, "sched_getaffinity", { V(0), V(128), O(out) }, 0 },
	{ 243, "set_thread_area", { O(thread_area) }, 0 },
	{ 244, "get_thread_area", { O(used_thread_area) }, NEEDS_THREAD_AREA },
	{ 255, "epoll_ctl", { V(EPOLL_FD), V(EPOLL_CTL_ADD), V(PIPE_WRITE_FD), I(&epoll_event) },
	  NEEDS_EPOLL },
	{ 256, "epoll_wait", { V(EPOLL_FD), O(out), V(1), V(0) }, NEEDS_EPOLL },
	{ 259, "timer_create", { V(1), I(queue_event), O(out) }, 0 },
	{ 260, "timer_settime", { MADE, V(0), I(in), O(out) }, NEEDS_TIMER },
	{ 261, "timer_gettime", { MADE, O(out) }, NEEDS_TIMER },
	{ 264, "clock_settime", { V(0), I(wrong_time) }, 0 },
	{ 265, "clock_gettime", { V(1), O(out) }, 0 },
	{ 266, "clock_getres", { V(1), O(out) }, 0 },
	{ 267, "clock_nanosleep", { V(1), V(0), I(zero_time), O(out) }, 0 },
	{ 268, "statfs64", { S("file"), V(84), O(out) }, 0 },
	{ 269, "fstatfs64", { V(FILE_FD), V(84), O(out) }, 0 },
	{ 271, "utimes", { S("file"), I(in) }, 0 },
	{ 277, "mq_open",
	  { S("bad-pointers-2"), V(O_CREAT | O_RDWR), V(0600), I(queue_attributes) },
	  NEEDS_QUEUE },
	{ 278, "mq_unlink", { S("bad-pointers") }, NEEDS_QUEUE },
	{ 279, "mq_timedsend", { V(QUEUE_FD), I(in), V(16), V(0), I(late_time) }, NEEDS_QUEUE },
	{ 280, "mq_timedreceive", { V(QUEUE_FD), O(out), V(16), O(out2), I(late_time) },
	  NEEDS_QUEUE },
	{ 281, "mq_notify", { V(QUEUE_FD), I(queue_event) }, NEEDS_QUEUE },
	{ 282, "mq_getsetattr", { V(QUEUE_FD), I(queue_attributes), O(out) }, NEEDS_QUEUE },
	{ 284, "waitid", { V(0), V(0), O(out), V(WEXITED), O(out2) }, NEEDS_ZOMBIE },
	{ 292, "inotify_add_watch", { V(INOTIFY_FD), S("file"), V(1) }, NEEDS_INOTIFY },
	{ 295, "openat", { HERE, S("file"), V(0) }, 0 },
	{ 296, "mkdirat", { HERE, S("new"), V(0755) }, 0 },
	{ 297, "mknodat", { HERE, S("new"), V(S_IFREG | 0600), V(0) }, 0 },
	{ 298, "fchownat", { HERE, S("file"), V(0), V(0), V(0) }, 0 },
	{ 299, "futimesat", { HERE, S("file"), I(in) }, 0 },
	{ 300, "fstatat64", { HERE, S("file"), O(out), V(0) }, 0 },
	{ 301, "unlinkat", { HERE, S("file"), V(0) }, 0 },
	{ 302, "renameat", { HERE, S("file"), HERE, S("new") }, 0 },
	{ 303, "linkat", { HERE, S("file"), HERE, S("new"), V(0) }, 0 },
	{ 304, "symlinkat", { S("file"), HERE, S("new") }, 0 },
	{ 305, "readlinkat", { HERE, S("link"), O(out), V(16) }, 0 },
	{ 306, "fchmodat", { HERE, S("file"), V(0600) }, 0 },
	{ 307, "faccessat", { HERE, S("file"), V(0) }, 0 },
	{ 308, "pselect6", { V(60), O(readable), O(in + 16), O(in + 32), O(zero_time),
			     I(mask_pair) }, 0 },
	{ 309, "ppoll", { O(&poll_fd), V(1), O(zero_time), I(signal_mask), V(8) }, 0 },
	{ 312, "get_robust_list", { V(0), O(out), O(out2) }, 0 },
	{ 313, "splice to a pipe", { V(FILE_FD), O(in), V(PIPE_WRITE_FD), V(0), V(4), V(0) }, 0 },
	{ 313, "splice from a pipe", { V(PIPE_READ_FD), V(0), V(FILE_FD), O(in), V(4), V(0) }, 0 },
	{ 316, "vmsplice", { V(PIPE_WRITE_FD), I(one_part), V(1), V(0) }, 0 },
	{ 318, "getcpu", { O(out), O(out2), V(0) }, 0 },
	{ 319, "epoll_pwait", { V(EPOLL_FD), O(out), V(1), V(0), I(signal_mask), V(8) },
	  NEEDS_EPOLL },
	{ 320, "utimensat", { HERE, S("file"), I(in), V(0) }, 0 },
	{ 321, "signalfd", { V(-1), I(signal_mask), V(8) }, 0 },
	{ 325, "timerfd_settime", { V(TIMER_FD), V(0), I(in), O(out) }, NEEDS_TIMER_FD },
	{ 326, "timerfd_gettime", { V(TIMER_FD), O(out) }, NEEDS_TIMER_FD },
	{ 327, "signalfd4", { V(-1), I(signal_mask), V(8), V(0) }, 0 },
	{ 331, "pipe2", { O(out), V(0) }, 0 },
	{ 333, "preadv", { V(FILE_FD), I(one_part), V(1), V(0), V(0) }, 0 },
	{ 334, "pwritev", { V(FILE_FD), I(one_part), V(1), V(0), V(0) }, 0 },
	{ 335, "rt_tgsigqueueinfo", { MYSELF, MYSELF, V(SIGUSR2), I(queued_signal) }, 0 },
	{ 337, "recvmmsg", { V(SOCKET_FD), O(&receive_headers), V(1), V(0), O(long_time) },
	  NEEDS_SOCKETS },
	{ 340, "prlimit64", { V(0), V(7), I(limits64), O(out) }, 0 },
	{ 343, "clock_adjtime", { V(0), O(out) }, 0 },
	{ 345, "sendmmsg", { V(SOCKET_FD), O(&send_headers), V(1), V(0) }, NEEDS_SOCKETS },
	{ 347, "process_vm_readv", { MYSELF, I(one_part), V(1), I(other_part), V(1), V(0) }, 0 },
	{ 348, "process_vm_writev", { MYSELF, I(one_part), V(1), I(other_part), V(1), V(0) }, 0 },
	{ 351, "sched_setattr", { V(0), I(schedule_attributes), V(0) }, 0 },
	{ 352, "sched_getattr", { V(0), O(out), V(56), V(0) }, 0 },
	{ 353, "renameat2", { HERE, S("file"), HERE, S("new"), V(0) }, 0 },
	{ 355, "getrandom", { B(out), V(16), V(0) }, 0 },
	{ 356, "memfd_create", { S("name"), V(0) }, 0 },
	{ 358, "execveat", { HERE, S("/proc/self/exe"), I(exec_arguments), I(exec_environment),
			     V(0) }, 0 },
	{ 360, "socketpair", { V(AF_UNIX), V(SOCK_STREAM), V(0), O(out) }, 0 },
	{ 361, "bind", { V(NEW_SOCKET_FD), I(&own_address), V(sizeof(own_address)) },
	  NEEDS_SOCKETS },
	{ 362, "connect", { V(NEW_SOCKET_FD), I(&listener_address), V(sizeof(listener_address)) },
	  NEEDS_SOCKETS },
	{ 364, "accept4", { V(LISTENER_FD), O(out), O(&address_size), V(0) }, NEEDS_SOCKETS },
	{ 365, "getsockopt", { V(SOCKET_FD), V(SOL_SOCKET), V(SO_TYPE), O(out), O(&option_size) },
	  NEEDS_SOCKETS },
	{ 365, "getsockopt SO_PEERCRED", { V(SOCKET_FD), V(SOL_SOCKET), V(SO_PEERCRED), O(out),
	  O(&address_size) }, NEEDS_SOCKETS },
	{ 366, "setsockopt", { V(SOCKET_FD), V(SOL_SOCKET), V(SO_KEEPALIVE), I(&option_size),
			       V(4) }, NEEDS_SOCKETS },
	{ 367, "getsockname", { V(SOCKET_FD), O(out), O(&address_size) }, NEEDS_SOCKETS },
	{ 368, "getpeername", { V(SOCKET_FD), O(out), O(&address_size) }, NEEDS_SOCKETS },
	{ 369, "sendto", { V(DATAGRAM_FD), D(in), V(16), V(0), I(&own_address),
	  V(sizeof(own_address)) }, NEEDS_SOCKETS },
	{ 370, "sendmsg", { V(SOCKET_FD), I(&send_header), V(0) }, NEEDS_SOCKETS },
	{ 371, "recvfrom", { V(SOCKET_FD), B(out), V(16), V(0), O(out2), O(&address_size) },
	  NEEDS_SOCKETS },
	{ 372, "recvmsg", { V(SOCKET_FD), O(&receive_header), V(0) }, NEEDS_SOCKETS },
	{ 377, "copy_file_range", { V(FILE_FD), O(in), V(FILE_FD), O(&far_offset), V(4), V(0) },
	  0 },
	{ 378, "preadv2", { V(FILE_FD), I(one_part), V(1), V(0), V(0), V(0) }, 0 },
	{ 379, "pwritev2", { V(FILE_FD), I(one_part), V(1), V(0), V(0), V(0) }, 0 },
	{ 383, "statx", { HERE, S("file"), V(0), V(0x7ff), O(out) }, 0 },
	{ 394, "semctl GETALL", { MADE, V(0), V(GETALL), O(out) }, NEEDS_SEMAPHORES },
	{ 394, "semctl SETALL", { MADE, V(0), V(SETALL), I(in) }, NEEDS_SEMAPHORES },
	{ 394, "semctl IPC_STAT", { MADE, V(0), V(IPC_STAT), O(out) }, NEEDS_SEMAPHORES },
	{ 396, "shmctl IPC_STAT", { MADE, V(IPC_STAT), O(out) }, NEEDS_SEGMENT },
	{ 396, "shmctl IPC_SET", { MADE, V(IPC_SET), I(in) }, NEEDS_SEGMENT },
	{ 400, "msgsnd", { MADE, I(&message), V(4), V(IPC_NOWAIT) }, NEEDS_MESSAGES },
	{ 401, "msgrcv", { MADE, O(out), V(4), V(0), V(IPC_NOWAIT) }, NEEDS_MESSAGES },
	{ 402, "msgctl IPC_STAT", { MADE, V(IPC_STAT), O(out) }, NEEDS_MESSAGES },
	{ 402, "msgctl IPC_SET", { MADE, V(IPC_SET), I(in) }, NEEDS_MESSAGES },
	{ 403, "clock_gettime64", { V(1), O(out) }, 0 },
	{ 404, "clock_settime64", { V(0), I(wrong_time) }, 0 },
	{ 405, "clock_adjtime64", { V(0), O(out) }, 0 },
	{ 406, "clock_getres_time64", { V(1), O(out) }, 0 },
	{ 407, "clock_nanosleep_time64", { V(1), V(0), I(zero_time), O(out) }, 0 },
	{ 408, "timer_gettime64", { MADE, O(out) }, NEEDS_TIMER },
	{ 409, "timer_settime64", { MADE, V(0), I(in), O(out) }, NEEDS_TIMER },
	{ 410, "timerfd_gettime64", { V(TIMER_FD), O(out) }, NEEDS_TIMER_FD },
	{ 411, "timerfd_settime64", { V(TIMER_FD), V(0), I(in), O(out) }, NEEDS_TIMER_FD },
	{ 412, "utimensat_time64", { HERE, S("file"), I(in), V(0) }, 0 },
	{ 413, "pselect6_time64", { V(60), O(readable), O(in + 16), O(in + 32), O(zero_time),
				    I(mask_pair) }, 0 },
	{ 414, "ppoll_time64", { O(&poll_fd), V(1), O(zero_time), I(signal_mask), V(8) }, 0 },
	{ 417, "recvmmsg_time64", { V(SOCKET_FD), O(&receive_headers), V(1), V(0), O(long_time) },
	  NEEDS_SOCKETS },
	{ 418, "mq_timedsend_time64", { V(QUEUE_FD), I(in), V(16), V(0), I(late_time) },
	  NEEDS_QUEUE },
	{ 419, "mq_timedreceive_time64", { V(QUEUE_FD), O(out), V(16), O(out2), I(late_time) },
	  NEEDS_QUEUE },
	{ 420, "semtimedop_time64", { MADE, I(&operation), V(1), I(long_time) }, NEEDS_SEMAPHORES },
	{ 421, "rt_sigtimedwait_time64", { I(pending_mask), O(out), I(zero_time), V(8) }, 0 },
	{ 422, "futex_time64", { I(in), V(0), V(1), I(zero_time) }, 0 },
	{ 422, "futex_time64 requeue", { I(in), V(3), V(1), V(1), O(in + 16) }, 0 },
	{ 423, "sched_rr_get_interval_time64", { V(0), O(out) }, 0 },
	{ 424, "pidfd_send_signal", { V(PID_FD), V(SIGUSR2), I(queued_signal), V(0) },
	  NEEDS_PID_FD },
	{ 435, "clone3", { I(clone_arguments), V(64) }, 0 },
	{ 437, "openat2", { HERE, S("file"), I(open_how), V(24) }, 0 },
	{ 439, "faccessat2", { HERE, S("file"), V(0), V(0) }, 0 },
	{ 441, "epoll_pwait2",
	  { V(EPOLL_FD), O(out), V(1), I(zero_time), I(signal_mask), V(8) }, NEEDS_EPOLL },
	{ 449, "futex_waitv", { I(futex_list), V(1), V(0), I(late_time), V(1) }, 0 },
};

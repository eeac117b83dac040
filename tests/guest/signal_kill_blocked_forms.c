/* test: timeout=60
 * SIGKILL ends a process in every number of a blocking call at once. signal_kill_blocked goes
 * through the kinds of waiting by way of the C library, which takes one number for each; here are
 * the others: old calls, times of 32 and of 64 bits, socketcall() and ipc(), vectors without an
 * offset, a call that goes on after a stop, clone() as vfork(), the change of consoles.
 *
 * The calls of docs/syscalls.md that may wait for what others do, each of them here or there: read,
 * readv, preadv2, write, writev, pwritev2, open, creat, openat, openat2, waitpid, wait4, waitid,
 * pause, sigsuspend (2 numbers), rt_sigtimedwait (2), nanosleep, clock_nanosleep (2),
 * restart_syscall, select, _newselect, pselect6 (2), poll, ppoll (2), epoll_wait, epoll_pwait,
 * epoll_pwait2, fcntl (2), flock, futex (2), futex_waitv, vfork, clone, clone3, accept4, connect,
 * sendto, sendmsg, sendmmsg, recvfrom, recvmsg, recvmmsg (2), socketcall, semtimedop, msgsnd,
 * msgrcv, ipc, mq_timedsend (2), mq_timedreceive (2), sendfile (2), splice, tee, vmsplice, ioctl,
 * syslog.
 * Those that wait for a disk or a lock alone (fsync, rename...) are in signal_kill_loops_working.
 */
#include "interrupted_objects.h"
#include <linux/net.h>
#include <linux/vt.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>

static char byte[8];
static struct iovec part = { byte, 1 };
static struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
static struct mmsghdr headers = { .msg_hdr = { .msg_iov = &part, .msg_iovlen = 1 } };
static struct pollfd poll_one = { 0, POLLIN, 0 };
static fd_set readable;
static struct epoll_event event;
static uint64_t no_mask, timed_set = 1 << (SIGUSR2 - 1);
static struct { uint64_t *mask; long size; } mask_block = { &no_mask, 8 };
static int32_t long_time[2] = { LONG_SECONDS }, late_time[2] = { 0x7fffffff };
static int64_t long_time64[2] = { LONG_SECONDS }, late_time64[2] = { 0x7fffffff };
static int futex_zero;
static long select_block[5] = { FD_SETSIZE, (long)&readable, 0, 0, (long)long_time };
static struct { long type; char text[512]; } letter = { .type = 1 };
static struct { void *letter; long type; } letter_and_type = { &letter, 2 };
static struct sembuf down = { 0, -1, SEM_UNDO };
static struct flock lock = { .l_type = F_WRLCK };
static uint64_t open_how[3] = { O_RDONLY };
static uint64_t clone_arguments[8] = { [0] = CLONE_VFORK, [4] = SIGCHLD };
static int connecting, console;

/* The object stands in main() only, so its place is here; it becomes argument `at`. */
struct form {
	const char *name;
	int number;
	long arguments[6];
	const int *object;
	int at;
	int socket_call;	/* number is SYS_socketcall, and the arguments are its block */
};

#define P(pointer) (long)(pointer)
#define FORM(name, number, object, at, ...) { name, number, { __VA_ARGS__ }, object, at, 0 }
#define SOCKET_FORM(call, object, ...) \
	{ "socketcall " #call, SYS_socketcall, { 0, __VA_ARGS__ }, object, 0, call }

static struct form forms[] = {
	FORM("preadv2 without offset", SYS_preadv2, &blocked_pipe[0], 0, 0, P(&part), 1, -1, -1),
	FORM("pwritev2 without offset", SYS_pwritev2, &full_pipe[1], 0, 0, P(&part), 1, -1, -1),
	FORM("open", SYS_open, NULL, 0, P("fifo"), O_RDONLY),
	FORM("creat", SYS_creat, NULL, 0, P("fifo"), 0600),
	FORM("openat", SYS_openat, NULL, 0, AT_FDCWD, P("fifo"), O_RDONLY),
	FORM("openat2", SYS_openat2, NULL, 0, AT_FDCWD, P("fifo"), P(open_how), 24),
	FORM("sigsuspend", SYS_sigsuspend, NULL, 0, 0, 0, 0),
	FORM("rt_sigtimedwait", SYS_rt_sigtimedwait, NULL, 0, P(&timed_set), 0, P(long_time), 8),
	FORM("rt_sigtimedwait_time64", SYS_rt_sigtimedwait_time64, NULL, 0, P(&timed_set), 0,
	     P(long_time64), 8),
	FORM("nanosleep", SYS_nanosleep, NULL, 0, P(long_time), 0),
	FORM("clock_nanosleep", SYS_clock_nanosleep, NULL, 0, CLOCK_MONOTONIC, 0, P(long_time)),
	FORM("clock_nanosleep_time64", SYS_clock_nanosleep_time64, NULL, 0, CLOCK_MONOTONIC, 0,
	     P(long_time64)),
	FORM("old select", SYS_select, NULL, 0, P(select_block)),
	FORM("_newselect", SYS__newselect, NULL, 0, FD_SETSIZE, P(&readable), 0, 0, 0),
	FORM("pselect6", SYS_pselect6, NULL, 0, FD_SETSIZE, P(&readable), 0, 0, P(long_time),
	     P(&mask_block)),
	FORM("pselect6_time64", SYS_pselect6_time64, NULL, 0, FD_SETSIZE, P(&readable), 0, 0,
	     P(long_time64), P(&mask_block)),
	FORM("poll", SYS_poll, NULL, 0, P(&poll_one), 1, -1),
	FORM("ppoll", SYS_ppoll, NULL, 0, P(&poll_one), 1, P(long_time), P(&no_mask), 8),
	FORM("ppoll_time64", SYS_ppoll_time64, NULL, 0, P(&poll_one), 1, P(long_time64),
	     P(&no_mask), 8),
	FORM("epoll_wait", SYS_epoll_wait, &objects.epoll_fd, 0, 0, P(&event), 1, -1),
	FORM("epoll_pwait2", SYS_epoll_pwait2, &objects.epoll_fd, 0, 0, P(&event), 1,
	     P(long_time64), P(&no_mask), 8),
	FORM("fcntl", SYS_fcntl, &locked_fd, 0, 0, F_SETLKW, P(&lock)),
	FORM("futex", SYS_futex, NULL, 0, P(&futex_zero), FUTEX_WAIT, 0, P(long_time)),
	FORM("futex of a set", SYS_futex, NULL, 0, P(&futex_zero), FUTEX_WAIT_BITSET, 0,
	     P(late_time), 0, 1),
	FORM("futex_time64", SYS_futex_time64, NULL, 0, P(&futex_zero), FUTEX_WAIT, 0,
	     P(long_time64)),
	FORM("accept4", SYS_accept4, &objects.listener, 0, 0, 0, 0, 0),
	FORM("connect", SYS_connect, &connecting, 0, 0, P(&crowded_address),
	     sizeof(crowded_address)),
	FORM("sendto", SYS_sendto, &objects.full_stream[0], 0, 0, P(byte), 1),
	FORM("sendmsg", SYS_sendmsg, &objects.full_stream[0], 0, 0, P(&header)),
	FORM("sendmmsg", SYS_sendmmsg, &objects.full_datagrams[0], 0, 0, P(&headers), 1),
	FORM("recvfrom", SYS_recvfrom, &objects.stream[0], 0, 0, P(byte), 1),
	FORM("recvmsg", SYS_recvmsg, &objects.stream[0], 0, 0, P(&header)),
	FORM("recvmmsg", SYS_recvmmsg, &objects.datagrams[0], 0, 0, P(&headers), 1),
	FORM("recvmmsg_time64", SYS_recvmmsg_time64, &objects.datagrams[0], 0, 0, P(&headers), 1),
	SOCKET_FORM(SYS_CONNECT, &connecting, P(&crowded_address), sizeof(crowded_address)),
	SOCKET_FORM(SYS_ACCEPT, &objects.listener, 0, 0),
	SOCKET_FORM(SYS_SEND, &objects.full_stream[0], P(byte), 1),
	SOCKET_FORM(SYS_RECV, &objects.stream[0], P(byte), 1),
	SOCKET_FORM(SYS_SENDTO, &objects.full_datagrams[0], P(byte), 1),
	SOCKET_FORM(SYS_RECVFROM, &objects.datagrams[0], P(byte), 1),
	SOCKET_FORM(SYS_SENDMSG, &objects.full_stream[0], P(&header)),
	SOCKET_FORM(SYS_RECVMSG, &objects.stream[0], P(&header)),
	SOCKET_FORM(SYS_ACCEPT4, &objects.listener, 0, 0),
	SOCKET_FORM(SYS_RECVMMSG, &objects.datagrams[0], P(&headers), 1),
	SOCKET_FORM(SYS_SENDMMSG, &objects.full_datagrams[0], P(&headers), 1),
	FORM("msgsnd", SYS_msgsnd, &objects.full_letters, 0, 0, P(&letter), 512),
	FORM("msgrcv", SYS_msgrcv, &objects.letters, 0, 0, P(&letter), 512, 2),
	FORM("semtimedop", SYS_semtimedop_time64, &objects.semaphores, 0, 0, P(&down), 1),
	FORM("ipc SEMOP", SYS_ipc, &objects.semaphores, 1, 1, 0, 1, 0, P(&down)),
	FORM("ipc SEMTIMEDOP", SYS_ipc, &objects.semaphores, 1, 4, 0, 1, 0, P(&down), P(long_time)),
	FORM("ipc MSGSND", SYS_ipc, &objects.full_letters, 1, 11, 0, 512, 0, P(&letter)),
	FORM("ipc MSGRCV", SYS_ipc, &objects.letters, 1, 12, 0, 512, 0, P(&letter_and_type)),
	FORM("mq_timedsend", SYS_mq_timedsend, &objects.full_queue, 0, 0, P(byte), 1, 0,
	     P(late_time)),
	FORM("mq_timedsend_time64", SYS_mq_timedsend_time64, &objects.full_queue, 0, 0, P(byte), 1,
	     0, P(late_time64)),
	FORM("mq_timedreceive", SYS_mq_timedreceive, &objects.empty_queue, 0, 0, P(byte), 8, 0,
	     P(late_time)),
	FORM("mq_timedreceive_time64", SYS_mq_timedreceive_time64, &objects.empty_queue, 0, 0,
	     P(byte), 8, 0, P(late_time64)),
	FORM("sendfile", SYS_sendfile, &objects.full_sendfile[1], 0, 0, 0, 0, 1),
	FORM("sendfile64", SYS_sendfile64, &objects.full_sendfile[1], 0, 0, 0, 0, 1),
	FORM("ioctl VT_WAITACTIVE", SYS_ioctl, &console, 0, 0, VT_WAITACTIVE, 4),
};

static long make_call(const struct form *form)
{
	const long *a = form->arguments;

	if (form->number == SYS_socketcall)
		return raw_syscall(SYS_socketcall, form->socket_call, a);
	return raw_syscall(form->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void kill_in_form(struct form *form)
{
	pid_t pid;

	if (form->object)
		form->arguments[form->at] = *form->object;
	if (form->number == SYS_sendfile || form->number == SYS_sendfile64)
		form->arguments[1] = locked_fd;
	pid = FORK();
	if (pid == 0) {
		long result = make_call(form);

		FAIL("%s came back with %ld", form->name, result);
	}
	wait_until_blocked(pid);
	kill_and_reap(pid);
}

/* ---- with a child, and after a stop -------------------------------------------------------- */

/*
 * What the child does: it goes when its parent does, and not before. If it is SIGKILL's fault that
 * the parent does not, the runner's patience ends first.
 */
__attribute__((noreturn))
static void last_as_long_as(pid_t parent)
{
	CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0);
	while (getppid() == parent)
		sleep_ms(100);
	_exit(0);
}

/* What is in the log comes first. */
static void read_log(void)
{
	static char text[65536];

	for (;;)
		CHECK(raw_syscall(SYS_syslog, 2, text, sizeof(text)) > 0);
}

static void read_log_file(void)
{
	static char text[65536];
	int fd = MUST(open("/proc/kmsg", O_RDONLY));

	for (;;)
		CHECK(read(fd, text, sizeof(text)) > 0);
}

static void wait_with_waitpid(void)
{
	pid_t self = getpid();

	if (FORK() == 0)
		last_as_long_as(self);
	raw_syscall(SYS_waitpid, -1, 0, 0);
}

static void clone_as_vfork(void)
{
	pid_t self = getpid();

	if (raw_syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0) == 0)
		last_as_long_as(self);
}

static void clone3_as_vfork(void)
{
	pid_t self = getpid();

	if (raw_syscall(SYS_clone3, clone_arguments, sizeof(clone_arguments)) == 0)
		last_as_long_as(self);
}

static void kill_in(const char *name, void (*body)(void), char state)
{
	pid_t pid = FORK();

	if (pid == 0) {
		body();
		FAIL("%s came back", name);
	}
	if (state == 'S')
		wait_until_blocked(pid);
	else
		wait_process_state(pid, state);
	kill_and_reap(pid);
}

/* After a stop the kernel goes on with the call by restart_syscall(). */
static void kill_in_restarted_sleep(void)
{
	pid_t pid = FORK();

	if (pid == 0) {
		raw_syscall(SYS_nanosleep, long_time, 0);
		FAIL("the sleep came back");
	}
	wait_until_blocked(pid);
	CHECK(kill(pid, SIGSTOP) == 0);
	wait_process_state(pid, 'T');
	CHECK(kill(pid, SIGCONT) == 0);
	wait_until_blocked(pid);
	kill_and_reap(pid);
}

int main(void)
{
	prepare_blocking_calls();
	prepare_blocking_objects();
	hold_locks();
	FD_SET(blocked_pipe[0], &readable);
	poll_one.fd = blocked_pipe[0];
	connecting = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	console = MUST(open("/dev/tty1", O_RDWR | O_NOCTTY));
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		kill_in_form(&forms[i]);
	kill_in("waitpid", wait_with_waitpid, 'S');
	kill_in("syslog", read_log, 'S');
	kill_in("read of /proc/kmsg", read_log_file, 'S');
	kill_in("clone", clone_as_vfork, 'D');
	kill_in("clone3", clone3_as_vfork, 'D');
	kill_in_restarted_sleep();
	remove_blocking_objects();
	return 0;
}

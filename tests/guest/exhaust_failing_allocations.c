/* test: linux=no timeout=300
 * Each allocation on the way through fork, exec, open, mmap, pipe and more fails once, one after
 * another: the call fails as on Linux (or works without it), nothing breaks, nothing leaks.
 * /proc/quartet/failpoint makes the Nth allocation of its writer fail: "frame N" or "slab N"; 0
 * disarms.
 */
#include "failing_calls.h"
#include "socket_util.h"
#include <mqueue.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

static char *program;
static char *area;		/* for mprotect() */

static long do_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		CHECK_EQ(wait_exit_status(pid), 0);
	return pid;
}

static long do_exec(void)
{
	return execl(program, program, "--exit", (char *)NULL);
}

static long do_open(void)
{
	int fd = open("new", O_CREAT | O_RDWR, 0644);

	if (fd >= 0) {
		CHECK(close(fd) == 0);
		CHECK(unlink("new") == 0);
	}
	return fd;
}

static long do_mmap(void)
{
	char *map = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		return -1;
	/* Nothing was touched: no page table that fork shares has to be copied for this. */
	CHECK(munmap(map, 4 * PAGE) == 0);
	return 0;
}

static long do_pipe(void)
{
	char buffer[3 * PAGE] = { 0 };
	int fds[2];

	if (pipe(fds) < 0)
		return -1;
	long result = write(fds[1], buffer, sizeof(buffer));

	close(fds[0]);
	close(fds[1]);
	return result;
}

static long do_mkdir(void)
{
	if (mkdir("directory", 0755) < 0)
		return -1;
	CHECK(rmdir("directory") == 0);
	return 0;
}

static long do_write(void)
{
	static char buffer[20 * PAGE];
	int fd = open("file", O_RDWR);

	if (fd < 0)
		return -1;
	long result = pwrite(fd, buffer, sizeof(buffer), 123456);
	int error = errno;

	close(fd);
	errno = error;
	return result;
}

static long do_mprotect(void)
{
	if (mprotect(area + PAGE, PAGE, PROT_READ) < 0)
		return -1;
	return mprotect(area, 8 * PAGE, PROT_READ | PROT_WRITE);
}

static long do_poll(void)
{
	static struct pollfd poll_fds[600];

	for (size_t i = 0; i < ARRAY_SIZE(poll_fds); i++)
		poll_fds[i] = (struct pollfd){ 0, POLLIN, 0 };
	return poll(poll_fds, ARRAY_SIZE(poll_fds), 0);
}

static long do_sigqueue(void)
{
	union sigval value = { .sival_int = 1 };

	block_signal(SIGRTMIN);
	expect_errors(EAGAIN, EAGAIN);
	return sigqueue(getpid(), SIGRTMIN, value);
}

/* Two packets, one small and one in frames, and files beside the first. */
static long do_socket_pair(void)
{
	char buffer[3 * PAGE] = { 0 };
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
		return -1;
	/* The packet, or the list of files. */
	expect_errors(ENOBUFS, ENOMEM);
	long result = send_fds(fds[0], fds, 2);

	if (result > 0) {
		expect_errors(ENOBUFS, ENOBUFS);
		result = write(fds[0], buffer, sizeof(buffer));
	}
	int error = errno;

	close(fds[0]);
	close(fds[1]);
	errno = error;
	return result;
}

#define IPC_KEY 0x51544d40
#define QUEUE_NAME "/failing-allocations"

/* What a child that was killed in the middle has left. */
static void remove_objects(void)
{
	shmctl(shmget(IPC_KEY, 0, 0), IPC_RMID, NULL);
	semctl(semget(IPC_KEY, 0, 0), 0, IPC_RMID);
	msgctl(msgget(IPC_KEY, 0), IPC_RMID, NULL);
	mq_unlink(QUEUE_NAME);
}

static long do_mqueue(void)
{
	struct mq_attr attributes = { .mq_maxmsg = 2, .mq_msgsize = 3 * PAGE };
	static char buffer[3 * PAGE];
	mqd_t queue = mq_open(QUEUE_NAME, O_CREAT | O_RDWR, 0600, &attributes);

	if (queue < 0)
		return -1;
	long result = mq_send(queue, buffer, sizeof(buffer), 1);

	if (result == 0)
		result = mq_receive(queue, buffer, sizeof(buffer), NULL);
	int error = errno;

	mq_close(queue);
	mq_unlink(QUEUE_NAME);
	errno = error;
	return result;
}

static long do_shm(void)
{
	int id = shmget(IPC_KEY, 3 * PAGE, IPC_CREAT | 0600);
	char *memory = id < 0 ? (char *)-1 : shmat(id, NULL, 0);
	int error = errno;

	remove_objects();
	errno = error;
	if (memory == (char *)-1)
		return -1;
	memory[PAGE] = 'x';
	return shmdt(memory);
}

static long do_sem(void)
{
	struct sembuf operation = { 2, 1, SEM_UNDO };
	int id = semget(IPC_KEY, 300, IPC_CREAT | 0600);
	long result = id < 0 ? -1 : semop(id, &operation, 1);
	int error = errno;

	remove_objects();
	errno = error;
	return result;
}

static long do_connect(void)
{
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	int client = socket(AF_UNIX, SOCK_STREAM, 0);
	long result = -1;

	if (listener >= 0 && client >= 0 && bind_name(listener, "name") == 0) {
		if (listen(listener, 1) == 0 && connect_name(client, "name") == 0)
			result = accept(listener, NULL, NULL);
		/* A connection that could not be accepted for want of memory is still there. */
		if (result < 0 && fcntl(client, F_GETFD) == 0 && poll_now(listener, POLLIN))
			CHECK(accept(listener, NULL, NULL) >= 0 ||
			      accept(listener, NULL, NULL) >= 0);
	}
	int error = errno;

	unlink("name");
	errno = error;
	return result;
}

static long do_datagram(void)
{
	char byte;
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	if (fd < 0 || bind_name(fd, "@failing") < 0)
		return -1;
	expect_errors(ENOBUFS, ENOBUFS);
	if (send_to_name(fd, "x", 1, "@failing") < 0)
		return -1;
	send_fds_flags(fd, &fd, 1, 0);
	return recv(fd, &byte, 1, MSG_PEEK);
}

static long do_msg(void)
{
	static struct { long type; char text[3000]; } letter = { 1, "text" };
	int id = msgget(IPC_KEY, IPC_CREAT | 0600);
	long result = id < 0 ? -1 : msgsnd(id, &letter, sizeof(letter.text), 0);
	int error;

	if (result == 0)
		result = msgrcv(id, &letter, sizeof(letter.text), 0, 0);
	error = errno;
	remove_objects();
	errno = error;
	return result;
}

static long do_memfd(void)
{
	int fd = memfd_create("name", MFD_ALLOW_SEALING);
	long result;

	if (fd < 0)
		return -1;
	result = write(fd, "text", 4) < 0 ? -1 : fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
	close(fd);
	return result;
}

/* Two words, until a point in time that is past. */
static long do_futex_waitv(void)
{
	static uint32_t words[2];
	struct { uint64_t expected, word; uint32_t flags, reserved; } list[2] = {
		{ 0, (uintptr_t)&words[0], 2, 0 }, { 0, (uintptr_t)&words[1], 2, 0 },
	};
	int64_t past[2] = { 1, 0 };
	long result = raw_syscall(449, list, 2, 0, past, CLOCK_MONOTONIC);

	errno = -result;
	return result == -ETIMEDOUT ? 0 : -1;
}

static long do_splice(void)
{
	int fd = open("file", O_RDWR), fds[2];
	long result = -1;

	if (fd >= 0 && pipe(fds) == 0) {
		result = splice(fd, &(loff_t){ 0 }, fds[1], NULL, 1, 0);
		if (result > 0)
			result = splice(fds[0], NULL, fd, NULL, 1, 0);
	}
	return result;
}

/* An event for which there is no memory is an overflow; so something is always read. */
static long do_inotify(void)
{
	char events[512];
	int fd = inotify_init1(IN_NONBLOCK);

	if (fd < 0 || inotify_add_watch(fd, "file", IN_OPEN | IN_CLOSE | IN_ONESHOT) < 0)
		return -1;
	int file = open("file", O_RDONLY);

	if (file < 0)
		return -1;
	close(file);
	return read(fd, events, sizeof(events));
}

/* An epoll that watches an epoll that watches an eventfd. */
static long do_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int outer = epoll_create1(0), inner = epoll_create1(0), fd = eventfd(1, 0);

	if (outer < 0 || inner < 0 || fd < 0 ||
	    epoll_ctl(inner, EPOLL_CTL_ADD, fd, &event) < 0 ||
	    epoll_ctl(outer, EPOLL_CTL_ADD, inner, &event) < 0)
		return -1;
	CHECK_EQ(epoll_wait(outer, &event, 1, 0), 1);
	return 0;
}

static long do_event_files(void)
{
	struct itimerspec soon = { .it_value = { 0, 1 } };
	sigset_t set;
	uint64_t count;

	sigemptyset(&set);
	int timer = timerfd_create(CLOCK_MONOTONIC, 0), signals = signalfd(-1, &set, 0);

	if (timer < 0 || signals < 0 || timerfd_settime(timer, 0, &soon, NULL) < 0)
		return -1;
	return read(timer, &count, sizeof(count));
}

/* A tracee that is stopped, looked into, given a watchpoint, and killed. */
static long do_ptrace(void)
{
	pid_t pid = fork();
	long result = -1;

	if (pid < 0)
		return -1;
	if (pid == 0) {
		for (;;)
			pause();
	}
	if (ptrace(PTRACE_ATTACH, pid, 0, 0) == 0) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		errno = 0;
		ptrace(PTRACE_PEEKDATA, pid, &area, 0);
		result = errno ? -1 : ptrace(PTRACE_POKEUSER, pid, 252, 0);
	}
	int error = errno;

	kill_and_reap(pid);
	errno = error;
	return result;
}

static const struct failing_call calls[] = {
	{ "fork", do_fork }, { "exec", do_exec, .may_die = true }, { "open", do_open },
	{ "mmap", do_mmap },
	{ "pipe", do_pipe }, { "mkdir", do_mkdir }, { "write", do_write },
	{ "mprotect", do_mprotect }, { "poll", do_poll }, { "sigqueue", do_sigqueue },
	{ "socket pair", do_socket_pair }, { "connect", do_connect }, { "datagram", do_datagram },
	{ "mqueue", do_mqueue },
	{ "shm", do_shm }, { "sem", do_sem }, { "msg", do_msg }, { "memfd", do_memfd },
	{ "splice", do_splice }, { "futex_waitv", do_futex_waitv },
	{ "inotify", do_inotify },
	{ "epoll", do_epoll }, { "event files", do_event_files },
	{ "ptrace", do_ptrace },
};

int main(int argc, char **argv)
{
	if (argc > 1)
		return 0;
	program = argv[0][0] == '/' ? argv[0] : "/proc/self/exe";
	make_file("file", "x");
	area = map_pages(8);
	for (size_t c = 0; c < ARRAY_SIZE(calls); c++)
		fail_all(&calls[c], remove_objects);
	return 0;
}

/* test: timeout=60
 * SIGKILL ends at once a process that waits for something that is no plain file: messages,
 * semaphores, events, sockets, a terminal, a splice, its tracer.
 */
#include "ptrace.h"
#include <pty.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>

static int queue, semaphores;
static struct { long type; char text[512]; } letter = { .type = 1 };

static void wait_msgrcv(void)
{
	msgrcv(queue, &letter, sizeof(letter.text), 2, 0);
}

static void wait_msgsnd(void)
{
	for (;;)
		CHECK(msgsnd(queue, &letter, sizeof(letter.text), 0) == 0);
}

static void wait_semop(void)
{
	struct sembuf down = { 0, -1, SEM_UNDO };

	semop(semaphores, &down, 1);
}

static void wait_semtimedop(void)
{
	struct sembuf operations[2] = { { 1, 1, SEM_UNDO }, { 0, -1, 0 } };
	struct timespec time = { 1000, 0 };

	semtimedop(semaphores, operations, 2, &time);
}

static void wait_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = MUST(epoll_create1(0)), fd = MUST(eventfd(0, 0));

	CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
	epoll_wait(epoll, &event, 1, -1);
}

static void wait_eventfd_read(void)
{
	uint64_t count;

	(void)!read(MUST(eventfd(0, 0)), &count, sizeof(count));
}

static void wait_eventfd_write(void)
{
	uint64_t count = UINT64_MAX - 1;
	int fd = MUST(eventfd(0, 0));

	for (;;)
		CHECK_EQ(write(fd, &count, sizeof(count)), sizeof(count));
}

static void wait_signalfd(void)
{
	struct signalfd_siginfo info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	block_signal(SIGUSR1);
	(void)!read(MUST(signalfd(-1, &set, 0)), &info, sizeof(info));
}

static void wait_timerfd(void)
{
	uint64_t count;

	(void)!read(MUST(timerfd_create(CLOCK_MONOTONIC, 0)), &count, sizeof(count));
}

static void wait_recv(int type)
{
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	int fds[2];

	CHECK(socketpair(AF_UNIX, type, 0, fds) == 0);
	recvmsg(fds[0], &header, 0);
}

static void wait_recv_stream(void)
{
	wait_recv(SOCK_STREAM);
}

static void wait_recv_datagram(void)
{
	wait_recv(SOCK_DGRAM);
}

static void wait_send(int type)
{
	static char text[4096];
	int fds[2];

	CHECK(socketpair(AF_UNIX, type, 0, fds) == 0);
	for (;;)
		CHECK(send(fds[0], text, sizeof(text), 0) > 0);
}

static void wait_send_stream(void)
{
	wait_send(SOCK_STREAM);
}

static void wait_send_datagram(void)
{
	wait_send(SOCK_DGRAM);
}

static int listener(struct sockaddr_un *address)
{
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX, .sun_path = "\0kill-blocked" };
	CHECK(bind(fd, (struct sockaddr *)address, sizeof(*address)) == 0);
	CHECK(listen(fd, 0) == 0);
	return fd;
}

static void wait_accept(void)
{
	struct sockaddr_un address;

	accept(listener(&address), NULL, NULL);
}

static void wait_connect(void)
{
	struct sockaddr_un address;

	listener(&address);
	for (;;)
		CHECK(connect(MUST(socket(AF_UNIX, SOCK_STREAM, 0)), (struct sockaddr *)&address,
			      sizeof(address)) == 0);
}

static void wait_splice(void)
{
	int from[2], to[2];

	CHECK(pipe(from) == 0 && pipe(to) == 0);
	splice(from[0], NULL, to[1], NULL, 100, 0);
}

static void wait_tee(void)
{
	int from[2], to[2];

	CHECK(pipe(from) == 0 && pipe(to) == 0);
	tee(from[0], to[1], 100, 0);
}

static void wait_terminal(void)
{
	int master, slave;
	char byte;

	CHECK(openpty(&master, &slave, NULL, NULL, NULL) == 0);
	(void)!read(slave, &byte, 1);
}

static void wait_terminal_master(void)
{
	int master, slave;
	char byte;

	CHECK(openpty(&master, &slave, NULL, NULL, NULL) == 0);
	(void)!read(master, &byte, 1);
}

static const struct {
	const char *name;
	void (*wait)(void);
} waits[] = {
	{ "msgrcv", wait_msgrcv },
	{ "msgsnd", wait_msgsnd },
	{ "semop", wait_semop },
	{ "semtimedop", wait_semtimedop },
	{ "epoll_wait", wait_epoll },
	{ "read of an eventfd", wait_eventfd_read },
	{ "write to an eventfd", wait_eventfd_write },
	{ "read of a signalfd", wait_signalfd },
	{ "read of a timerfd", wait_timerfd },
	{ "recvmsg of a stream", wait_recv_stream },
	{ "recvmsg of a datagram", wait_recv_datagram },
	{ "send to a stream", wait_send_stream },
	{ "send to a datagram socket", wait_send_datagram },
	{ "accept", wait_accept },
	{ "connect", wait_connect },
	{ "splice", wait_splice },
	{ "tee", wait_tee },
	{ "read of a terminal", wait_terminal },
	{ "read of a terminal's master", wait_terminal_master },
};

static void stop_for_tracer(void)
{
	pid_t pid = FORK();

	if (pid == 0) {
		CHECK(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
		raise(SIGUSR1);
		FAIL("went on without its tracer");
	}
	expect_stop(pid, SIGUSR1);
	wait_process_state(pid, 't');
	CHECK(kill(pid, SIGKILL) == 0);
	expect_death(pid, SIGKILL);
}

int main(void)
{
	queue = MUST(msgget(IPC_PRIVATE, 0600));
	semaphores = MUST(semget(IPC_PRIVATE, 2, 0600));
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		pid_t pid = FORK();

		if (pid == 0) {
			waits[i].wait();
			FAIL("%s came back", waits[i].name);
		}
		wait_until_blocked(pid);
		kill_and_reap(pid);
	}
	stop_for_tracer();
	CHECK(msgctl(queue, IPC_RMID, NULL) == 0);
	CHECK(semctl(semaphores, 0, IPC_RMID) == 0);
	return 0;
}

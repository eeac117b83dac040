/*
 * More calls that block, on what is no plain file: messages, semaphores, events, sockets, splices,
 * terminals; and those that wait with a mask or a time limit. The same structure as in
 * interrupted_calls.h, each call with objects of its own.
 */
#pragma once
#include "interrupted_calls.h"
#include "terminal.h"
#include <mqueue.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#define LONG_SECONDS 100	/* a time limit that never comes */

struct blocking_objects {
	int event_fd, full_event_fd, signal_fd, timer_fd, inotify_fd, epoll_fd;
	int listener, crowded;		/* nobody wants in; no room for who does */
	int stream[2], limited[2], datagrams[2], full_stream[2], full_datagrams[2];
	int splice_from[2], splice_to[2], tee_from[2], tee_to[2];
	int full_writev[2], full_sendfile[2], full_vmsplice[2];
	int quiet_terminal, quiet_master, full_terminal, full_master;
	mqd_t empty_queue, full_queue;
	int letters, full_letters, semaphores;
	volatile int *waitv_word;
	volatile int *end_writing;	/* what fills the terminal may stop */
};

static struct blocking_objects objects;
static struct sockaddr_un crowded_address, listener_address;

/* ---- events -------------------------------------------------------------------------------- */

static long call_read_event(void)
{
	uint64_t count;

	return read(objects.event_fd, &count, sizeof(count));
}

static void finish_read_event(void)
{
	CHECK(eventfd_write(objects.event_fd, 1) == 0);
}

static long call_write_event(void)
{
	uint64_t count = 1;

	return write(objects.full_event_fd, &count, sizeof(count));
}

static void finish_write_event(void)
{
	eventfd_t count;

	CHECK(eventfd_read(objects.full_event_fd, &count) == 0);
}

static long call_read_signalfd(void)
{
	struct signalfd_siginfo info;

	return read(objects.signal_fd, &info, sizeof(info));
}

static void finish_read_signalfd(void)
{
	CHECK(kill(getppid(), SIGUSR2) == 0);
}

static long call_read_timer(void)
{
	uint64_t count;

	return read(objects.timer_fd, &count, sizeof(count));
}

static void finish_read_timer(void)
{
	struct itimerspec soon = { .it_value = { 0, 1 } };

	CHECK(timerfd_settime(objects.timer_fd, 0, &soon, NULL) == 0);
}

static long call_read_inotify(void)
{
	char events[512];

	return read(objects.inotify_fd, events, sizeof(events));
}

static void finish_read_inotify(void)
{
	make_file("watched", "changed");
}

static long call_epoll_wait(void)
{
	struct epoll_event event;

	return epoll_wait(objects.epoll_fd, &event, 1, -1);
}

static long call_epoll_pwait(void)
{
	struct epoll_event event;
	sigset_t mask;

	sigemptyset(&mask);
	return epoll_pwait(objects.epoll_fd, &event, 1, LONG_SECONDS * 1000, &mask);
}

static long call_ppoll_mask(void)
{
	struct pollfd fd = { blocked_pipe[0], POLLIN, 0 };
	struct timespec timeout = { LONG_SECONDS, 0 };
	sigset_t mask;

	sigemptyset(&mask);
	return ppoll(&fd, 1, &timeout, &mask);
}

static long call_pselect_mask(void)
{
	struct timespec timeout = { LONG_SECONDS, 0 };
	sigset_t mask;
	fd_set set;

	sigemptyset(&mask);
	FD_ZERO(&set);
	FD_SET(blocked_pipe[0], &set);
	return pselect(blocked_pipe[0] + 1, &set, NULL, NULL, &timeout, &mask);
}

static long call_sigwaitinfo(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	return sigwaitinfo(&set, NULL);
}

/* ---- sockets ------------------------------------------------------------------------------- */

static long call_accept4(void)
{
	int fd = accept4(objects.listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd;
}

static void finish_accept(void)
{
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	CHECK(connect(fd, (struct sockaddr *)&listener_address, sizeof(listener_address)) == 0);
}

static long call_connect(void)
{
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	long result = connect(fd, (struct sockaddr *)&crowded_address, sizeof(crowded_address));
	int error = errno;

	close(fd);
	errno = error;
	return result;
}

static void finish_connect(void)
{
	CHECK(accept(objects.crowded, NULL, NULL) >= 0);
}

static long receive_message(int fd)
{
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };

	return recvmsg(fd, &header, 0);
}

static long call_recvmsg(void)
{
	return receive_message(objects.stream[0]);
}

static void finish_recvmsg(void)
{
	CHECK(send(objects.stream[1], "x", 1, 0) == 1);
}

/* Its receive timeout is set. */
static long call_recvmsg_limited(void)
{
	return receive_message(objects.limited[0]);
}

static long call_recvmmsg(void)
{
	char bytes[2];
	struct iovec parts[2] = { { bytes, 1 }, { bytes + 1, 1 } };
	struct mmsghdr headers[2] = {
		{ .msg_hdr = { .msg_iov = &parts[0], .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &parts[1], .msg_iovlen = 1 } },
	};

	return recvmmsg(objects.datagrams[0], headers, 2, MSG_WAITFORONE, NULL);
}

static void finish_recvmmsg(void)
{
	CHECK(send(objects.datagrams[1], "x", 1, 0) == 1);
}

static long send_message(int fd)
{
	struct iovec part = { "y", 1 };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };

	return sendmsg(fd, &header, 0);
}

static long call_sendmsg_stream(void)
{
	return send_message(objects.full_stream[0]);
}

static long call_sendmsg_datagram(void)
{
	return send_message(objects.full_datagrams[0]);
}

/* Whoever drains is killed in the end. */
static void drain(int fd)
{
	char bytes[4096];

	for (;;)
		CHECK(read(fd, bytes, sizeof(bytes)) > 0);
}

static void finish_sendmsg_stream(void)
{
	drain(objects.full_stream[1]);
}

static void finish_sendmsg_datagram(void)
{
	drain(objects.full_datagrams[1]);
}

/* ---- pipes --------------------------------------------------------------------------------- */

static long call_splice(void)
{
	return splice(objects.splice_from[0], NULL, objects.splice_to[1], NULL, 100, 0);
}

static void finish_splice(void)
{
	CHECK(write(objects.splice_from[1], "x", 1) == 1);
}

static long call_tee(void)
{
	return tee(objects.tee_from[0], objects.tee_to[1], 100, 0);
}

static void finish_tee(void)
{
	CHECK(write(objects.tee_from[1], "x", 1) == 1);
}

static long call_writev(void)
{
	struct iovec parts[2] = { { "a", 1 }, { "b", 1 } };

	return writev(objects.full_writev[1], parts, 2);
}

static void finish_writev(void)
{
	drain(objects.full_writev[0]);
}

static long call_sendfile(void)
{
	off_t offset = 0;

	return sendfile(objects.full_sendfile[1], locked_fd, &offset, 1);
}

static void finish_sendfile(void)
{
	drain(objects.full_sendfile[0]);
}

static long call_vmsplice(void)
{
	struct iovec part = { "z", 1 };

	return vmsplice(objects.full_vmsplice[1], &part, 1, 0);
}

static void finish_vmsplice(void)
{
	drain(objects.full_vmsplice[0]);
}

static long call_open_fifo_to_write(void)
{
	int fd = open("fifo-to-write", O_WRONLY);

	if (fd >= 0)
		close(fd);
	return fd;
}

static void finish_open_fifo_to_write(void)
{
	CHECK(open("fifo-to-write", O_RDONLY) >= 0);
}

static long call_ofd_lock(void)
{
	struct flock64 lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	long result = fcntl64(locked_fd, F_OFD_SETLKW, &lock);
	int error = errno;

	lock.l_type = F_UNLCK;
	fcntl64(locked_fd, F_OFD_SETLK, &lock);
	errno = error;
	return result;
}

/* ---- terminals ----------------------------------------------------------------------------- */

static long call_read_terminal(void)
{
	char byte;

	return read(objects.quiet_terminal, &byte, 1);
}

static void finish_read_terminal(void)
{
	CHECK(write(objects.quiet_master, "x\n", 2) == 2);
}

/* How much goes in before a writer waits is the system's secret: so no write is done by half. */
static long call_write_terminal(void)
{
	char byte = 0;
	long result;

	do
		result = write(objects.full_terminal, &byte, 1);
	while (result > 0 && !*objects.end_writing);
	return result;
}

static void finish_write_terminal(void)
{
	*objects.end_writing = 1;
	drain(objects.full_master);
}

/* ---- messages and semaphores --------------------------------------------------------------- */

static struct timespec far_deadline(void)
{
	struct timespec deadline;

	CHECK(clock_gettime(CLOCK_REALTIME, &deadline) == 0);
	deadline.tv_sec += LONG_SECONDS;
	return deadline;
}

static long call_mq_timedreceive(void)
{
	struct timespec deadline = far_deadline();
	char text[8];

	return mq_timedreceive(objects.empty_queue, text, sizeof(text), NULL, &deadline);
}

static void finish_mq_timedreceive(void)
{
	CHECK(mq_send(objects.empty_queue, "x", 1, 0) == 0);
}

static long call_mq_timedsend(void)
{
	struct timespec deadline = far_deadline();

	return mq_timedsend(objects.full_queue, "y", 1, 0, &deadline);
}

static void finish_mq_timedsend(void)
{
	char text[8];

	CHECK(mq_receive(objects.full_queue, text, sizeof(text), NULL) == 1);
}

static long call_msgrcv(void)
{
	struct { long type; char text[512]; } letter;

	return msgrcv(objects.letters, &letter, sizeof(letter.text), 2, 0);
}

static long call_msgsnd(void)
{
	struct { long type; char text[512]; } letter = { .type = 1 };

	return msgsnd(objects.full_letters, &letter, sizeof(letter.text), 0);
}

static long call_semop(void)
{
	struct sembuf down = { 0, -1, SEM_UNDO };

	return semop(objects.semaphores, &down, 1);
}

static long call_semtimedop(void)
{
	struct sembuf operations[2] = { { 1, 1, SEM_UNDO }, { 0, -1, 0 } };
	struct timespec time = { LONG_SECONDS, 0 };

	return semtimedop(objects.semaphores, operations, 2, &time);
}

/* ---- futexes ------------------------------------------------------------------------------- */

static long call_futex_timeout(void)
{
	struct timespec time = { LONG_SECONDS, 0 };

	return syscall(SYS_futex, objects.waitv_word + 1, FUTEX_WAIT, 0, &time, NULL, 0);
}

static long call_futex_waitv(void)
{
	struct { uint64_t expected, word; uint32_t flags, reserved; } list[2] = {
		{ 0, (uintptr_t)objects.waitv_word, 2, 0 },
		{ 0, (uintptr_t)(objects.waitv_word + 1), 2, 0 },
	};

	return syscall(449, list, 2, 0, NULL, 0);
}

static void finish_futex_waitv(void)
{
	*objects.waitv_word = 1;
	syscall(SYS_futex, objects.waitv_word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* ---- all of them --------------------------------------------------------------------------- */

/* Those without an end fail with EINTR though the handler has SA_RESTART. */
static const struct blocking_call blocking_object_calls[] = {
	{ "read of an eventfd", call_read_event, finish_read_event },
	{ "write to an eventfd", call_write_event, finish_write_event },
	{ "read of a signalfd", call_read_signalfd, finish_read_signalfd },
	{ "read of a timerfd", call_read_timer, finish_read_timer },
	{ "read of an inotify", call_read_inotify, finish_read_inotify },
	{ "epoll_wait", call_epoll_wait, NULL },
	{ "epoll_pwait", call_epoll_pwait, NULL },
	{ "ppoll with a mask", call_ppoll_mask, NULL },
	{ "pselect with a mask", call_pselect_mask, NULL },
	{ "sigwaitinfo", call_sigwaitinfo, NULL },
	{ "accept4", call_accept4, finish_accept },
	{ "connect", call_connect, finish_connect },
	{ "recvmsg", call_recvmsg, finish_recvmsg },
	{ "recvmsg with a time limit", call_recvmsg_limited, NULL },
	{ "recvmmsg", call_recvmmsg, finish_recvmmsg },
	{ "sendmsg to a stream", call_sendmsg_stream, finish_sendmsg_stream },
	{ "sendmsg of a datagram", call_sendmsg_datagram, finish_sendmsg_datagram },
	{ "splice", call_splice, finish_splice },
	{ "tee", call_tee, finish_tee },
	{ "writev", call_writev, finish_writev },
	{ "sendfile", call_sendfile, finish_sendfile },
	{ "vmsplice", call_vmsplice, finish_vmsplice },
	{ "open of a FIFO to write", call_open_fifo_to_write, finish_open_fifo_to_write },
	{ "fcntl(F_OFD_SETLKW)", call_ofd_lock, finish_lock },
	{ "read of a terminal", call_read_terminal, finish_read_terminal },
	{ "write to a terminal", call_write_terminal, finish_write_terminal },
	{ "mq_timedreceive", call_mq_timedreceive, finish_mq_timedreceive },
	{ "mq_timedsend", call_mq_timedsend, finish_mq_timedsend },
	{ "msgrcv", call_msgrcv, NULL },
	{ "msgsnd", call_msgsnd, NULL },
	{ "semop", call_semop, NULL },
	{ "semtimedop", call_semtimedop, NULL },
	{ "futex with a time limit", call_futex_timeout, NULL },
	{ "futex_waitv", call_futex_waitv, finish_futex_waitv },
};

/* One that has not even a place for one more, if `crowd`. */
static inline int listen_at(struct sockaddr_un *address, const char *name, bool crowd)
{
	int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	strcpy(address->sun_path, name);
	CHECK(bind(fd, (struct sockaddr *)address, sizeof(*address)) == 0);
	CHECK(listen(fd, crowd ? 0 : 5) == 0);
	while (crowd) {
		int one = MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));

		if (connect(one, (struct sockaddr *)address, sizeof(*address)) < 0) {
			CHECK_EQ(errno, EAGAIN);
			close(one);
			break;
		}
	}
	return fd;
}

static inline void fill_socket(int fd)
{
	static const char bytes[4096];

	while (send(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	while (send(fd, bytes, 1, MSG_DONTWAIT) > 0)
		;
	CHECK_EQ(errno, EAGAIN);
}

static inline void prepare_sockets(void)
{
	struct timeval limit = { LONG_SECONDS, 0 };

	objects.listener = listen_at(&listener_address, "listener", false);
	objects.crowded = listen_at(&crowded_address, "crowded", true);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, objects.stream) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, objects.limited) == 0);
	CHECK(setsockopt(objects.limited[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, objects.datagrams) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, objects.full_stream) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, objects.full_datagrams) == 0);
	fill_socket(objects.full_stream[0]);
	fill_socket(objects.full_datagrams[0]);
}

static inline void prepare_pipes(void)
{
	CHECK(pipe(objects.splice_from) == 0 && pipe(objects.splice_to) == 0);
	CHECK(pipe(objects.tee_from) == 0 && pipe(objects.tee_to) == 0);
	CHECK(pipe(objects.full_writev) == 0 && pipe(objects.full_sendfile) == 0 &&
	      pipe(objects.full_vmsplice) == 0);
	fill_pipe(objects.full_writev[1]);
	fill_pipe(objects.full_sendfile[1]);
	fill_pipe(objects.full_vmsplice[1]);
	CHECK(mkfifo("fifo-to-write", 0666) == 0);
}

static inline void prepare_events(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	sigset_t set;

	objects.event_fd = MUST(eventfd(0, 0));
	objects.full_event_fd = MUST(eventfd(0, 0));
	CHECK(eventfd_write(objects.full_event_fd, UINT64_MAX - 1) == 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	block_signal(SIGUSR2);
	objects.signal_fd = MUST(signalfd(-1, &set, 0));
	objects.timer_fd = MUST(timerfd_create(CLOCK_MONOTONIC, 0));
	make_file("watched", "text");
	objects.inotify_fd = MUST(inotify_init1(0));
	CHECK(inotify_add_watch(objects.inotify_fd, "watched", IN_MODIFY) >= 0);
	objects.epoll_fd = MUST(epoll_create1(0));
	CHECK(epoll_ctl(objects.epoll_fd, EPOLL_CTL_ADD, blocked_pipe[0], &event) == 0);
	objects.waitv_word = shared_memory(PAGE);
	objects.end_writing = objects.waitv_word + 2;
}

static inline void open_terminal(int *master, int *terminal)
{
	*master = MUST(posix_openpt(O_RDWR | O_NOCTTY));
	CHECK(grantpt(*master) == 0 && unlockpt(*master) == 0);
	*terminal = MUST(open(ptsname(*master), O_RDWR | O_NOCTTY));
	terminal_make_sane(*terminal);
}

/* One that is gone with its last descriptor. */
static inline mqd_t make_queue(const char *name)
{
	struct mq_attr attributes = { .mq_maxmsg = 1, .mq_msgsize = 8 };
	mqd_t queue = MUST(mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attributes));

	CHECK(mq_unlink(name) == 0);
	return queue;
}

static inline void prepare_messages(void)
{
	static const struct { long type; char text[512]; } letter = { .type = 1 };

	objects.empty_queue = make_queue("/interrupted-empty");
	objects.full_queue = make_queue("/interrupted-full");
	CHECK(mq_send(objects.full_queue, "x", 1, 0) == 0);
	objects.letters = MUST(msgget(IPC_PRIVATE, 0600));
	objects.full_letters = MUST(msgget(IPC_PRIVATE, 0600));
	while (msgsnd(objects.full_letters, &letter, sizeof(letter.text), IPC_NOWAIT) == 0)
		;
	CHECK_EQ(errno, EAGAIN);
	objects.semaphores = MUST(semget(IPC_PRIVATE, 2, 0600));
}

/* After prepare_blocking_calls(). */
static inline void prepare_blocking_objects(void)
{
	prepare_sockets();
	prepare_pipes();
	prepare_events();
	prepare_messages();
	open_terminal(&objects.quiet_master, &objects.quiet_terminal);
	open_terminal(&objects.full_master, &objects.full_terminal);
}

/* What no exit takes away. */
static inline void remove_blocking_objects(void)
{
	CHECK(msgctl(objects.letters, IPC_RMID, NULL) == 0);
	CHECK(msgctl(objects.full_letters, IPC_RMID, NULL) == 0);
	CHECK(semctl(objects.semaphores, 0, IPC_RMID) == 0);
}

/* What the good arguments in bad_pointers.h name: made anew in the child that makes the call. */
#pragma once
#include "bad_pointers.h"
#include <sys/inotify.h>
#include <sys/timerfd.h>

static int bad_pointers_object;

static inline long good_value(const struct argument *argument)
{
	switch (argument->kind) {
	case SELF: return getpid();
	case OBJECT: return bad_pointers_object;
	default: return argument->value;
	}
}

static inline void nothing(int signal)
{
	(void)signal;
}

static inline void put_at(int fd, int place)
{
	CHECK(fd >= 0);
	CHECK_EQ(dup2(fd, place), place);
	close(fd);
}

/*
 * A pair with bytes to be read, a listener with a client, a datagram socket that sends to itself.
 */
static inline void set_up_sockets(void)
{
	int fds[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	CHECK_EQ(write(fds[1], "0123456789abcdef", 16), 16);
	put_at(fds[0], SOCKET_FD);
	put_at(fds[1], PEER_FD);
	put_at(socket(AF_UNIX, SOCK_STREAM, 0), NEW_SOCKET_FD);
	put_at(socket(AF_UNIX, SOCK_STREAM, 0), LISTENER_FD);
	CHECK(bind(LISTENER_FD, (struct sockaddr *)&listener_address,
		   sizeof(listener_address)) == 0);
	CHECK(listen(LISTENER_FD, 5) == 0);
	int client = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	CHECK(connect(client, (struct sockaddr *)&listener_address,
		      sizeof(listener_address)) == 0);
	put_at(socket(AF_UNIX, SOCK_DGRAM, 0), DATAGRAM_FD);
	CHECK(bind(DATAGRAM_FD, (struct sockaddr *)&own_address, sizeof(own_address)) == 0);
}

/* A queue with a message in it, which is 16 bytes long and will be gone with its descriptor. */
static inline void set_up_queue(void)
{
	raw_syscall(SYS_mq_unlink, "bad-pointers");
	raw_syscall(SYS_mq_unlink, "bad-pointers-2");
	int queue = raw_syscall(SYS_mq_open, "bad-pointers", O_CREAT | O_RDWR, 0600,
				queue_attributes);

	put_at(queue, QUEUE_FD);
	CHECK_EQ(raw_syscall(SYS_mq_timedsend, QUEUE_FD, "0123456789abcdef", 16, 0, NULL), 0);
}

/* A child that has stopped for us. */
static inline pid_t make_tracee(void)
{
	pid_t pid = FORK();

	if (pid == 0) {
		CHECK(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
		raise(SIGSTOP);
		_exit(0);
	}
	CHECK(WIFSTOPPED(wait_status(pid)));
	return pid;
}

static inline int make_object(int flags)
{
	struct stat status;
	int id = -1;

	if (flags & NEEDS_DEVICE) {
		CHECK(stat("/", &status) == 0);
		return (int)status.st_dev;
	}
	if (flags & NEEDS_TIMER) {
		CHECK_EQ(raw_syscall(SYS_timer_create, CLOCK_MONOTONIC, queue_event, &id), 0);
		return id;
	}
	if (flags & NEEDS_TRACEE)
		return make_tracee();
	if (flags & NEEDS_MESSAGES) {
		id = MUST(msgget(IPC_PRIVATE, 0600));
		CHECK(msgsnd(id, &message, 4, 0) == 0);
		return id;
	}
	if (flags & NEEDS_SEMAPHORES)
		return MUST(semget(IPC_PRIVATE, 1, 0600));
	if (flags & NEEDS_SEGMENT)
		return MUST(shmget(IPC_PRIVATE, PAGE, 0600));
	return -1;
}

/* What would outlive the process that made it. */
static inline void remove_object(int flags)
{
	if (flags & NEEDS_MESSAGES)
		msgctl(bad_pointers_object, IPC_RMID, NULL);
	if (flags & NEEDS_SEMAPHORES)
		semctl(bad_pointers_object, 0, IPC_RMID);
	if (flags & NEEDS_SEGMENT)
		shmctl(bad_pointers_object, IPC_RMID, NULL);
	if (flags & NEEDS_TRACEE)
		kill(bad_pointers_object, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/*
 * The indices of System V objects go round: none of those that the cases name by their numbers (0,
 * 1, 2) is to be there by chance.
 */
static inline int make_object_out_of_the_way(int flags)
{
	enum { IPC = NEEDS_MESSAGES | NEEDS_SEMAPHORES | NEEDS_SEGMENT, INDEX_COUNT = 32768 };
	int id = make_object(flags);

	while (flags & IPC && id % INDEX_COUNT <= 2) {
		bad_pointers_object = id;
		remove_object(flags);
		id = make_object(flags);
	}
	return id;
}

static inline void set_up_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	put_at(epoll_create1(0), EPOLL_FD);
	CHECK(epoll_ctl(EPOLL_FD, EPOLL_CTL_ADD, PIPE_READ_FD, &event) == 0);
}

/* The directory and the descriptors that the calls' good arguments name. */
static inline void set_up(const struct call *call)
{
	int fds[2];

	unlink("new");
	rmdir("new");
	unlink("link");
	CHECK(symlink("file", "link") == 0);
	mkdir("directory", 0755);
	make_file("file", "0123456789abcdef0123456789abcdef");
	CHECK_EQ(dup2(MUST(open("file", O_RDWR)), FILE_FD), FILE_FD);
	CHECK_EQ(dup2(MUST(open(".", O_RDONLY)), DIRECTORY_FD), DIRECTORY_FD);
	CHECK(pipe2(fds, O_NONBLOCK) == 0);
	CHECK_EQ(write(fds[1], "0123456789abcdef", 16), 16);
	CHECK_EQ(dup2(fds[0], PIPE_READ_FD), PIPE_READ_FD);
	CHECK_EQ(dup2(fds[1], PIPE_WRITE_FD), PIPE_WRITE_FD);
	CHECK(setgroups(2, (gid_t[]){ 3, 4 }) == 0);
	if (call->flags & NEEDS_SOCKETS)
		set_up_sockets();
	if (call->flags & NEEDS_QUEUE)
		set_up_queue();
	if (call->flags & NEEDS_INOTIFY)
		CHECK_EQ(dup2(MUST(inotify_init()), INOTIFY_FD), INOTIFY_FD);
	if (call->flags & NEEDS_PID_FD)
		put_at(raw_syscall(434 /* pidfd_open */, getpid(), 0), PID_FD);
	if (call->flags & NEEDS_EPOLL)
		set_up_epoll();
	if (call->flags & NEEDS_TIMER_FD)
		put_at(timerfd_create(CLOCK_MONOTONIC, 0), TIMER_FD);
	if (call->flags & NEEDS_THREAD_AREA)
		CHECK_EQ(raw_syscall(SYS_set_thread_area, used_thread_area), 0);
	bad_pointers_object = make_object_out_of_the_way(call->flags);
	if (call->flags & NEEDS_ZOMBIE) {
		pid_t pid = FORK();
		siginfo_t info;

		if (pid == 0)
			_exit(0);
		CHECK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT) == 0);
	}
	handle_signal(SIGUSR2, nothing, 0);
	block_signal(SIGUSR2);
	CHECK(raise(SIGUSR2) == 0);
	alarm(10);
}

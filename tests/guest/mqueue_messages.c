/* POSIX message queues: order by priority and age, room, waiting, time limits, who may do what. */
#include "check.h"
#include <mqueue.h>
#include <pthread.h>

#define QUEUE "/quartet-messages"

static mqd_t open_queue(int flags, long messages, long size)
{
	struct mq_attr attributes = { .mq_maxmsg = messages, .mq_msgsize = size };

	return mq_open(QUEUE, flags, 0600, &attributes);
}

static void expect(mqd_t queue, const char *text, unsigned int priority)
{
	char buffer[64];
	unsigned int seen = 77;
	ssize_t got = mq_receive(queue, buffer, sizeof(buffer), &seen);

	if (got != (ssize_t)strlen(text) || memcmp(buffer, text, got) || seen != priority)
		FAIL("got %zd bytes of priority %u instead of \"%s\"", got, seen, text);
}

#define SEND(text, priority) CHECK(mq_send(queue, text, strlen(text), priority) == 0)

static void order(void)
{
	mqd_t queue = MUST(open_queue(O_CREAT | O_EXCL | O_RDWR | O_NONBLOCK, 6, 64));
	struct mq_attr attributes, before;
	char buffer[64];

	CHECK_ERRNO(open_queue(O_CREAT | O_EXCL | O_RDWR, 6, 64), EEXIST);
	SEND("low", 1);
	SEND("first", 5);
	SEND("", 32767);
	SEND("second", 5);
	SEND("lowest", 0);
	SEND("third", 5);
	CHECK_ERRNO(mq_send(queue, "x", 1, 0), EAGAIN);
	CHECK_ERRNO(mq_send(queue, "x", 1, 32768), EINVAL);
	CHECK_ERRNO(mq_send(queue, buffer, 65, 0), EMSGSIZE);
	CHECK_ERRNO(mq_receive(queue, buffer, 63, NULL), EMSGSIZE);
	CHECK(mq_getattr(queue, &attributes) == 0);
	CHECK_EQ(attributes.mq_curmsgs, 6);
	CHECK_EQ(attributes.mq_maxmsg, 6);
	CHECK_EQ(attributes.mq_msgsize, 64);
	CHECK_EQ(attributes.mq_flags, O_NONBLOCK);
	expect(queue, "", 32767);
	expect(queue, "first", 5);
	expect(queue, "second", 5);
	SEND("fourth", 5);
	expect(queue, "third", 5);
	expect(queue, "fourth", 5);
	expect(queue, "low", 1);
	expect(queue, "lowest", 0);
	CHECK_ERRNO(mq_receive(queue, buffer, 64, NULL), EAGAIN);
	attributes.mq_flags = O_APPEND;
	CHECK_ERRNO(mq_setattr(queue, &attributes, NULL), EINVAL);
	attributes.mq_flags = 0;
	CHECK(mq_setattr(queue, &attributes, &before) == 0);
	CHECK_EQ(before.mq_flags, O_NONBLOCK);
	CHECK_EQ(fcntl(queue, F_GETFL) & O_NONBLOCK, 0);
	CHECK_EQ(fcntl(queue, F_GETFD), FD_CLOEXEC);
	CHECK(mq_close(queue) == 0);
	CHECK(mq_unlink(QUEUE) == 0);
	CHECK_ERRNO(mq_unlink(QUEUE), ENOENT);
}

static void waiting(void)
{
	mqd_t queue = MUST(open_queue(O_CREAT | O_RDWR, 1, 64));
	pid_t child = FORK();

	if (child == 0) {
		expect(queue, "one", 3);
		expect(queue, "two", 4);
		SEND("full", 0);
		SEND("waits", 9);
		_exit(0);
	}
	wait_until_blocked(child);
	SEND("one", 3);
	wait_until_blocked(child);
	SEND("two", 4);
	wait_until_blocked(child);	/* in its second mq_send() */
	expect(queue, "full", 0);
	expect(queue, "waits", 9);
	CHECK_EQ(wait_exit_status(child), 0);

	/* The unlinked queue lives while it is open. */
	CHECK(mq_unlink(QUEUE) == 0);
	SEND("still", 1);
	expect(queue, "still", 1);
	CHECK(mq_close(queue) == 0);
}

static void time_limits(void)
{
	mqd_t queue = MUST(open_queue(O_CREAT | O_RDWR, 1, 64));
	struct timespec until, bad = { 0, 1000000000 };
	char buffer[64];
	long long before = now_ns();

	CHECK(clock_gettime(CLOCK_REALTIME, &until) == 0);
	until.tv_nsec += 50000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	CHECK_ERRNO(mq_timedreceive(queue, buffer, 64, NULL, &until), ETIMEDOUT);
	CHECK(now_ns() - before >= 49000000);
	CHECK_ERRNO(mq_timedreceive(queue, buffer, 64, NULL, &bad), EINVAL);
	SEND("x", 0);
	CHECK_ERRNO(mq_timedsend(queue, "y", 1, 0, &until), ETIMEDOUT);
	CHECK_ERRNO(mq_timedsend(queue, "y", 1, 0, &bad), EINVAL);
	CHECK_EQ(mq_timedreceive(queue, buffer, 64, NULL, &until), 1);	/* there is one */
	CHECK(mq_close(queue) == 0);
	CHECK(mq_unlink(QUEUE) == 0);
}

static void nothing(int signal)
{
	(void)signal;
}

static void interrupted(void)
{
	mqd_t queue = MUST(open_queue(O_CREAT | O_RDWR, 1, 64));
	pid_t child = FORK();

	if (child == 0) {
		struct sigaction action = { .sa_handler = nothing };
		char buffer[64];

		CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
		CHECK_ERRNO(mq_receive(queue, buffer, 64, NULL), EINTR);
		action.sa_flags = SA_RESTART;
		CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
		expect(queue, "late", 1);
		_exit(0);
	}
	wait_until_blocked(child);
	CHECK(kill(child, SIGUSR1) == 0);
	sleep_ms(50);
	wait_until_blocked(child);
	CHECK(kill(child, SIGUSR1) == 0);
	sleep_ms(50);
	wait_until_blocked(child);
	SEND("late", 1);
	CHECK_EQ(wait_exit_status(child), 0);

	/* Who is killed while he waits takes nothing along. */
	child = FORK();
	if (child == 0) {
		char buffer[64];

		mq_receive(queue, buffer, 64, NULL);
		_exit(1);
	}
	wait_until_blocked(child);
	kill_and_reap(child);
	SEND("kept", 2);
	expect(queue, "kept", 2);
	CHECK(mq_close(queue) == 0);
	CHECK(mq_unlink(QUEUE) == 0);
}

static void polling(void)
{
	mqd_t queue = MUST(open_queue(O_CREAT | O_RDWR, 1, 64));
	struct pollfd poll_fd = { .fd = queue, .events = POLLIN | POLLOUT };

	CHECK_EQ(poll(&poll_fd, 1, 0), 1);
	CHECK_EQ(poll_fd.revents, POLLOUT);
	SEND("x", 0);
	CHECK_EQ(poll(&poll_fd, 1, 0), 1);
	CHECK_EQ(poll_fd.revents, POLLIN);
	pid_t child = FORK();

	if (child == 0) {
		poll_fd.events = POLLOUT;
		CHECK_EQ(poll(&poll_fd, 1, -1), 1);
		_exit(0);
	}
	wait_until_blocked(child);
	expect(queue, "x", 0);
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK(mq_close(queue) == 0);
	CHECK(mq_unlink(QUEUE) == 0);
}

static void user(void)
{
	struct mq_attr attributes = { .mq_maxmsg = 11, .mq_msgsize = 10 };
	char buffer[8192];
	mqd_t queue;

	CHECK_ERRNO(mq_open(QUEUE, O_RDONLY), EACCES);
	CHECK_ERRNO(mq_unlink(QUEUE), EACCES);
	queue = MUST(mq_open(QUEUE, O_WRONLY));
	CHECK_ERRNO(mq_receive(queue, buffer, sizeof(buffer), NULL), EBADF);
	CHECK(mq_send(queue, "x", 1, 0) == 0);
	CHECK(mq_close(queue) == 0);

	CHECK_ERRNO(mq_open("/quartet-own", O_CREAT | O_RDWR, 0600, &attributes), EINVAL);
	attributes.mq_maxmsg = 10;
	attributes.mq_msgsize = 8193;
	CHECK_ERRNO(mq_open("/quartet-own", O_CREAT | O_RDWR, 0600, &attributes), EINVAL);
	CHECK_ERRNO(mq_open("/quartet-own", O_RDWR, 0600, NULL), ENOENT);
	queue = MUST(mq_open("/quartet-own", O_CREAT | O_RDWR, 0600, NULL));
	CHECK(mq_getattr(queue, &attributes) == 0);
	CHECK_EQ(attributes.mq_maxmsg, 10);
	CHECK_EQ(attributes.mq_msgsize, 8192);
	CHECK(mq_unlink("/quartet-own") == 0);
	CHECK(mq_close(queue) == 0);
}

static void permissions(void)
{
	mqd_t queue = MUST(open_queue(O_CREAT | O_RDWR, 4, 64));

	CHECK(fchmod(queue, 0622) == 0);
	run_as(OTHER_UID, user);
	expect(queue, "x", 0);
	CHECK(mq_close(queue) == 0);
	queue = MUST(mq_open(QUEUE, O_RDONLY));
	CHECK_ERRNO(mq_send(queue, "x", 1, 0), EBADF);
	CHECK(mq_close(queue) == 0);
	CHECK(mq_unlink(QUEUE) == 0);
	CHECK_ERRNO(mq_send(0, "x", 1, 0), EBADF);
	CHECK_ERRNO(mq_send(-1, "x", 1, 0), EBADF);
}

static void names(void)
{
	char name[300];

	CHECK_EQ(raw_syscall(SYS_mq_open, "", O_CREAT | O_RDWR, 0600, NULL), -ENOENT);
	CHECK_EQ(raw_syscall(SYS_mq_open, "a/b", O_CREAT | O_RDWR, 0600, NULL), -EACCES);
	CHECK_EQ(raw_syscall(SYS_mq_open, "/a", O_CREAT | O_RDWR, 0600, NULL), -EACCES);
	CHECK_EQ(raw_syscall(SYS_mq_open, "..", O_RDWR, 0600, NULL), -EACCES);
	CHECK_EQ(raw_syscall(SYS_mq_unlink, ".", 0), -EACCES);
	CHECK_EQ(raw_syscall(SYS_mq_unlink, "", 0), -ENOENT);
	memset(name, 'n', sizeof(name));
	name[256] = '\0';
	CHECK_EQ(raw_syscall(SYS_mq_open, name, O_CREAT | O_RDWR, 0600, NULL), -ENAMETOOLONG);
	name[255] = '\0';
	int fd = raw_syscall(SYS_mq_open, name, O_CREAT | O_RDWR, 0600, NULL);

	CHECK(fd >= 0);
	CHECK_EQ(raw_syscall(SYS_mq_unlink, name), 0);
	close(fd);
}

/* RLIMIT_MSGQUEUE counts what a user's queues could hold. */
static void limited(void)
{
	struct rlimit limit = { 2 * (4 * 64 + 4 * 48), 2 * (4 * 64 + 4 * 48) };
	struct mq_attr attributes = { .mq_maxmsg = 4, .mq_msgsize = 64 };
	mqd_t one, two;

	CHECK(setrlimit(RLIMIT_MSGQUEUE, &limit) == 0);
	one = MUST(mq_open("/quartet-1", O_CREAT | O_RDWR, 0600, &attributes));
	two = MUST(mq_open("/quartet-2", O_CREAT | O_RDWR, 0600, &attributes));
	attributes.mq_maxmsg = 1;
	attributes.mq_msgsize = 1;
	CHECK_ERRNO(mq_open("/quartet-3", O_CREAT | O_RDWR, 0600, &attributes), EMFILE);
	CHECK(mq_unlink("/quartet-1") == 0);
	CHECK_ERRNO(mq_open("/quartet-3", O_CREAT | O_RDWR, 0600, &attributes), EMFILE);
	CHECK(mq_close(one) == 0);
	one = MUST(mq_open("/quartet-3", O_CREAT | O_RDWR, 0600, &attributes));
	CHECK(mq_unlink("/quartet-2") == 0 && mq_unlink("/quartet-3") == 0);
	CHECK(mq_close(one) == 0 && mq_close(two) == 0);
}

int main(void)
{
	mq_unlink(QUEUE);
	in_child(order);
	in_child(waiting);
	in_child(time_limits);
	in_child(interrupted);
	in_child(polling);
	in_child(permissions);
	in_child(names);
	run_as(4567, limited);
	return 0;
}

/* O_ASYNC, owners and files come and go while others write, read and die: nothing is lost. */
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

static atomic_bool is_over;
static volatile int count;
static int ends[2];

static void on_signal(int signal)
{
	(void)signal;
	count++;
}

static void *toggle(void *argument)
{
	(void)argument;
	for (int i = 0; !is_over; i++) {
		struct f_owner_ex owner = { i % 3, i % 3 == F_OWNER_PGRP ? getpgrp() : getpid() };

		CHECK(fcntl(ends[0], F_SETFL, O_NONBLOCK | (i & 1 ? O_ASYNC : 0)) == 0);
		CHECK(fcntl(ends[0], F_SETOWN_EX, &owner) == 0);
		CHECK(fcntl(ends[0], F_SETSIG, i & 2 ? SIGRTMIN : 0) == 0);
	}
	return NULL;
}

static void *feed(void *argument)
{
	char bytes[64];

	(void)argument;
	while (!is_over) {
		if (write(ends[1], "news", 4) < 0)
			CHECK_EQ(errno, EAGAIN);
		if (read(ends[0], bytes, sizeof(bytes)) < 0)
			CHECK(errno == EAGAIN || errno == EINTR);
	}
	return NULL;
}

/* One file, three threads. */
static void toggling(void)
{
	pthread_t threads[3];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
	is_over = false;
	CHECK(pthread_create(&threads[0], NULL, toggle, NULL) == 0);
	CHECK(pthread_create(&threads[1], NULL, feed, NULL) == 0);
	CHECK(pthread_create(&threads[2], NULL, feed, NULL) == 0);
	for (long long end = now_ns() + scaled(1000) * 1000000ll; now_ns() < end;)
		sched_yield();
	is_over = true;
	for (int i = 0; i < 3; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
}

/* Files that end while they are written to, owned by processes that end. */
static void ending(void)
{
	for (int i = 0; i < scaled(200); i++) {
		pid_t owner, writer;

		CHECK(pipe2(ends, O_NONBLOCK) == 0);
		owner = FORK();
		if (owner == 0)
			_exit(0);
		CHECK(fcntl(ends[0], F_SETOWN, owner) == 0);
		CHECK(fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK) == 0);
		writer = FORK();
		if (writer == 0) {
			CHECK(close(ends[0]) == 0);
			signal(SIGPIPE, SIG_IGN);
			while (write(ends[1], "x", 1) == 1 || errno == EAGAIN)
				;
			_exit(0);
		}
		CHECK(close(ends[1]) == 0);
		CHECK_EQ(wait_exit_status(owner), 0);
		CHECK(close(ends[0]) == 0);
		CHECK_EQ(wait_exit_status(writer), 0);
	}
}

/* A signal for each byte that is waited for, so that none of them may be missed. */
static void none_is_missed(void)
{
	sigset_t io;
	pid_t writer;
	int answers[2];
	char byte;

	sigemptyset(&io);
	sigaddset(&io, SIGIO);
	block_signal(SIGIO);
	CHECK(pipe(ends) == 0 && pipe(answers) == 0);
	CHECK(fcntl(ends[0], F_SETOWN, getpid()) == 0);
	CHECK(fcntl(ends[0], F_SETFL, O_ASYNC) == 0);
	writer = FORK();
	if (writer == 0) {
		for (int i = 0; i < scaled(1000); i++) {
			CHECK(write(ends[1], "x", 1) == 1);
			CHECK(read(answers[0], &byte, 1) == 1);
		}
		_exit(0);
	}
	for (int i = 0; i < scaled(1000); i++) {
		struct timespec patience = { 20, 0 };

		CHECK_EQ(sigtimedwait(&io, NULL, &patience), SIGIO);
		CHECK(read(ends[0], &byte, 1) == 1);
		CHECK(write(answers[1], "y", 1) == 1);
	}
	CHECK_EQ(wait_exit_status(writer), 0);
}

static void *switch_on_and_off(void *argument)
{
	unsigned int seed = (unsigned int)(uintptr_t)argument;

	for (int i = 0; i < 4; i++) {
		seed = seed * 1103515245 + 12345;
		CHECK(fcntl(ends[0], F_SETFL, O_NONBLOCK | (seed >> 20 & 1 ? O_ASYNC : 0)) == 0);
	}
	return NULL;
}

/* Two threads change the flag: whatever it is in the end, signals come if and only if it is set. */
static void flag_is_true(bool opened_with_it)
{
	sigset_t io;

	sigemptyset(&io);
	sigaddset(&io, SIGIO);
	block_signal(SIGIO);
	CHECK(mkfifo("fifo", 0600) == 0);
	for (int i = 0; i < scaled(300); i++) {
		struct timespec none = { 0, 0 };
		pthread_t threads[2];
		int result;

		ends[0] = MUST(open("fifo",
				    O_RDWR | O_NONBLOCK | (opened_with_it ? O_ASYNC : 0)));
		CHECK(fcntl(ends[0], F_SETOWN, getpid()) == 0);
		for (uintptr_t j = 0; j < 2; j++)
			CHECK(pthread_create(&threads[j], NULL, switch_on_and_off,
					     (void *)(2 * i + j)) == 0);
		for (int j = 0; j < 2; j++)
			CHECK(pthread_join(threads[j], NULL) == 0);
		while (sigtimedwait(&io, NULL, &none) > 0)
			;
		CHECK(write(ends[0], "x", 1) == 1);
		result = sigtimedwait(&io, NULL, &none);
		CHECK(result == SIGIO || errno == EAGAIN);
		if (opened_with_it)	/* that flag stays, and means nothing */
			CHECK_EQ(result, -1);
		else
			CHECK_EQ(result == SIGIO, (fcntl(ends[0], F_GETFL) & O_ASYNC) != 0);
		CHECK(close(ends[0]) == 0);
	}
	CHECK(unlink("fifo") == 0);
}

int main(void)
{
	handle_signal(SIGIO, on_signal, SA_RESTART);
	handle_signal(SIGRTMIN, on_signal, SA_RESTART);
	toggling();
	ending();
	none_is_missed();
	flag_is_true(false);
	flag_is_true(true);
	return 0;
}

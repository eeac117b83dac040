/*
 * SIGIO and its kin: which events of pipes, sockets, terminals and inotify send it, to whom, with
 * which details, and that it is there when the call that caused it returns.
 */
#include "check.h"
#include "terminal.h"
#include <sys/inotify.h>
#include <sys/socket.h>

static volatile int count, last_code, last_band, last_fd, last_signal;

static void on_signal(int signal, siginfo_t *info, void *context)
{
	(void)context;
	count++;
	last_signal = signal;
	last_code = info->si_code;
	last_band = info->si_band;
	last_fd = info->si_fd;
}

/* How many came since the last question. */
static int news(void)
{
	int seen = count;

	count = 0;
	return seen;
}

static void listen_to(int fd, int signal)
{
	CHECK(fcntl(fd, F_SETOWN, getpid()) == 0);
	CHECK(fcntl(fd, F_SETSIG, signal) == 0);
	CHECK(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC) == 0);
}

#define EXPECT_NEWS(fd, code, band) do { \
	CHECK_EQ(news(), 1); \
	CHECK_EQ(last_signal, SIGRTMIN); \
	CHECK_EQ(last_code, code); \
	CHECK_EQ(last_band, band); \
	CHECK_EQ(last_fd, fd); \
} while (0)

enum { BAND_IN = POLLIN | POLLRDNORM, BAND_OUT = POLLOUT | POLLWRNORM | POLLWRBAND,
	BAND_HANG_UP = POLLHUP | POLLERR };

static void pipes(void)
{
	int ends[2];
	char bytes[8];

	CHECK(pipe(ends) == 0);
	CHECK(write(ends[1], "a", 1) == 1);
	CHECK_EQ(news(), 0);
	listen_to(ends[0], 0);
	CHECK_EQ(news(), 0);
	CHECK(write(ends[1], "b", 1) == 1);
	CHECK_EQ(news(), 1);
	CHECK_EQ(last_signal, SIGIO);
	CHECK_EQ(last_code, SI_KERNEL);

	CHECK(fcntl(ends[0], F_SETSIG, SIGRTMIN) == 0);
	CHECK(write(ends[1], "cd", 2) == 2);
	EXPECT_NEWS(ends[0], POLL_IN, BAND_IN);
	/* What is left over is no news. */
	CHECK(read(ends[0], bytes, 2) == 2);
	CHECK_EQ(news(), 0);

	/* A writer hears of each read. */
	listen_to(ends[1], SIGRTMIN);
	CHECK(read(ends[0], bytes, 1) == 1);
	EXPECT_NEWS(ends[1], POLL_OUT, BAND_OUT);
	CHECK(fcntl(ends[1], F_SETFL, 0) == 0);
	CHECK(read(ends[0], bytes, 1) == 1);
	CHECK_EQ(news(), 0);

	CHECK(close(ends[1]) == 0);
	EXPECT_NEWS(ends[0], POLL_IN, BAND_IN);
	CHECK(close(ends[0]) == 0);
	CHECK_EQ(news(), 0);

	/* The number that asked is told, though another closes. */
	CHECK(pipe(ends) == 0);
	listen_to(ends[1], SIGRTMIN);
	CHECK_EQ(dup2(ends[1], 77), 77);
	CHECK(close(ends[0]) == 0);
	EXPECT_NEWS(ends[1], POLL_OUT, BAND_OUT);
	CHECK(close(ends[1]) == 0 && close(77) == 0);
}

static void full_pipe(void)
{
	static char bytes[65536];
	int ends[2];

	CHECK(pipe2(ends, O_NONBLOCK) == 0);
	while (write(ends[1], bytes, sizeof(bytes)) > 0)
		;
	listen_to(ends[1], SIGRTMIN);
	CHECK(read(ends[0], bytes, sizeof(bytes)) > 0);
	EXPECT_NEWS(ends[1], POLL_OUT, BAND_OUT);
	CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
	news();
}

static void streams(void)
{
	int ends[2];
	char byte;

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	listen_to(ends[0], SIGRTMIN);
	CHECK(send(ends[1], "a", 1, 0) == 1);
	EXPECT_NEWS(ends[0], POLL_IN, BAND_IN);
	/* Its own bytes are read: there was always room. */
	CHECK(send(ends[0], "a", 1, 0) == 1);
	CHECK(recv(ends[1], &byte, 1, 0) == 1);
	CHECK_EQ(news(), 0);
	CHECK(shutdown(ends[0], SHUT_WR) == 0);
	CHECK_EQ(news(), 0);
	CHECK(shutdown(ends[1], SHUT_WR) == 0);
	CHECK_EQ(news(), 1);
	CHECK(close(ends[1]) == 0);
	EXPECT_NEWS(ends[0], POLL_HUP, BAND_HANG_UP);
	CHECK(close(ends[0]) == 0);
}

static void stream_without_room(void)
{
	static char bytes[4096];
	int ends[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
	listen_to(ends[0], SIGRTMIN);
	while (send(ends[0], bytes, sizeof(bytes), 0) > 0)
		;
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(news(), 0);
	while (recv(ends[1], bytes, sizeof(bytes), 0) > 0)
		;
	EXPECT_NEWS(ends[0], POLL_OUT, BAND_OUT);
	CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
	news();
}

static void datagrams(void)
{
	int ends[2];

	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
	listen_to(ends[0], SIGRTMIN);
	CHECK(send(ends[1], "one", 3, 0) == 3);
	EXPECT_NEWS(ends[0], POLL_IN, BAND_IN);
	CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
	CHECK_EQ(news(), 0);
}

static void listener(void)
{
	struct sockaddr address = { .sa_family = AF_UNIX, .sa_data = "\0sigio" };
	int server = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	int client = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

	CHECK(bind(server, &address, sizeof(address)) == 0 && listen(server, 3) == 0);
	listen_to(server, SIGRTMIN);
	CHECK(connect(client, &address, sizeof(address)) == 0);
	EXPECT_NEWS(server, POLL_IN, BAND_IN);
	CHECK(close(server) == 0 && close(client) == 0);
	news();
}

static void watches(void)
{
	int fd = MUST(inotify_init());

	CHECK(inotify_add_watch(fd, ".", IN_CREATE) > 0);
	listen_to(fd, SIGRTMIN);
	CHECK(close(MUST(open("fresh", O_CREAT | O_WRONLY, 0600))) == 0);
	EXPECT_NEWS(fd, POLL_IN, BAND_IN);
	CHECK(close(fd) == 0);
}

/* A terminal is owned by its foreground group, unless told otherwise; a line is news. */
static void terminals(void)
{
	struct terminal terminal = terminal_open();
	struct f_owner_ex owner;

	if (terminal.master < 0)
		return;
	handle_signal(SIGHUP, SIG_IGN, 0);
	CHECK(fcntl(terminal.fd, F_SETFL, O_ASYNC) == 0);
	CHECK(fcntl(terminal.fd, F_GETOWN_EX, &owner) == 0);
	CHECK_EQ(owner.type, F_OWNER_PGRP);
	CHECK_EQ(owner.pid, getpgrp());
	CHECK(fcntl(terminal.fd, F_SETOWN, getpid()) == 0);
	CHECK(fcntl(terminal.fd, F_SETSIG, SIGRTMIN) == 0);
	terminal_type(&terminal, "half");
	CHECK_EQ(news(), 0);
	terminal_type(&terminal, " a line\n");
	terminal_wait_input(&terminal);
	for (int i = 0; i < 1000 && !count; i++)
		sleep_ms(5);
	EXPECT_NEWS(terminal.fd, POLL_IN, BAND_IN);
	CHECK(fcntl(terminal.fd, F_SETFL, 0) == 0);

	/* The master's is whoever asked. */
	CHECK(fcntl(terminal.master, F_SETFL, O_ASYNC) == 0);
	CHECK(fcntl(terminal.master, F_GETOWN_EX, &owner) == 0);
	CHECK_EQ(owner.type, F_OWNER_PID);
	CHECK_EQ(owner.pid, getpid());
	CHECK(fcntl(terminal.master, F_SETSIG, SIGRTMIN) == 0);
	CHECK(write(terminal.fd, "out", 3) == 3);
	for (int i = 0; i < 1000 && !count; i++)
		sleep_ms(5);
	CHECK(news() >= 1);
	CHECK_EQ(last_code, POLL_IN);
	CHECK_EQ(last_fd, terminal.master);
	CHECK(close(terminal.master) == 0 && close(terminal.fd) == 0);
}

/* Signals with a meaning of their own for si_code say only that it was such an event. */
static void other_signals(void)
{
	int ends[2];

	CHECK(pipe(ends) == 0);
	listen_to(ends[0], SIGCHLD);
	CHECK(write(ends[1], "a", 1) == 1);
	CHECK_EQ(news(), 1);
	CHECK_EQ(last_signal, SIGCHLD);
	CHECK_EQ(last_code, SI_SIGIO);
	CHECK(fcntl(ends[0], F_SETSIG, SIGUSR1) == 0);
	CHECK(write(ends[1], "a", 1) == 1);
	CHECK_EQ(news(), 1);
	CHECK_EQ(last_signal, SIGUSR1);
	CHECK_EQ(last_code, POLL_IN);
	CHECK(fcntl(ends[0], F_SETSIG, SIGIO) == 0);
	CHECK(write(ends[1], "a", 1) == 1);
	CHECK_EQ(news(), 1);
	CHECK_EQ(last_signal, SIGIO);
	CHECK_EQ(last_code, POLL_IN);
	CHECK_EQ(last_fd, ends[0]);
	CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
	news();
}

/* Another user's process hears nothing from an owner set without the right to signal it. */
static void permission(void)
{
	int ends[2];

	CHECK(pipe(ends) == 0);
	CHECK(setresuid(OTHER_UID, OTHER_UID, 0) == 0);
	listen_to(ends[0], SIGRTMIN);
	CHECK(seteuid(0) == 0 && setresuid(0, 0, 0) == 0);
	CHECK(write(ends[1], "a", 1) == 1);
	CHECK_EQ(news(), 0);
	listen_to(ends[0], SIGRTMIN);
	CHECK(write(ends[1], "a", 1) == 1);
	CHECK_EQ(news(), 1);
	CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
	news();
}

/* A whole group hears it. */
static void group(void)
{
	pid_t children[2];
	int ends[2];

	CHECK(pipe(ends) == 0);
	for (int i = 0; i < 2; i++) {
		children[i] = FORK();
		if (children[i] == 0) {
			setpgid(0, i ? children[0] : 0);
			for (;;)
				pause();
		}
		CHECK(setpgid(children[i], children[0]) == 0);
	}
	CHECK(fcntl(ends[0], F_SETOWN, -children[0]) == 0);
	CHECK(fcntl(ends[0], F_SETSIG, SIGTERM) == 0);
	CHECK(fcntl(ends[0], F_SETFL, O_ASYNC) == 0);
	CHECK(write(ends[1], "a", 1) == 1);
	expect_signal_death(children[0], SIGTERM);
	expect_signal_death(children[1], SIGTERM);
	CHECK(write(ends[1], "a", 1) == 1);
	CHECK_EQ(fcntl(ends[0], F_GETOWN), 0);
	CHECK(close(ends[0]) == 0 && close(ends[1]) == 0);
}

int main(void)
{
	handle_signal_info(SIGIO, on_signal, 0);
	handle_signal_info(SIGRTMIN, on_signal, 0);
	handle_signal_info(SIGUSR1, on_signal, 0);
	pipes();
	full_pipe();
	streams();
	stream_without_room();
	datagrams();
	listener();
	watches();
	handle_signal_info(SIGCHLD, on_signal, 0);
	other_signals();
	handle_signal(SIGCHLD, SIG_DFL, 0);
	permission();
	group();
	in_child(terminals);
	return 0;
}

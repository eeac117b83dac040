/* test: timeout=120
 * Many at once: connecting, accepting and closing; passing descriptors while both ends close;
 * closing what another thread works on.
 */
#include "socket_util.h"
#include <pthread.h>

static int rounds;

/* Clients connect to a listener that others accept from, and whose owner closes it in between. */
static void connect_and_vanish(void)
{
	pid_t clients[3];

	for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
		clients[i] = FORK();
		if (clients[i])
			continue;
		for (int round = 0; round < rounds; round++) {
			int fd = MUST(socket(AF_UNIX, SOCK_STREAM, 0));

			if (connect_name(fd, "@race") == 0) {
				char byte;

				(void)!send(fd, "x", 1, MSG_NOSIGNAL);
				send_fds_flags(fd, &fd, 1, MSG_NOSIGNAL);
				(void)!recv(fd, &byte, 1, 0);
			} else if (errno != ECONNREFUSED) {
				FAIL("connect");
			}
			close(fd);
		}
		_exit(0);
	}
	for (int round = 0; round < rounds / 4; round++) {
		int listener = MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));

		if (bind_name(listener, "@race") == 0 && listen(listener, 1) == 0) {
			for (int i = 0; i < 8; i++) {
				int fd = accept(listener, NULL, NULL);

				if (fd >= 0)
					close(fd);
				else
					sched_yield();
			}
		}
		close(listener);
	}
	/* The last clients may wait for an answer from somebody. */
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++)
		CHECK_EQ(wait_exit_status(clients[i]), 0);
}

/* Both ends pass each other descriptors and close, in all orders. */
static void pass_and_close(void)
{
	for (int round = 0; round < rounds; round++) {
		int fds[2], other[2];

		make_pair(round % 2 ? SOCK_STREAM : SOCK_DGRAM, fds);
		make_pair(SOCK_STREAM, other);
		pid_t child = FORK();
		if (child == 0) {
			close(fds[0]);
			send_fds_flags(fds[1], other, 2, MSG_DONTWAIT | MSG_NOSIGNAL);
			send_fds_flags(fds[1], fds + 1, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
			_exit(0);
		}
		close(fds[1]);
		send_fds_flags(fds[0], fds, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		send_fds_flags(fds[0], other, 2, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (round % 3 == 0) {
			char byte;

			(void)!recv(fds[0], &byte, 1, MSG_DONTWAIT);
		}
		close(fds[0]);
		close(other[0]);
		close(other[1]);
		CHECK_EQ(wait_exit_status(child), 0);
	}
}

static int shared[2];
static volatile int done;

/* Reads, writes, peeks, polls whatever is at the two descriptors now. */
static void *work(void *seed)
{
	unsigned int state = (unsigned int)(uintptr_t)seed;
	static __thread char buffer[3000];

	while (!done) {
		int fd = __atomic_load_n(&shared[state >> 20 & 1], __ATOMIC_RELAXED);
		int got[2];

		state = state * 1664525 + 1013904223;
		switch (state >> 24 & 7) {
		case 0:
			(void)!send(fd, buffer, state >> 8 & 2047, MSG_DONTWAIT | MSG_NOSIGNAL);
			break;
		case 1:
			(void)!recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT | MSG_PEEK);
			break;
		case 2:
			send_fds_flags(fd, &fd, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
			break;
		case 3:
			(void)!poll_now(fd, POLLIN | POLLOUT);
			break;
		case 4:
			shutdown(fd, SHUT_WR);
			break;
		default: {
			char control[CMSG_SPACE(4 * sizeof(int))];
			struct iovec part = { buffer, 100 };
			struct msghdr message = {
				.msg_iov = &part, .msg_iovlen = 1,
				.msg_control = control, .msg_controllen = sizeof(control),
			};
			if (recvmsg(fd, &message, MSG_DONTWAIT) > 0) {
				struct cmsghdr *head = CMSG_FIRSTHDR(&message);

				if (head && head->cmsg_type == SCM_RIGHTS) {
					memcpy(got, CMSG_DATA(head), sizeof(int));
					if (got[0] > shared[0] && got[0] > shared[1])
						close(got[0]);
				}
			}
		}
		}
	}
	return NULL;
}

static void threads_and_closing(void)
{
	pthread_t threads[3];

	make_pair(SOCK_STREAM, shared);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		CHECK(pthread_create(&threads[i], NULL, work, (void *)(i * 7919 + 1)) == 0);
	for (int round = 0; round < rounds; round++) {
		int fds[2];

		make_pair(round % 2 ? SOCK_STREAM : SOCK_DGRAM, fds);
		CHECK(dup2(fds[0], shared[0]) == shared[0]);
		CHECK(dup2(fds[1], shared[1]) == shared[1]);
		close(fds[0]);
		close(fds[1]);
		sched_yield();
	}
	done = 1;
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
}

/* Several readers of one stream: every byte comes once. */
static void many_readers(void)
{
	enum { READERS = 4, TOTAL = 20000 };
	int *counts = shared_memory(READERS * sizeof(int));
	pid_t readers[READERS];
	int fds[2];

	make_pair(SOCK_SEQPACKET, fds);
	for (int i = 0; i < READERS; i++) {
		readers[i] = FORK();
		if (readers[i])
			continue;
		char byte;

		close(fds[0]);
		while (MUST(read(fds[1], &byte, 1)) == 1)
			counts[i]++;
		_exit(0);
	}
	close(fds[1]);
	for (int i = 0; i < TOTAL; i++)
		CHECK_EQ(write(fds[0], "x", 1), 1);
	close(fds[0]);
	int total = 0;
	for (int i = 0; i < READERS; i++) {
		CHECK_EQ(wait_exit_status(readers[i]), 0);
		total += counts[i];
	}
	CHECK_EQ(total, TOTAL);
}

int main(void)
{
	rounds = scaled(800);
	in_child(pass_and_close);
	in_child(connect_and_vanish);
	in_child(threads_and_closing);
	many_readers();
	return 0;
}

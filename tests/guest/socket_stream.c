/* Streams: bytes in order, ends, broken connections, peeking, waiting for all. */
#include "socket_util.h"

static volatile int broken_pipes;

static void count_broken_pipe(int signal)
{
	(void)signal;
	broken_pipes++;
}

static void bytes_have_no_borders(void)
{
	char buffer[32];
	int fds[2], size;

	make_pair(SOCK_STREAM, fds);
	CHECK_EQ(write(fds[0], "hello ", 6), 6);
	CHECK_EQ(send(fds[0], "world", 5, 0), 5);
	CHECK(ioctl(fds[1], FIONREAD, &size) == 0);
	CHECK_EQ(size, 11);
	CHECK_EQ(read(fds[1], buffer, 3), 3);
	CHECK_EQ(read(fds[1], buffer + 3, sizeof(buffer) - 3), 8);
	CHECK(memcmp(buffer, "hello world", 11) == 0);
	CHECK(ioctl(fds[0], TIOCOUTQ, &size) == 0);
	CHECK_EQ(size, 0);
	CHECK_EQ(read(fds[1], buffer, 0), 0);
	CHECK_ERRNO(recv(fds[1], buffer, 1, MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(write(fds[0], "", 0), 0);
	CHECK_ERRNO(recv(fds[1], buffer, 1, MSG_DONTWAIT), EAGAIN);
	close(fds[0]);
	CHECK_EQ(read(fds[1], buffer, 1), 0);
	close(fds[1]);
}

static void peeking_leaves_bytes(void)
{
	char buffer[16];
	int fds[2];

	make_pair(SOCK_STREAM, fds);
	CHECK_EQ(write(fds[0], "abc", 3), 3);
	CHECK_EQ(write(fds[0], "def", 3), 3);
	CHECK_EQ(recv(fds[1], buffer, sizeof(buffer), MSG_PEEK), 6);
	CHECK(memcmp(buffer, "abcdef", 6) == 0);
	CHECK_EQ(recv(fds[1], buffer, 2, MSG_PEEK), 2);
	CHECK_EQ(read(fds[1], buffer, 4), 4);
	CHECK_EQ(recv(fds[1], buffer, sizeof(buffer), MSG_PEEK), 2);
	CHECK(memcmp(buffer, "ef", 2) == 0);
	/* MSG_TRUNC means nothing to a stream. */
	CHECK_EQ(recv(fds[1], buffer, 1, MSG_TRUNC), 1);
	CHECK_EQ(recv(fds[1], buffer, 1, 0), 1);
	close(fds[0]);
	close(fds[1]);
}

static void waiting_for_all(void)
{
	char buffer[8];
	int fds[2];

	make_pair(SOCK_STREAM, fds);
	pid_t child = FORK();
	if (child == 0) {
		for (int i = 0; i < 8; i++) {
			CHECK_EQ(write(fds[0], "12345678" + i, 1), 1);
			sched_yield();
		}
		_exit(0);
	}
	CHECK_EQ(recv(fds[1], buffer, 8, MSG_WAITALL), 8);
	CHECK(memcmp(buffer, "12345678", 8) == 0);
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(write(fds[0], "xy", 2), 2);
	CHECK_EQ(recv(fds[1], buffer, 8, MSG_WAITALL | MSG_DONTWAIT), 2);
	set_option(fds[1], SO_RCVLOWAT, 3);
	CHECK_EQ(write(fds[0], "xy", 2), 2);
	close(fds[0]);
	CHECK_EQ(recv(fds[1], buffer, 8, 0), 2);
	close(fds[1]);
}

static void writing_to_nobody(void)
{
	int fds[2];

	make_pair(SOCK_STREAM, fds);
	close(fds[1]);
	CHECK_ERRNO(write(fds[0], "x", 1), EPIPE);
	CHECK_EQ(broken_pipes, 1);
	CHECK_ERRNO(send(fds[0], "x", 1, 0), EPIPE);
	CHECK_EQ(broken_pipes, 2);
	CHECK_ERRNO(send(fds[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	struct iovec part = { "x", 1 };
	CHECK_ERRNO(writev(fds[0], &part, 1), EPIPE);
	CHECK_EQ(broken_pipes, 3);
	char byte;
	CHECK_EQ(read(fds[0], &byte, 1), 0);
	close(fds[0]);
}

static void unread_bytes_reset(void)
{
	char byte;
	int fds[2];

	make_pair(SOCK_STREAM, fds);
	CHECK_EQ(write(fds[0], "lost", 4), 4);
	close(fds[1]);
	CHECK_EQ(poll_now(fds[0], POLLIN | POLLOUT | POLLRDHUP),
		 POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	CHECK_ERRNO(read(fds[0], &byte, 1), ECONNRESET);
	CHECK_EQ(read(fds[0], &byte, 1), 0);
	close(fds[0]);
	make_pair(SOCK_STREAM, fds);
	CHECK_EQ(write(fds[0], "lost", 4), 4);
	close(fds[1]);
	CHECK_EQ(get_option(fds[0], SO_ERROR), ECONNRESET);
	CHECK_EQ(get_option(fds[0], SO_ERROR), 0);
	close(fds[0]);
}

static void shutting_down(void)
{
	char buffer[8];
	int fds[2];

	broken_pipes = 0;
	make_pair(SOCK_STREAM, fds);
	CHECK_EQ(write(fds[0], "abc", 3), 3);
	CHECK(shutdown(fds[0], SHUT_WR) == 0);
	CHECK_ERRNO(write(fds[0], "x", 1), EPIPE);
	CHECK_EQ(broken_pipes, 1);
	CHECK_EQ(read(fds[1], buffer, 8), 3);
	CHECK_EQ(read(fds[1], buffer, 8), 0);
	CHECK_EQ(write(fds[1], "back", 4), 4);
	CHECK_EQ(read(fds[0], buffer, 8), 4);
	CHECK(shutdown(fds[0], SHUT_RD) == 0);
	CHECK_EQ(read(fds[0], buffer, 8), 0);
	CHECK_ERRNO(send(fds[1], "x", 1, MSG_NOSIGNAL), EPIPE);
	CHECK_ERRNO(shutdown(fds[0], 3), EINVAL);
	CHECK_ERRNO(shutdown(fds[0], -1), EINVAL);
	close(fds[0]);
	close(fds[1]);
	int lone = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	CHECK(shutdown(lone, SHUT_RDWR) == 0);
	close(lone);
}

/* A reader that sleeps sees the other side close, or shut down. */
static void sleepers_see_the_end(void)
{
	for (int how = 0; how < 2; how++) {
		int fds[2];

		make_pair(SOCK_STREAM, fds);
		pid_t child = FORK();
		if (child == 0) {
			char byte;

			close(fds[0]);
			_exit(read(fds[1], &byte, 1) == 0 ? 0 : 1);
		}
		wait_until_blocked(child);
		if (how == 0)
			CHECK(shutdown(fds[0], SHUT_WR) == 0);
		close(fds[0]);
		CHECK_EQ(wait_exit_status(child), 0);
		close(fds[1]);
	}
}

static void much_in_odd_pieces(void)
{
	enum { TOTAL = 3 * 1024 * 1024 + 777 };
	static char buffer[100000];
	size_t done = 0;
	int fds[2];

	make_pair(SOCK_STREAM, fds);
	pid_t child = FORK();
	if (child == 0) {
		close(fds[1]);
		for (size_t size = 1; done < TOTAL; size = size * 7 % 99991 + 1) {
			size_t part = size < TOTAL - done ? size : TOTAL - done;

			for (size_t i = 0; i < part; i++)
				buffer[i] = pattern_byte(done + i);
			CHECK_EQ(write(fds[0], buffer, part), part);
			done += part;
		}
		_exit(0);
	}
	close(fds[0]);
	for (size_t size = 1;; size = size * 5 % 65537 + 1) {
		ssize_t got = MUST(read(fds[1], buffer, size));

		if (got == 0)
			break;
		for (ssize_t i = 0; i < got; i++) {
			if (buffer[i] != pattern_byte(done + i))
				FAIL("byte %zu is wrong", done + i);
		}
		done += got;
	}
	CHECK_EQ(done, TOTAL);
	CHECK_EQ(wait_exit_status(child), 0);
	close(fds[1]);
}

/* Not read: the writer blocks, or is told to try again; and goes on when there is room. */
static void full_buffer(void)
{
	static char block[4096];
	long total = 0;
	ssize_t put;
	int fds[2];

	make_pair(SOCK_STREAM, fds);
	CHECK(fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0);
	while ((put = write(fds[0], block, sizeof(block))) > 0)
		total += put;
	CHECK(put < 0 && errno == EAGAIN);
	CHECK(total >= 65536 && total <= 1024 * 1024);
	CHECK_EQ(poll_now(fds[0], POLLOUT), 0);
	CHECK(fcntl(fds[0], F_SETFL, 0) == 0);
	pid_t child = FORK();
	if (child == 0)
		_exit(write(fds[0], block, sizeof(block)) == sizeof(block) ? 0 : 1);
	wait_until_blocked(child);
	total += sizeof(block);
	while (total > 0)
		total -= MUST(read(fds[1], block, sizeof(block)));
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(poll_now(fds[0], POLLOUT), POLLOUT);
	close(fds[0]);
	close(fds[1]);
}

static void sending_a_file(void)
{
	static char buffer[70000];
	size_t done = 0;
	int fds[2];

	make_pattern_file("pattern", sizeof(buffer));
	int file = MUST(open("pattern", O_RDONLY));
	make_pair(SOCK_STREAM, fds);
	CHECK_EQ(syscall(SYS_sendfile, fds[0], file, NULL, sizeof(buffer)), sizeof(buffer));
	while (done < sizeof(buffer))
		done += MUST(read(fds[1], buffer + done, sizeof(buffer) - done));
	for (size_t i = 0; i < sizeof(buffer); i++)
		CHECK(buffer[i] == pattern_byte(i));
	close(fds[0]);
	close(fds[1]);
	close(file);
}

static void as_a_file(void)
{
	struct stat status;
	char link[64], path[64];
	int fds[2];

	make_pair(SOCK_STREAM, fds);
	CHECK(fstat(fds[0], &status) == 0);
	CHECK(S_ISSOCK(status.st_mode));
	CHECK_EQ(status.st_mode & 07777, 0777);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	ssize_t size = MUST(readlink(path, link, sizeof(link) - 1));
	link[size] = '\0';
	snprintf(path, sizeof(path), "socket:[%llu]", (unsigned long long)status.st_ino);
	CHECK(strcmp(link, path) == 0);
	CHECK_ERRNO(lseek(fds[0], 0, SEEK_CUR), ESPIPE);
	CHECK_ERRNO(pread(fds[0], link, 1, 0), ESPIPE);
	CHECK_EQ(fcntl(fds[0], F_GETFL), O_RDWR);
	CHECK_EQ(fcntl(fds[0], F_GETFD), 0);
	close(fds[0]);
	close(fds[1]);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
	CHECK_EQ(fcntl(fds[1], F_GETFL), O_RDWR | O_NONBLOCK);
	CHECK_EQ(fcntl(fds[1], F_GETFD), FD_CLOEXEC);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	handle_signal(SIGPIPE, count_broken_pipe, 0);
	bytes_have_no_borders();
	peeking_leaves_bytes();
	waiting_for_all();
	writing_to_nobody();
	unread_bytes_reset();
	shutting_down();
	sleepers_see_the_end();
	much_in_odd_pieces();
	full_buffer();
	sending_a_file();
	as_a_file();
	return 0;
}

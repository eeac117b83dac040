/* test: timeout=120
 * A reader that sleeps in read() with a large buffer, on a pipe or a stream socket: a kernel may
 * copy what is written straight into that buffer. Every byte comes, once and in order, whatever
 * happens to the buffer meanwhile: it was never touched, is shared by fork, becomes read-only, goes
 * away; the reader is interrupted or killed, or is one of two.
 */
#include "reader_thread.h"
#include <sys/socket.h>

#define LARGE (48 * 1024)	/* a pipe takes it at once */

static void make_pipe(int ends[2])
{
	CHECK(pipe(ends) == 0);
}

static void make_sockets(int ends[2])
{
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
}

static void (*make_ends)(int ends[2]);	/* bytes go from the second to the first */

/* ---- what is written ----------------------------------------------------------------------- */

static char source[128 * 1024];

static void check_bytes(const char *bytes, size_t first, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != source[first + i])
			FAIL("byte %zu is %d, not %d", first + i, bytes[i], source[first + i]);
	}
}

/* The rest of `size` bytes, after the first `done`. */
static void read_rest(int fd, size_t done, size_t size)
{
	char bytes[5000];

	while (done < size) {
		ssize_t got = read(fd, bytes, sizeof(bytes));

		CHECK(got > 0 && done + (size_t)got <= size);
		check_bytes(bytes, done, (size_t)got);
		done += (size_t)got;
	}
}

static pid_t start_writer(int fd, const char *bytes, size_t size, struct gate *gate)
{
	pid_t pid = FORK();

	if (pid)
		return pid;
	gate_pass(gate);
	_exit(write(fd, bytes, size) == (ssize_t)size ? 0 : 1);
}

/* ---- sizes and places ---------------------------------------------------------------------- */

/*
 * `written` bytes, from `from` bytes into a page on, to a sleeper who wants `wanted` at `to` bytes
 * into a page. The pages from `touched` on have never been touched.
 */
static void transfer(size_t written, size_t from, size_t wanted, size_t to, size_t touched)
{
	char *buffer = map_pages(32);
	struct gate gate = gate_create();
	struct reader reader;
	size_t got;
	pid_t pid;
	int ends[2];

	make_ends(ends);
	pid = start_writer(ends[1], source + from, written, &gate);
	memset(buffer, 0x55, touched * PAGE);	/* after the fork: these are ours alone */
	start_reader(&reader, ends[0], buffer + to, wanted);
	gate_open(&gate);
	CHECK(end_reader(&reader) > 0);
	got = (size_t)reader.got;
	CHECK(got <= wanted && got <= written);
	for (size_t i = 0; i < got; i++)
		CHECK_EQ(buffer[to + i], source[from + i]);
	for (size_t i = 0; i < to; i++)
		CHECK_EQ(buffer[i], touched > 0 ? 0x55 : 0);
	for (size_t i = to + got; i < 32 * PAGE; i++)
		CHECK_EQ(buffer[i], i < touched * PAGE ? 0x55 : 0);
	while (got < written) {
		char bytes[5000];
		ssize_t more = read(ends[0], bytes, sizeof(bytes));

		CHECK(more > 0);
		check_bytes(bytes, from + got, (size_t)more);
		got += (size_t)more;
	}
	CHECK_EQ(got, written);
	CHECK_EQ(wait_exit_status(pid), 0);
	CHECK(munmap(buffer, 32 * PAGE) == 0);
	close(gate.fds[0]), close(gate.fds[1]);
	close(ends[0]), close(ends[1]);
}

static void sizes_and_places(void)
{
	static const size_t sizes[] = { 100, 4095, 4096, 4097, 10000, 65536, 100000 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(sizes); j++)
			transfer(sizes[i], i * 13 % 64, sizes[j], j * 1111 % PAGE, 32);
	}
	transfer(LARGE, 0, LARGE, 0, 0);
	transfer(LARGE, 0, LARGE, 0, 5);
}

/* Reader and writer are threads of one process. */
static void one_space(void)
{
	static char buffer[LARGE];
	struct reader reader;
	int ends[2];

	make_ends(ends);
	memset(buffer, 0, sizeof(buffer));
	start_reader(&reader, ends[0], buffer, sizeof(buffer));
	CHECK_EQ(write(ends[1], source, LARGE), LARGE);
	CHECK(end_reader(&reader) > 0);
	check_bytes(buffer, 0, (size_t)reader.got);
	read_rest(ends[0], (size_t)reader.got, LARGE);
	close(ends[0]), close(ends[1]);
}

/* ---- what happens to the buffer ------------------------------------------------------------ */

/* A child that was made while the reader slept never sees the bytes. */
static void forked_meanwhile(void)
{
	static char buffer[LARGE];
	struct reader reader;
	int ends[2];
	pid_t pid;

	make_ends(ends);
	memset(buffer, 0x55, sizeof(buffer));
	start_reader(&reader, ends[0], buffer, sizeof(buffer));
	pid = FORK();
	if (pid == 0) {
		if (write(ends[1], source, LARGE) != LARGE)
			_exit(1);
		for (size_t i = 0; i < sizeof(buffer); i++) {
			if (buffer[i] != 0x55)
				_exit(2);
		}
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
	CHECK(end_reader(&reader) > 0);
	check_bytes(buffer, 0, (size_t)reader.got);
	read_rest(ends[0], (size_t)reader.got, LARGE);
	close(ends[0]), close(ends[1]);
}

/* What the reader may no longer write to stays as it is, and no byte is lost. */
static void read_only_meanwhile(void)
{
	char *buffer = map_pages(LARGE / PAGE);
	struct reader reader;
	int ends[2];

	make_ends(ends);
	memset(buffer, 0x55, LARGE);
	start_reader(&reader, ends[0], buffer, LARGE);
	CHECK(mprotect(buffer, LARGE, PROT_READ) == 0);
	CHECK_EQ(write(ends[1], source, LARGE), LARGE);
	CHECK_EQ(end_reader(&reader), -1);
	CHECK_EQ(reader.error, EFAULT);
	for (size_t i = 0; i < LARGE; i++)
		CHECK_EQ(buffer[i], 0x55);
	read_rest(ends[0], 0, LARGE);
	CHECK(munmap(buffer, LARGE) == 0);
	close(ends[0]), close(ends[1]);
}

/* Half of the buffer is gone: what was read is what has come, and the rest comes later. */
static void half_gone_meanwhile(void)
{
	char *buffer = map_pages(LARGE / PAGE);
	struct reader reader;
	int ends[2];

	make_ends(ends);
	memset(buffer, 0x55, LARGE);
	start_reader(&reader, ends[0], buffer, LARGE);
	CHECK(munmap(buffer + LARGE / 2, LARGE / 2) == 0);
	CHECK_EQ(write(ends[1], source, LARGE), LARGE);
	if (end_reader(&reader) < 0)
		CHECK_EQ(reader.error, EFAULT);
	else
		check_bytes(buffer, 0, (size_t)reader.got);
	read_rest(ends[0], reader.got < 0 ? 0 : (size_t)reader.got, LARGE);
	CHECK(munmap(buffer, LARGE / 2) == 0);
	close(ends[0]), close(ends[1]);
}

/* ---- what happens to the reader ------------------------------------------------------------ */

static void do_nothing(int signal)
{
	(void)signal;
}

static void interrupted(void)
{
	static char buffer[LARGE];
	struct reader reader;
	int ends[2];

	make_ends(ends);
	handle_signal(SIGUSR1, do_nothing, 0);
	start_reader(&reader, ends[0], buffer, sizeof(buffer));
	CHECK(pthread_kill(reader.thread, SIGUSR1) == 0);
	CHECK_EQ(end_reader(&reader), -1);
	CHECK_EQ(reader.error, EINTR);
	CHECK_EQ(write(ends[1], source, LARGE), LARGE);
	read_rest(ends[0], 0, LARGE);
	close(ends[0]), close(ends[1]);
}

static void killed(void)
{
	static char buffer[LARGE];
	int ends[2];
	pid_t pid;

	make_ends(ends);
	pid = FORK();
	if (pid == 0) {
		memset(buffer, 1, sizeof(buffer));
		(void)!read(ends[0], buffer, sizeof(buffer));
		_exit(0);
	}
	wait_until_blocked(pid);
	kill_and_reap(pid);
	CHECK_EQ(write(ends[1], source, LARGE), LARGE);
	read_rest(ends[0], 0, LARGE);
	close(ends[0]), close(ends[1]);
}

/* The first in line wants little, the second much. None is forgotten. */
static void two_readers(void)
{
	static char little[100], much[LARGE];
	struct reader first, second;
	int ends[2];

	make_ends(ends);
	memset(much, 1, sizeof(much));
	start_reader(&first, ends[0], little, sizeof(little));
	start_reader(&second, ends[0], much, sizeof(much));
	CHECK_EQ(write(ends[1], source, LARGE), LARGE);
	CHECK_EQ(write(ends[1], source, sizeof(little)), (ssize_t)sizeof(little));
	CHECK_EQ(end_reader(&first), (ssize_t)sizeof(little));
	CHECK(end_reader(&second) > 0);
	close(ends[0]), close(ends[1]);
}

/* Both may leave a landing; the second gets what is written later. */
static void two_large_readers(void)
{
	static char one[LARGE], other[LARGE];
	struct reader first, second;
	int ends[2];

	make_ends(ends);
	memset(one, 1, sizeof(one));
	memset(other, 1, sizeof(other));
	start_reader(&first, ends[0], one, sizeof(one));
	start_reader(&second, ends[0], other, sizeof(other));
	CHECK_EQ(write(ends[1], source, LARGE / 2), LARGE / 2);
	CHECK_EQ(write(ends[1], source, LARGE / 2), LARGE / 2);
	close(ends[1]);
	CHECK(end_reader(&first) >= 0);
	CHECK(end_reader(&second) >= 0);
	CHECK_EQ(first.got + second.got, LARGE);
	close(ends[0]);
}

/* ---- all at once --------------------------------------------------------------------------- */

static char *moving;
static bool has_ended;

static void fork_once(void)
{
	pid_t pid = FORK();

	if (pid == 0)
		_exit(0);
	CHECK_EQ(wait_exit_status(pid), 0);
}

/* The buffer is replaced, protected, given back, and shared by fork, again and again. */
static void *disturb(void *argument)
{
	(void)argument;
	for (unsigned int i = 0; !__atomic_load_n(&has_ended, __ATOMIC_RELAXED); i++) {
		char *page = moving + i * 7 % (LARGE / PAGE) * PAGE;

		switch (i % 4) {
		case 0:
			CHECK(mmap(page, PAGE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page);
			break;
		case 1:
			CHECK(mprotect(page, PAGE, PROT_READ) == 0);
			CHECK(mprotect(page, PAGE, PROT_READ | PROT_WRITE) == 0);
			break;
		case 2:
			CHECK(madvise(page, PAGE, MADV_DONTNEED) == 0);
			break;
		default:
			if (i % 64 == 3)
				fork_once();
		}
	}
	return NULL;
}

/* How many bytes come is all that can be said: the buffer changes under the reader's hands. */
static void disturbed(void)
{
	size_t total = (size_t)scaled(16 << 20), done = 0;
	pthread_t disturber;
	int ends[2];
	pid_t pid;

	make_ends(ends);
	moving = map_pages(LARGE / PAGE);
	pid = FORK();
	if (pid == 0) {
		for (size_t sent = 0; sent < total;) {
			ssize_t part = write(ends[1], source, LARGE);

			if (part <= 0)
				_exit(1);
			sent += (size_t)part;
		}
		_exit(0);
	}
	close(ends[1]);
	has_ended = false;
	CHECK(pthread_create(&disturber, NULL, disturb, NULL) == 0);
	for (;;) {
		ssize_t got = read(ends[0], moving, LARGE);

		if (got == 0)
			break;
		CHECK(got > 0 || errno == EFAULT);
		done += got > 0 ? (size_t)got : 0;
	}
	__atomic_store_n(&has_ended, true, __ATOMIC_RELAXED);
	CHECK(pthread_join(disturber, NULL) == 0);
	CHECK_EQ(done, (total + LARGE - 1) / LARGE * LARGE);
	CHECK_EQ(wait_exit_status(pid), 0);
	CHECK(munmap(moving, LARGE) == 0);
	close(ends[0]);
}

static void all(void)
{
	sizes_and_places();
	one_space();
	forked_meanwhile();
	read_only_meanwhile();
	half_gone_meanwhile();
	interrupted();
	killed();
	two_readers();
	two_large_readers();
	disturbed();
}

int main(void)
{
	for (size_t i = 0; i < sizeof(source); i++)
		source[i] = pattern_byte(i);
	make_ends = make_pipe;
	all();
	make_ends = make_sockets;
	all();
	return 0;
}

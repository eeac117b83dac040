/* test: timeout=120
 * A reader that sleeps in read() on an empty pipe, for a few bytes: a kernel may bring them to it
 * past the pipe. Every byte comes, once and in order, whatever happens meanwhile: the buffer goes
 * away, becomes read-only or is shared by fork; the reader is interrupted or killed, or is one of
 * two; somebody polls; the pipe fills up; the last writer leaves.
 */
#include "reader_thread.h"
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* A pipe that has been used: a kernel may keep something from that. */
static void make_pipe(int ends[2])
{
	char byte;

	CHECK(pipe(ends) == 0);
	CHECK_EQ(write(ends[1], "x", 1), 1);
	CHECK_EQ(read(ends[0], &byte, 1), 1);
}

static void close_pipe(int ends[2])
{
	CHECK(close(ends[0]) == 0);
	CHECK(close(ends[1]) == 0);
}

static void put(int ends[2], const char *text)
{
	CHECK_EQ(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
}

/* What there is to be read without waiting is `text`. */
static void expect_rest(int ends[2], const char *text)
{
	char rest[256];
	size_t size = 0;

	CHECK(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
	for (;;) {
		ssize_t got = read(ends[0], rest + size, sizeof(rest) - size);

		if (got <= 0)
			break;
		size += (size_t)got;
	}
	CHECK(fcntl(ends[0], F_SETFL, 0) == 0);
	CHECK_EQ(size, strlen(text));
	CHECK(memcmp(rest, text, size) == 0);
}

/* ---- a reader in a thread of its own ------------------------------------------------------- */

static void expect_fault(struct reader *reader)
{
	CHECK_EQ(end_reader(reader), -1);
	CHECK_EQ(reader->error, EFAULT);
}

/* ---- sizes --------------------------------------------------------------------------------- */

/* `written` bytes for one who wants `wanted`, `offset` bytes into a page. */
static void transfer(size_t written, size_t wanted, size_t offset)
{
	char *pages = map_pages(3);	/* never touched so far */
	char bytes[300], rest[300];
	struct reader reader;
	int ends[2], left;

	for (size_t i = 0; i < written; i++)
		bytes[i] = pattern_byte(i);
	make_pipe(ends);
	start_reader(&reader, ends[0], pages + offset, wanted);
	CHECK_EQ(write(ends[1], bytes, written), (ssize_t)written);
	CHECK_EQ(end_reader(&reader), (ssize_t)(wanted < written ? wanted : written));
	for (size_t i = 0; i < 3 * PAGE; i++) {
		bool is_read = i >= offset && i < offset + (size_t)reader.got;

		CHECK_EQ(pages[i], is_read ? bytes[i - offset] : 0);
	}
	CHECK(ioctl(ends[0], FIONREAD, &left) == 0);
	CHECK_EQ((size_t)left, written - (size_t)reader.got);
	if (left > 0)
		CHECK_EQ(read(ends[0], rest, sizeof(rest)), left);
	CHECK(memcmp(rest, bytes + reader.got, (size_t)left) == 0);
	CHECK(munmap(pages, 3 * PAGE) == 0);
	close_pipe(ends);
}

static void sizes(void)
{
	static const size_t sizes[] = { 1, 2, 3, 4, 7, 16, 126, 127, 128, 129, 255 };
	static const size_t offsets[] = { 0, 5, PAGE - 1, PAGE - 100 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(sizes); j++)
			transfer(sizes[i], sizes[j], offsets[(i + j) % ARRAY_SIZE(offsets)]);
	}
}

/* Several pieces, on both sides. */
static void *read_pieces(void *argument)
{
	static char first[3], second[4];
	struct iovec pieces[] = { { first, sizeof(first) }, { second, sizeof(second) } };
	struct reader *reader = argument;

	reader->tid = gettid();
	gate_open(&reader->started);
	reader->got = readv(reader->fd, pieces, 2);
	CHECK(memcmp(first, "abc", 3) == 0 && memcmp(second, "defg", 4) == 0);
	return NULL;
}

static void pieces(void)
{
	struct iovec parts[] = { { "ab", 2 }, { "cdefgh", 6 } };
	struct reader reader = { .started = gate_create() };
	int ends[2];

	make_pipe(ends);
	reader.fd = ends[0];
	CHECK(pthread_create(&reader.thread, NULL, read_pieces, &reader) == 0);
	gate_pass(&reader.started);
	wait_thread_state(getpid(), reader.tid, 'S');
	CHECK_EQ(writev(ends[1], parts, 2), 8);
	CHECK_EQ(end_reader(&reader), 7);
	expect_rest(ends, "h");
	close_pipe(ends);
}

/* ---- what happens to the buffer ------------------------------------------------------------ */

static void gone_meanwhile(void)
{
	char *page = map_pages(1);
	struct reader reader;
	int ends[2];

	make_pipe(ends);
	start_reader(&reader, ends[0], page, 100);
	CHECK(munmap(page, PAGE) == 0);
	put(ends, "first");
	put(ends, "second");
	expect_fault(&reader);
	expect_rest(ends, "firstsecond");
	/* As before. */
	page = map_pages(1);
	start_reader(&reader, ends[0], page, 100);
	put(ends, "third");
	CHECK_EQ(end_reader(&reader), 5);
	CHECK(memcmp(page, "third", 5) == 0);
	CHECK(munmap(page, PAGE) == 0);
	close_pipe(ends);
}

static void read_only_meanwhile(void)
{
	char *page = map_pages(1);
	struct reader reader;
	int ends[2];

	make_pipe(ends);
	start_reader(&reader, ends[0], page, 100);
	CHECK(mprotect(page, PAGE, PROT_READ) == 0);
	put(ends, "bytes");
	expect_fault(&reader);
	CHECK_EQ(page[0], 0);
	expect_rest(ends, "bytes");
	CHECK(munmap(page, PAGE) == 0);
	close_pipe(ends);
}

/* Before the reader finds that its buffer is gone, the pipe is filled. */
static void filled_meanwhile(void)
{
	char *page = map_pages(1), block[PAGE];
	size_t written = 1, done = 0;
	struct reader reader;
	int ends[2];

	make_pipe(ends);
	start_reader(&reader, ends[0], page, 100);
	CHECK(munmap(page, PAGE) == 0);
	CHECK(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
	memset(block, 'b', sizeof(block));
	CHECK_EQ(write(ends[1], "a", 1), 1);
	for (;;) {
		ssize_t got = write(ends[1], block, sizeof(block));

		if (got < 0)
			break;
		written += (size_t)got;
	}
	CHECK_EQ(errno, EAGAIN);
	expect_fault(&reader);
	CHECK(close(ends[1]) == 0);
	while (done < written) {
		ssize_t got = read(ends[0], block, sizeof(block));

		CHECK(got > 0);
		for (ssize_t i = 0; i < got; i++)
			CHECK_EQ(block[i], done + (size_t)i == 0 ? 'a' : 'b');
		done += (size_t)got;
	}
	CHECK_EQ(read(ends[0], block, 1), 0);
	CHECK(close(ends[0]) == 0);
}

static void forked_meanwhile(void)
{
	char *page = map_pages(1);
	struct reader reader;
	int ends[2];
	pid_t pid;

	make_pipe(ends);
	memset(page, 0x55, PAGE);
	start_reader(&reader, ends[0], page, 100);
	pid = FORK();
	if (pid == 0) {
		if (write(ends[1], "bytes", 5) != 5)
			_exit(1);
		sleep_ms(10);
		_exit(page[0] == 0x55 ? 0 : 2);
	}
	CHECK_EQ(end_reader(&reader), 5);
	CHECK(memcmp(page, "bytes", 5) == 0);
	CHECK_EQ(wait_exit_status(pid), 0);
	CHECK(munmap(page, PAGE) == 0);
	close_pipe(ends);
}

/* A writer whose bytes are not there. */
static void bad_source(void)
{
	char *end = map_page_before_hole();
	char buffer[100];
	struct reader reader;
	int ends[2];

	make_pipe(ends);
	start_reader(&reader, ends[0], buffer, sizeof(buffer));
	CHECK_ERRNO(write(ends[1], end, 10), EFAULT);
	wait_thread_state(getpid(), reader.tid, 'S');
	put(ends, "good");
	CHECK_EQ(end_reader(&reader), 4);
	close_pipe(ends);
}

struct taker {
	pthread_t thread;
	pid_t tid;
	struct gate started;
	int from, to[2];
	ssize_t took;
};

static void *take(void *argument)
{
	struct taker *taker = argument;

	taker->tid = gettid();
	gate_open(&taker->started);
	taker->took = splice(taker->from, NULL, taker->to[1], NULL, PAGE, 0);
	return NULL;
}

/* It takes what is in the pipe to a socket that is full; returns how much was in that. */
static size_t start_taker(struct taker *taker, int from)
{
	static char block[PAGE];
	size_t size = 0;
	ssize_t got;

	*taker = (struct taker){ .started = gate_create(), .from = from };
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, taker->to) == 0);
	while ((got = send(taker->to[1], block, sizeof(block), MSG_DONTWAIT)) > 0)
		size += (size_t)got;
	CHECK(pthread_create(&taker->thread, NULL, take, taker) == 0);
	gate_pass(&taker->started);
	wait_thread_state(getpid(), taker->tid, 'S');
	return size;
}

static size_t end_taker(struct taker *taker, size_t before)
{
	char block[PAGE];

	while (before > 0) {
		size_t size = before < sizeof(block) ? before : sizeof(block);
		ssize_t got = read(taker->to[0], block, size);

		CHECK(got > 0);
		before -= (size_t)got;
	}
	CHECK(pthread_join(taker->thread, NULL) == 0);
	CHECK(taker->took > 0);
	CHECK_EQ(read(taker->to[0], block, sizeof(block)), taker->took);
	CHECK(close(taker->to[0]) == 0 && close(taker->to[1]) == 0);
	close(taker->started.fds[0]);
	close(taker->started.fds[1]);
	return (size_t)taker->took;
}

/*
 * What comes back finds the smallest pipe full, and two take it out at once: more is held than the
 * pipe has room for. (Linux keeps others from the pipe while it waits for the socket.)
 */
static void taken_by_many(void)
{
	static char much[16 * PAGE];
	size_t before[2], written = 1, read_again = 0;
	char *page = map_pages(1);
	struct taker takers[2];
	struct reader reader;
	ssize_t got;
	int ends[2];

	if (access("/proc/quartet", F_OK) < 0)
		return;
	make_pipe(ends);
	CHECK_EQ(fcntl(ends[1], F_SETPIPE_SZ, PAGE), PAGE);
	start_reader(&reader, ends[0], page, 100);
	CHECK(munmap(page, PAGE) == 0);
	CHECK(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
	CHECK_EQ(write(ends[1], "a", 1), 1);
	if ((got = write(ends[1], much, PAGE)) > 0)
		written += (size_t)got;
	expect_fault(&reader);
	for (int i = 0; i < 2; i++)
		before[i] = start_taker(&takers[i], ends[0]);
	if ((got = write(ends[1], much, sizeof(much))) > 0)
		written += (size_t)got;
	CHECK(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
	/* Who found the pipe empty waits for this. */
	while ((got = write(ends[1], much, 1)) > 0 && written < 10)
		written += (size_t)got;
	written += got > 0;
	for (int i = 0; i < 2; i++)
		written -= end_taker(&takers[i], before[i]);
	while ((got = read(ends[0], much, sizeof(much))) > 0)
		read_again += (size_t)got;
	CHECK_EQ(read_again, written);
	close_pipe(ends);
}

/* ---- two readers --------------------------------------------------------------------------- */

/* The first in line cannot have it, the second can. */
static void second_gets_it(void)
{
	char *page = map_pages(1), byte = 0;
	struct reader first, second;
	int ends[2];

	make_pipe(ends);
	start_reader(&first, ends[0], page, 100);
	start_reader(&second, ends[0], &byte, 1);
	CHECK(munmap(page, PAGE) == 0);
	put(ends, "x");
	expect_fault(&first);
	CHECK_EQ(end_reader(&second), 1);
	CHECK_EQ(byte, 'x');
	close_pipe(ends);
}

/* The same, and the last writer leaves at once: what comes back is not lost behind an end. */
static void second_gets_it_at_end(void)
{
	for (int i = 0; i < scaled(200); i++) {
		char *page = map_pages(1), byte = 0;
		struct reader first, second;
		int ends[2];

		make_pipe(ends);
		start_reader(&first, ends[0], page, 100);
		start_reader(&second, ends[0], &byte, 1);
		CHECK(munmap(page, PAGE) == 0);
		put(ends, "x");
		CHECK(close(ends[1]) == 0);
		/* The second may have been quicker: then there is nothing for the first. */
		if (end_reader(&first) != 0)
			CHECK(first.got == -1 && first.error == EFAULT);
		CHECK_EQ(end_reader(&second), 1);
		CHECK_EQ(byte, 'x');
		CHECK(close(ends[0]) == 0);
	}
}

static void one_by_one(void)
{
	char bytes[2] = "";
	struct reader first, second;
	int ends[2];

	make_pipe(ends);
	start_reader(&first, ends[0], &bytes[0], 1);
	start_reader(&second, ends[0], &bytes[1], 1);
	put(ends, "1");
	CHECK_EQ(end_reader(&first), 1);
	CHECK_EQ(bytes[0], '1');
	wait_thread_state(getpid(), second.tid, 'S');
	put(ends, "2");
	CHECK_EQ(end_reader(&second), 1);
	CHECK_EQ(bytes[1], '2');
	close_pipe(ends);
}

/* More than the first wants: the rest is for the second. */
static void shared_between_two(void)
{
	char one[2] = "", other[2] = "";
	struct reader first, second;
	int ends[2];

	make_pipe(ends);
	start_reader(&first, ends[0], one, 2);
	start_reader(&second, ends[0], other, 2);
	put(ends, "abcd");
	CHECK_EQ(end_reader(&first), 2);
	CHECK_EQ(end_reader(&second), 2);
	CHECK_EQ(one[0] + one[1] + other[0] + other[1], 'a' + 'b' + 'c' + 'd');
	close_pipe(ends);
}

/* ---- others look --------------------------------------------------------------------------- */

struct poller {
	pthread_t thread;
	struct gate started;
	int fd;
	pid_t tid;
};

static void *poll_once(void *argument)
{
	struct poller *poller = argument;
	struct pollfd wanted = { .fd = poller->fd, .events = POLLIN };

	poller->tid = gettid();
	gate_open(&poller->started);
	CHECK_EQ(poll(&wanted, 1, -1), 1);
	CHECK_EQ(wanted.revents, POLLIN);
	return NULL;
}

/* A poller beside a reader: it may miss what the reader takes, but not what nobody takes. */
static void poller_beside(void)
{
	struct poller poller = { .started = gate_create() };
	struct reader reader;
	char byte = 0;
	int ends[2];

	make_pipe(ends);
	poller.fd = ends[0];
	CHECK(pthread_create(&poller.thread, NULL, poll_once, &poller) == 0);
	gate_pass(&poller.started);
	wait_thread_state(getpid(), poller.tid, 'S');
	start_reader(&reader, ends[0], &byte, 1);
	put(ends, "1");
	CHECK_EQ(end_reader(&reader), 1);
	CHECK_EQ(byte, '1');
	put(ends, "2");
	CHECK(pthread_join(poller.thread, NULL) == 0);
	expect_rest(ends, "2");
	close_pipe(ends);
}

static void epoll_beside(void)
{
	struct epoll_event wanted = { .events = EPOLLIN | EPOLLET }, seen;
	int set = MUST(epoll_create1(0));
	struct reader reader;
	char byte = 0;
	int ends[2];

	make_pipe(ends);
	CHECK(epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &wanted) == 0);
	start_reader(&reader, ends[0], &byte, 1);
	put(ends, "1");
	CHECK_EQ(end_reader(&reader), 1);
	CHECK_EQ(epoll_wait(set, &seen, 1, 0), 0);
	put(ends, "2");
	CHECK_EQ(epoll_wait(set, &seen, 1, 0), 1);
	expect_rest(ends, "2");
	close_pipe(ends);
	close(set);
}

/* ---- signals and death --------------------------------------------------------------------- */

static volatile sig_atomic_t signals;

static void count_signal(int signal)
{
	(void)signal;
	signals++;
}

/* Signals come at any moment of the reads; every byte comes once and in order. */
static void interrupted(void)
{
	int rounds = scaled(20000), interruptions = 0;
	pid_t reader = getpid(), writer, signaller;
	int ends[2];

	make_pipe(ends);
	handle_signal(SIGUSR1, count_signal, 0);
	writer = FORK();
	if (writer == 0) {
		handle_signal(SIGUSR1, SIG_IGN, 0);
		for (int i = 0; i < rounds; i++) {
			char byte = (char)i;

			if (write(ends[1], &byte, 1) != 1)
				_exit(1);
			if (i % 3 == 0)
				sched_yield();
		}
		_exit(0);
	}
	signaller = FORK();
	if (signaller == 0) {
		close_pipe(ends);
		for (;;) {
			kill(reader, SIGUSR1);
			sched_yield();
		}
	}
	CHECK(close(ends[1]) == 0);
	for (int next = 0;;) {
		char byte;
		ssize_t got = read(ends[0], &byte, 1);

		if (got < 0) {
			CHECK_EQ(errno, EINTR);
			interruptions++;
			continue;
		}
		if (got == 0) {
			CHECK_EQ(next, rounds);
			break;
		}
		CHECK_EQ(byte, (char)next);
		next++;
	}
	kill_and_reap(signaller);
	CHECK_EQ(wait_exit_status(writer), 0);
	CHECK(signals > 0);
	handle_signal(SIGUSR1, SIG_DFL, 0);
	CHECK(close(ends[0]) == 0);
}

/* A signal right before the write, to one who sleeps: it may get the byte or leave it, not both. */
static void signal_then_write(void)
{
	handle_signal(SIGUSR1, count_signal, 0);
	for (int i = 0; i < scaled(300); i++) {
		struct reader reader;
		char byte = 0;
		int ends[2];

		make_pipe(ends);
		start_reader(&reader, ends[0], &byte, 1);
		if (i % 2)
			CHECK(pthread_kill(reader.thread, SIGUSR1) == 0);
		put(ends, "x");
		if (i % 2 == 0)
			CHECK(pthread_kill(reader.thread, SIGUSR1) == 0);
		if (end_reader(&reader) == 1) {
			CHECK_EQ(byte, 'x');
			expect_rest(ends, "");
		} else {
			CHECK_EQ(reader.error, EINTR);
			expect_rest(ends, "x");
		}
		close_pipe(ends);
	}
	handle_signal(SIGUSR1, SIG_DFL, 0);
}

/* The first in line is killed when it has just been written to; the second still reads. */
static void killed(void)
{
	for (int i = 0; i < scaled(200); i++) {
		int ends[2], told[2];
		pid_t first, second;
		char byte;

		make_pipe(ends);
		CHECK(pipe(told) == 0);
		first = FORK();
		if (first == 0) {
			(void)!read(ends[0], &byte, 1);
			pause();
		}
		wait_until_blocked(first);
		second = FORK();
		if (second == 0) {
			if (read(ends[0], &byte, 1) != 1 || write(told[1], &byte, 1) != 1)
				_exit(1);
			_exit(0);
		}
		wait_until_blocked(second);
		put(ends, "1");
		kill_and_reap(first);
		put(ends, "2");
		CHECK_EQ(read(told[0], &byte, 1), 1);
		CHECK(byte == '1' || byte == '2');
		CHECK_EQ(wait_exit_status(second), 0);
		expect_rest(ends, byte == '1' ? "2" : "");
		close_pipe(told);
		close_pipe(ends);
	}
}

/* Stopped in its sleep, a reader takes nothing; continued, it reads. */
static void stopped(void)
{
	int ends[2], left;
	char byte;
	pid_t pid;

	make_pipe(ends);
	pid = FORK();
	if (pid == 0)
		_exit(read(ends[0], &byte, 1) == 1 && byte == 'x' ? 0 : 1);
	wait_until_blocked(pid);
	CHECK(kill(pid, SIGSTOP) == 0);
	wait_process_state(pid, 'T');
	put(ends, "x");
	CHECK(ioctl(ends[0], FIONREAD, &left) == 0);
	CHECK_EQ(left, 1);
	CHECK(kill(pid, SIGCONT) == 0);
	CHECK_EQ(wait_exit_status(pid), 0);
	close_pipe(ends);
}

/* ---- packets, and the end ------------------------------------------------------------------ */

static void packets(void)
{
	char buffer[10];
	struct reader reader;
	int ends[2];

	CHECK(pipe2(ends, O_DIRECT) == 0);
	for (int i = 0; i < 3; i++) {
		start_reader(&reader, ends[0], buffer, 2);
		put(ends, "abc");
		put(ends, "de");
		CHECK_EQ(end_reader(&reader), 2);
		CHECK(memcmp(buffer, "ab", 2) == 0);
		CHECK_EQ(read(ends[0], buffer, sizeof(buffer)), 2);
		CHECK(memcmp(buffer, "de", 2) == 0);
	}
	close_pipe(ends);
}

static void written_and_closed(void)
{
	for (int i = 0; i < scaled(300); i++) {
		struct reader reader;
		char buffer[10];
		int ends[2];

		make_pipe(ends);
		start_reader(&reader, ends[0], buffer, sizeof(buffer));
		put(ends, "end");
		CHECK(close(ends[1]) == 0);
		CHECK_EQ(end_reader(&reader), 3);
		CHECK_EQ(read(ends[0], buffer, sizeof(buffer)), 0);
		CHECK(close(ends[0]) == 0);
	}
}

/* ---- all at once --------------------------------------------------------------------------- */

static int crowd[2];
static bool has_ended;

static void *crowd_write(void *argument)
{
	int rounds = scaled(20000);

	(void)argument;
	for (int i = 0; i < rounds; i++)
		CHECK_EQ(write(crowd[1], "12345678", (size_t)(i % 8 + 1)), i % 8 + 1);
	return NULL;
}

static void *crowd_read(void *argument)
{
	char buffer[16];
	ssize_t got;

	while ((got = read(crowd[0], buffer, 1 + (size_t)*(int *)argument % 9)) > 0)
		*(int *)argument += (int)got;
	CHECK_EQ(got, 0);
	return NULL;
}

/* The pipe's size changes, and somebody polls and looks. */
static void *crowd_disturb(void *argument)
{
	(void)argument;
	for (int i = 0; !__atomic_load_n(&has_ended, __ATOMIC_RELAXED); i++) {
		struct pollfd wanted = { .fd = crowd[0], .events = POLLIN };
		int left;

		if (fcntl(crowd[1], F_SETPIPE_SZ, PAGE << i % 5) < 0)
			CHECK_EQ(errno, EBUSY);
		CHECK(poll(&wanted, 1, 1) >= 0);
		CHECK(ioctl(crowd[0], FIONREAD, &left) == 0);
	}
	return NULL;
}

static void all_at_once(void)
{
	enum { WRITERS = 3, READERS = 3 };
	pthread_t writers[WRITERS], readers[READERS], disturber;
	int got[READERS] = { 0 }, total = 0, expected = 0;

	make_pipe(crowd);
	has_ended = false;
	for (int i = 0; i < READERS; i++)
		CHECK(pthread_create(&readers[i], NULL, crowd_read, &got[i]) == 0);
	for (int i = 0; i < WRITERS; i++)
		CHECK(pthread_create(&writers[i], NULL, crowd_write, NULL) == 0);
	CHECK(pthread_create(&disturber, NULL, crowd_disturb, NULL) == 0);
	for (int i = 0; i < WRITERS; i++)
		CHECK(pthread_join(writers[i], NULL) == 0);
	__atomic_store_n(&has_ended, true, __ATOMIC_RELAXED);
	CHECK(pthread_join(disturber, NULL) == 0);
	CHECK(close(crowd[1]) == 0);
	for (int i = 0; i < READERS; i++) {
		CHECK(pthread_join(readers[i], NULL) == 0);
		total += got[i];
	}
	for (int i = 0; i < scaled(20000); i++)
		expected += WRITERS * (i % 8 + 1);
	CHECK_EQ(total, expected);
	CHECK(close(crowd[0]) == 0);
}

int main(void)
{
	sizes();
	pieces();
	gone_meanwhile();
	read_only_meanwhile();
	filled_meanwhile();
	taken_by_many();
	forked_meanwhile();
	bad_source();
	second_gets_it();
	second_gets_it_at_end();
	one_by_one();
	shared_between_two();
	poller_beside();
	epoll_beside();
	interrupted();
	signal_then_write();
	killed();
	stopped();
	packets();
	written_and_closed();
	all_at_once();
	return 0;
}

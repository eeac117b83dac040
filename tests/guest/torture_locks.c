/* test: timeout=120
 * File locks of all sorts on a few bytes of three files: set, turned into others, given up in
 * pieces, by closing and by dying, waited for in vain, and set through descriptors that go
 * meanwhile. Who has a byte to himself is alone, what is read stays as it is, and in the end
 * everybody got there and nothing is left.
 *
 * Each circle is one that the kernel finds, on Linux as well. So only processes of one thread wait
 * for locks while they have some, and on other files than descriptions wait for theirs: who stands
 * there behind a description is not seen. Two of these processes get signals; a wake-up that is
 * lost by one of the others is lost for good.
 */
#include "torture.h"
#include <ctype.h>
#include <stdatomic.h>
#include <sys/file.h>

enum { FILES = 3, MIXED = 2, BYTES = 6 };	/* in the mixed one descriptions wait as well */
enum { PROCESSES = 5, DISTURBED = 2, THREADS = 4, SLOTS = 4, SLOT_FD = 60 };
enum { PATIENCE_MS = 10000 };

/* Of each byte, and of each file as flock has it: a number that whoever has it to himself sets. */
static struct shared {
	atomic_uint marks, records[FILES][BYTES], wholes[FILES];
	atomic_uint had, refused;
} *shared;

static const char *const names[FILES] = { "one", "two", "mixed" };

struct range {
	short type;		/* F_RDLCK, F_WRLCK */
	int start, length;
};

static struct range random_range(struct torturer *self)
{
	int start = (int)torture_random(self, BYTES);

	return (struct range){ torture_random(self, 2) ? F_RDLCK : F_WRLCK, start,
			       1 + (int)torture_random(self, (uint32_t)(BYTES - start)) };
}

static int set(int fd, int command, short type, int start, int length)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = start,
			      .l_len = length };

	return fcntl(fd, command, &lock);
}

static int set_range(int fd, int command, const struct range *range)
{
	return set(fd, command, range->type, range->start, range->length);
}

/* These are ours for a moment: nobody changes them. */
static void hold(struct torturer *self, atomic_uint *places, int count, bool to_ourselves)
{
	unsigned int mark = atomic_fetch_add(&shared->marks, 1) + 1, seen[BYTES];

	for (int i = 0; i < count; i++) {
		if (to_ourselves)
			atomic_store(&places[i], mark);
		seen[i] = atomic_load(&places[i]);
	}
	if (torture_random(self, 3) == 0)
		sched_yield();
	for (int i = 0; i < count; i++)
		CHECK_EQ(atomic_load(&places[i]), seen[i]);
	atomic_fetch_add(&shared->had, 1);
}

static void hold_range(struct torturer *self, int file, const struct range *range)
{
	hold(self, &shared->records[file][range->start], range->length, range->type == F_WRLCK);
}

/* ---- locks of processes ---------------------------------------------------------------------- */

static int fds[FILES];

static void nothing(int signal)
{
	(void)signal;
}

static bool wait_for_range(int file, const struct range *range)
{
	if (set_range(fds[file], F_SETLKW, range) == 0)
		return true;
	CHECK(errno == EDEADLK || errno == EINTR);
	atomic_fetch_add(&shared->refused, 1);
	return false;
}

static void give_up(struct torturer *self, int file, const struct range *range)
{
	switch (torture_random(self, 5)) {
	case 0:	/* some of it first, and the rest one by one */
		CHECK(set(fds[file], F_SETLK, F_UNLCK, range->start + range->length / 2, 1) == 0);
		for (int i = 0; i < BYTES; i++)
			CHECK(set(fds[file], F_SETLK, F_UNLCK, i, 1) == 0);
		break;
	case 1:	/* first it lets readers in */
		if (set(fds[file], F_SETLK, F_RDLCK, range->start, range->length) < 0)
			CHECK_EQ(errno, EAGAIN);	/* it went with the other one */
		CHECK(close(MUST(open(names[file], O_RDONLY))) == 0);
		break;
	case 2:	/* first it may grow */
		if (set(fds[file], F_SETLK, range->type, 0, 0) < 0)
			CHECK_EQ(errno, EAGAIN);
		CHECK(close(fds[file]) == 0);
		fds[file] = MUST(open(names[file], O_RDWR));
		break;
	default:
		CHECK(set(fds[file], F_SETLK, F_UNLCK, 0, 0) == 0);
	}
}

/* One lock, and sometimes another one meanwhile; in the file where descriptions wait, just one. */
static void process_step(struct torturer *self)
{
	int file = (int)torture_random(self, FILES), other = (int)torture_random(self, MIXED);
	struct range first = random_range(self), second = random_range(self);

	if (!wait_for_range(file, &first))
		return;
	hold_range(self, file, &first);
	if (file != MIXED && torture_random(self, 3) == 0 && wait_for_range(other, &second)) {
		hold_range(self, other, &second);
		give_up(self, other, &second);
	}
	give_up(self, file, &first);
}

static void begin_process(void)
{
	for (int i = 0; i < FILES; i++)
		fds[i] = MUST(open(names[i], O_RDWR));
}

static pid_t start_process(int number)
{
	pid_t pid = FORK();

	if (pid == 0) {
		struct torturer self;

		handle_signal(SIGUSR1, nothing, number ? SA_RESTART : 0);
		begin_process();
		torture_init(&self, process_step, number);
		torture_run(&self);
		_exit(0);
	}
	return pid;
}

/* ---- locks of descriptions ------------------------------------------------------------------- */

static void range_of_description(struct torturer *self, int file, int fd)
{
	struct range range = random_range(self);

	if (set_range(fd, file == MIXED ? F_OFD_SETLKW : F_OFD_SETLK, &range) < 0) {
		CHECK(file != MIXED && errno == EAGAIN);
		return;
	}
	hold_range(self, file, &range);
	if (torture_random(self, 2)) {
		range.type = torture_random(self, 2) ? F_RDLCK : F_WRLCK;
		if (set_range(fd, F_OFD_SETLK, &range) == 0)
			hold_range(self, file, &range);
		else
			CHECK_EQ(errno, EAGAIN);
	}
	if (torture_random(self, 2))
		CHECK(set(fd, F_OFD_SETLK, F_UNLCK, 0, 0) == 0);
}

static void whole_of_description(struct torturer *self, int file, int fd)
{
	for (int rounds = 1 + (int)torture_random(self, 3); rounds > 0; rounds--) {
		bool to_ourselves = torture_random(self, 2);

		if (flock(fd, (to_ourselves ? LOCK_EX : LOCK_SH) |
				      (torture_random(self, 3) ? 0 : LOCK_NB)) < 0) {
			CHECK_EQ(errno, EWOULDBLOCK);
			atomic_fetch_add(&shared->refused, 1);
			continue;
		}
		hold(self, &shared->wholes[file], 1, to_ourselves);
	}
	if (torture_random(self, 2))
		CHECK(flock(fd, LOCK_UN) == 0);
}

/* What was not given up goes with the last descriptor, of which there may be two. */
static void description_step(struct torturer *self)
{
	int file = (int)torture_random(self, FILES);
	int fd = MUST(open(names[file], O_RDWR));

	if (torture_random(self, 4) == 0) {
		int copy = MUST(dup(fd));

		CHECK(close(fd) == 0);
		fd = copy;
	}
	if (torture_random(self, 2))
		range_of_description(self, file, fd);
	else
		whole_of_description(self, file, fd);
	CHECK(close(fd) == 0);
}

static pid_t start_threads(void (*step)(struct torturer *), int count)
{
	pid_t pid = FORK();

	if (pid == 0) {
		struct torturer selves[THREADS];
		pthread_t threads[THREADS];

		for (int i = 0; i < count; i++)
			threads[i] = torture_thread(&selves[i], step, i);
		for (int i = 0; i < count; i++)
			CHECK(pthread_join(threads[i], NULL) == 0);
		_exit(0);
	}
	return pid;
}

/* ---- who goes before he is done -------------------------------------------------------------- */

/* Two threads lock through the same few descriptors, which both open, replace and close. */
static void descriptor_step(struct torturer *self)
{
	int fd = SLOT_FD + (int)torture_random(self, SLOTS);
	struct range range = random_range(self);
	int file;

	switch (torture_random(self, 6)) {
	case 0:
		file = MUST(open(names[torture_random(self, FILES)], O_RDWR));
		CHECK_EQ(dup2(file, fd), fd);
		CHECK(close(file) == 0);
		break;
	case 1:
		if (dup2(SLOT_FD + (int)torture_random(self, SLOTS), fd) < 0)
			CHECK_EQ(errno, EBADF);
		break;
	case 2:
		if (close(fd) < 0)
			CHECK_EQ(errno, EBADF);
		break;
	case 3:
		if (set(fd, F_SETLK, F_UNLCK, range.start, range.length) < 0)
			CHECK_EQ(errno, EBADF);
		break;
	default:
		if (set_range(fd, F_SETLK, &range) < 0)
			CHECK(errno == EBADF || errno == EAGAIN);
	}
}

/* A child that is killed at any moment, with whatever it has and waits for. */
static void mortal_step(struct torturer *self)
{
	pid_t pid = FORK();

	if (pid == 0) {
		struct torturer child;

		begin_process();
		torture_init(&child, NULL, 0);
		for (;;) {
			process_step(&child);
			description_step(&child);
		}
	}
	usleep(torture_random(self, 3000));
	kill_and_reap(pid);
}

/* ---- who looks on ---------------------------------------------------------------------------- */

/* Each line belongs to the same lock as the one before, or to the next. */
static void look_step(struct torturer *self)
{
	unsigned int number, last = 0;
	char line[200], sort[20];
	FILE *file = fopen("/proc/locks", "r");

	(void)self;
	CHECK(file);
	while (fgets(line, sizeof(line), file)) {
		bool waits = strstr(line, "->");

		CHECK(sscanf(line, waits ? "%u: -> %19s" : "%u: %19s", &number, sort) == 2);
		CHECK(isupper(sort[0]));
		CHECK_EQ(number, waits ? last : last + 1);
		last = number;
	}
	CHECK(fclose(file) == 0);
	for (int i = 0; i < FILES; i++) {
		int fd = MUST(open(names[i], O_RDWR));

		if (set(fd, F_OFD_SETLK, F_RDLCK, 0, 0) < 0)
			CHECK_EQ(errno, EAGAIN);
		CHECK(close(fd) == 0);
	}
}

/* All end soon, once the time is over; or else somebody waits whom nobody wakes. */
static void expect_ends(const pid_t *pids, int count)
{
	long long give_up = now_ns() + PATIENCE_MS * 1000000LL;
	static char locks[20000];

	for (int i = 0; i < count; i++) {
		while (process_state(pids[i]) != 'Z') {
			if (now_ns() > give_up) {
				read_text("/proc/locks", locks, sizeof(locks));
				(void)!write(2, locks, strlen(locks));
				FAIL("process %d, the %dth, does not end", pids[i], i);
			}
			sleep_ms(10);
		}
		CHECK_EQ(wait_exit_status(pids[i]), 0);
	}
}

static void expect_nothing_left(void)
{
	for (int i = 0; i < FILES; i++) {
		int fd = MUST(open(names[i], O_RDWR));

		CHECK(set(fd, F_SETLK, F_WRLCK, 0, 0) == 0);
		CHECK(flock(fd, LOCK_EX | LOCK_NB) == 0);
		CHECK(close(fd) == 0);
	}
}

int main(void)
{
	pid_t pids[PROCESSES + 4];
	struct torturer self;
	int count = 0;

	shared = shared_memory(sizeof(*shared));
	for (int i = 0; i < FILES; i++)
		make_file(names[i], "0123456789");
	handle_signal(SIGUSR1, nothing, 0);	/* inherited, before anybody sends any */
	torture_begin();
	for (int i = 0; i < PROCESSES; i++)
		pids[count++] = start_process(i);
	pids[count++] = start_threads(description_step, THREADS);
	pids[count++] = start_threads(descriptor_step, 2);
	pids[count++] = torture_process(mortal_step, 0);
	pids[count++] = torture_process(look_step, 0);
	torture_init(&self, NULL, 0);
	while (torture_goes_on()) {
		kill(pids[torture_random(&self, DISTURBED)], SIGUSR1);
		sleep_ms((int)torture_random(&self, 5));
	}
	expect_ends(pids, count);
	expect_nothing_left();
	CHECK(shared->had && shared->refused);
	return 0;
}

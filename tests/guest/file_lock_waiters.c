/*
 * Who waits for a record lock: many for one, all told by /proc/locks; what becomes of them when the
 * lock grows, becomes another, is cut, or lets readers in; and circles of more than two.
 */
#include "check.h"
#include <sys/sysmacros.h>

#define WAITERS 80
#define MANY 150

static int fd;

static int lock_bytes(int file, int command, short type, off_t start, off_t length)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = start,
			      .l_len = length };

	return fcntl(file, command, &lock);
}

static void set(short type, off_t start, off_t length)
{
	CHECK(lock_bytes(fd, F_SETLK, type, start, length) == 0);
}

/* A child that waits for that lock, and then is gone. */
static pid_t waiter_for(short type, off_t start, off_t length)
{
	pid_t pid = FORK();

	if (pid == 0) {
		CHECK(lock_bytes(fd, F_SETLKW, type, start, length) == 0);
		_exit(0);
	}
	wait_until_blocked(pid);
	return pid;
}

/* Lines of /proc/locks about our file: locks, and who waits. Those belong to the lock before. */
static void count_lines(unsigned int *locks, unsigned int *waiting)
{
	char line[256], place[64];
	FILE *file = fopen("/proc/locks", "r");
	unsigned int number = 0;
	struct stat status;

	CHECK(file && fstat(fd, &status) == 0);
	snprintf(place, sizeof(place), " %02x:%02x:%lu ", major(status.st_dev),
		 minor(status.st_dev), (unsigned long)status.st_ino);
	*locks = *waiting = 0;
	while (fgets(line, sizeof(line), file)) {
		bool waits = strstr(line, "-> ");
		unsigned int last = number;

		CHECK(sscanf(line, "%u:", &number) == 1);
		CHECK_EQ(number, waits ? last : last + 1);
		if (strstr(line, place))
			++*(waits ? waiting : locks);
	}
	CHECK(fclose(file) == 0);
}

static void expect_lines(unsigned int locks, unsigned int waiting)
{
	unsigned int found_locks, found_waiting;

	count_lines(&found_locks, &found_waiting);
	CHECK_EQ(found_locks, locks);
	CHECK_EQ(found_waiting, waiting);
}

static void test_many_wait_for_one(void)
{
	pid_t pids[WAITERS];

	set(F_WRLCK, 10, 10);
	for (int i = 0; i < WAITERS; i++)
		pids[i] = waiter_for(F_RDLCK, 12, 1);
	expect_lines(1, WAITERS);
	set(F_WRLCK, 15, 20);	/* one with it now */
	set(F_WRLCK, 0, 0);
	for (int i = 0; i < WAITERS; i++)
		wait_until_blocked(pids[i]);
	expect_lines(1, WAITERS);
	set(F_UNLCK, 20, 0);	/* not where they wait */
	for (int i = 0; i < WAITERS; i++)
		wait_until_blocked(pids[i]);
	expect_lines(1, WAITERS);
	set(F_RDLCK, 12, 1);
	for (int i = 0; i < WAITERS; i++)
		CHECK_EQ(wait_exit_status(pids[i]), 0);
	expect_lines(3, 0);
	set(F_UNLCK, 0, 0);
	expect_lines(0, 0);
}

/* A writer behind a reader that becomes a writer, is cut, and in the end lets it in. */
static void test_the_lock_changes(void)
{
	pid_t pid;

	set(F_RDLCK, 0, 100);
	pid = waiter_for(F_WRLCK, 50, 10);
	set(F_WRLCK, 40, 30);
	wait_until_blocked(pid);
	set(F_UNLCK, 50, 5);
	wait_until_blocked(pid);
	set(F_RDLCK, 0, 0);
	wait_until_blocked(pid);
	set(F_UNLCK, 0, 60);
	CHECK_EQ(wait_exit_status(pid), 0);
	set(F_UNLCK, 0, 0);
}

/* Each of several has a byte and waits for the next one's; who would close the circle may not. */
static void test_a_circle(void)
{
	enum { MEMBERS = 6 };
	struct gate ready = gate_create();
	pid_t pids[MEMBERS];

	set(F_WRLCK, 0, 1);
	for (int i = MEMBERS - 1; i > 0; i--) {
		pids[i] = FORK();
		if (pids[i] == 0) {
			set(F_WRLCK, i, 1);
			gate_open(&ready);
			CHECK(lock_bytes(fd, F_SETLKW, F_WRLCK, (i + 1) % MEMBERS, 1) == 0);
			_exit(0);
		}
		gate_pass(&ready);
		wait_until_blocked(pids[i]);
	}
	/* What they wait for is now another lock. */
	set(F_WRLCK, 100, 1);
	set(F_WRLCK, MEMBERS, 95);
	for (int i = 1; i < MEMBERS; i++)
		CHECK_ERRNO(lock_bytes(fd, F_SETLKW, F_WRLCK, i, 1), EDEADLK);
	set(F_UNLCK, 0, 0);
	for (int i = 1; i < MEMBERS; i++)
		CHECK_EQ(wait_exit_status(pids[i]), 0);
}

/* Many locks of two owners, that of the file itself among them; closing gives up one's own. */
static void test_many_locks(void)
{
	int other = MUST(open("file", O_RDWR));

	for (int i = 0; i < MANY; i++) {
		set(F_RDLCK, 4 * i, 1);
		CHECK(lock_bytes(other, F_OFD_SETLK, i % 2 ? F_RDLCK : F_WRLCK, 4 * i + i % 2 * 2,
				 2) == (i % 2 ? 0 : -1));
	}
	expect_lines(MANY + MANY / 2, 0);
	CHECK(close(MUST(open("file", O_RDONLY))) == 0);
	expect_lines(MANY / 2, 0);
	for (int i = 0; i < MANY; i++)
		CHECK(lock_bytes(fd, F_SETLK, F_WRLCK, 4 * i + 2, 1) == (i % 2 ? -1 : 0));
	CHECK(close(other) == 0);
	expect_lines(0, 0);
}

int main(void)
{
	make_file("file", "0123456789");
	fd = MUST(open("file", O_RDWR));
	test_many_wait_for_one();
	test_the_lock_changes();
	test_a_circle();
	test_many_locks();
	return 0;
}

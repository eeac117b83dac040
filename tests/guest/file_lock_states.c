/*
 * Locks of a file that stays when the test is over, such as the root directory: nothing is left
 * of the last lock when it is gone, however it went; and taking and dropping the only lock on
 * many processors at once wakes who waits.
 */
#include "check.h"
#include <sys/file.h>

#define FILE_THAT_STAYS "/proc/self/exe"
#define PROCESSES 4

static void lock_bytes(int fd, int command, short type)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_len = 10 };

	CHECK(fcntl(fd, command, &lock) == 0);
}

static void unlocked(void)
{
	int fd = MUST(open(FILE_THAT_STAYS, O_RDONLY));

	CHECK(flock(fd, LOCK_SH) == 0);
	lock_bytes(fd, F_SETLK, F_RDLCK);
	lock_bytes(fd, F_OFD_SETLK, F_RDLCK);
	lock_bytes(fd, F_OFD_SETLK, F_UNLCK);
	lock_bytes(fd, F_SETLK, F_UNLCK);
	CHECK(flock(fd, LOCK_UN) == 0);
}

static void closed(void)
{
	int fd = MUST(open(FILE_THAT_STAYS, O_RDONLY));

	CHECK(flock(fd, LOCK_EX) == 0);
	lock_bytes(fd, F_SETLK, F_RDLCK);
	lock_bytes(fd, F_OFD_SETLK, F_RDLCK);
	CHECK(close(fd) == 0);
}

static void forgotten(void)
{
	int fd = MUST(open("/", O_RDONLY | O_DIRECTORY));

	CHECK(flock(fd, LOCK_EX) == 0);
}

static void refused(void)
{
	int one = MUST(open("/", O_RDONLY)), two = MUST(open("/", O_RDONLY));

	CHECK(flock(one, LOCK_EX) == 0);
	CHECK_ERRNO(flock(two, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	CHECK(close(one) == 0);
	CHECK(flock(two, LOCK_UN) == 0);
	CHECK(flock(two, LOCK_UN) == 0);
}

static void take_turns(void)
{
	int fd = MUST(open(FILE_THAT_STAYS, O_RDONLY));

	for (int round = scaled(2000); round > 0; round--) {
		CHECK(flock(fd, LOCK_EX) == 0);
		CHECK(flock(fd, LOCK_UN) == 0);
	}
}

int main(void)
{
	pid_t pids[PROCESSES];

	in_child(unlocked);
	in_child(closed);
	in_child(forgotten);
	in_child(refused);
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = FORK();
		if (pids[i] == 0) {
			take_turns();
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++)
		CHECK_EQ(wait_exit_status(pids[i]), 0);
	return 0;
}

/*
 * Processes that wait for ranges of one file, again and again, in every way: a byte that is locked
 * for writing is nobody else's, one that is locked for reading nobody writes, and all get there.
 */
#include "check.h"
#include <stdatomic.h>
#include <sys/mman.h>

enum { PROCESSES = 5, BYTES = 12, WRITER = 1000 };

static atomic_int *holders;	/* of each byte: how many readers, or WRITER */
static int fd;

static int lock_bytes(int command, short type, off_t start, off_t length)
{
	struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = start,
			      .l_len = length };

	return fcntl(fd, command, &lock);
}

/* It is held: so it is what the others see, until `sign` is -1. */
static void hold(int start, int length, short type, int sign)
{
	for (int i = start; i < start + length; i++) {
		int before = atomic_fetch_add(&holders[i], sign * (type == F_WRLCK ? WRITER : 1));

		if (sign > 0)
			CHECK(type == F_WRLCK ? before == 0 : before < WRITER);
	}
}

static void take_turns(unsigned int seed)
{
	for (int round = scaled(800); round > 0; round--) {
		int start = rand_r(&seed) % BYTES, length = rand_r(&seed) % (BYTES - start) + 1;
		int split = rand_r(&seed) % length;
		short type = rand_r(&seed) % 3 ? F_RDLCK : F_WRLCK;

		CHECK(lock_bytes(F_SETLKW, type, start, length) == 0);
		hold(start, length, type, 1);
		if (rand_r(&seed) % 4 == 0)
			sched_yield();
		hold(start, length, type, -1);
		/* All at once, in two pieces, readers first, or by closing the file elsewhere. */
		if (split && round % 3 == 0)
			CHECK(lock_bytes(F_SETLK, F_RDLCK, start, split) == 0);
		if (split && round % 3 == 1)
			CHECK(lock_bytes(F_SETLK, F_UNLCK, start, split) == 0);
		if (round % 8)
			CHECK(lock_bytes(F_SETLK, F_UNLCK, 0, 0) == 0);
		else
			CHECK(close(MUST(open("file", O_RDONLY))) == 0);
	}
}

int main(void)
{
	pid_t pids[PROCESSES];

	holders = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(holders != MAP_FAILED);
	make_file("file", "0123456789");
	fd = MUST(open("file", O_RDWR));
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = FORK();
		if (pids[i] == 0) {
			take_turns(i + 1);
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++)
		CHECK_EQ(wait_exit_status(pids[i]), 0);
	return 0;
}

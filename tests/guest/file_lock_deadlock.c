/* Two processes that wait for each other's record locks: one of them is told EDEADLK. */
#include "check.h"

static int fd;

static int lock_byte(int command, off_t byte)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte,
			      .l_len = 1 };

	return fcntl(fd, command, &lock);
}

int main(void)
{
	struct gate mine = gate_create(), theirs = gate_create();
	pid_t child;

	make_file("file", "xx");
	fd = MUST(open("file", O_RDWR));
	CHECK(lock_byte(F_SETLK, 0) == 0);
	child = FORK();
	if (child == 0) {
		CHECK(lock_byte(F_SETLK, 1) == 0);
		gate_open(&theirs);
		CHECK(lock_byte(F_SETLKW, 0) == 0);	/* granted when the parent lets go */
		_exit(0);
	}
	gate_pass(&theirs);
	wait_until_blocked(child);
	CHECK_ERRNO(lock_byte(F_SETLKW, 1), EDEADLK);
	struct flock unlock = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	CHECK(fcntl(fd, F_SETLK, &unlock) == 0);
	CHECK_EQ(wait_exit_status(child), 0);
	gate_open(&mine);
	return 0;
}

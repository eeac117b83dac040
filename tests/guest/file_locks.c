/*
 * flock() between open descriptions, fcntl() between processes: who is in whose way, and when they
 * go.
 */
#include "check.h"
#include <sys/file.h>

static int fd;

static struct flock lock_of(short type, off_t start, off_t length)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = start,
			       .l_len = length };
}

static void set_lock(short type, off_t start, off_t length)
{
	struct flock lock = lock_of(type, start, length);

	CHECK(fcntl(fd, F_SETLK, &lock) == 0);
}

static void in_the_way(void)
{
	struct flock lock = lock_of(F_WRLCK, 10, 10);

	CHECK_ERRNO(fcntl(fd, F_SETLK, &lock), EAGAIN);
	CHECK(fcntl(fd, F_GETLK, &lock) == 0);
	CHECK_EQ(lock.l_type, F_WRLCK);
	CHECK_EQ(lock.l_start, 0);
	CHECK_EQ(lock.l_len, 15);
	CHECK_EQ(lock.l_pid, getppid());
	set_lock(F_WRLCK, 15, 5);
	lock = lock_of(F_RDLCK, 14, 1);
	CHECK_ERRNO(fcntl(fd, F_SETLK, &lock), EAGAIN);
}

static void share(void)
{
	struct flock lock = lock_of(F_WRLCK, 0, 0);

	set_lock(F_RDLCK, 0, 0);
	CHECK_ERRNO(fcntl(fd, F_SETLK, &lock), EAGAIN);
}

static void all_free(void)
{
	set_lock(F_WRLCK, 0, 0);
}

int main(void)
{
	int other, copy;

	enter_disk_directory();
	make_file("file", "0123456789");
	fd = MUST(open("file", O_RDWR));
	other = MUST(open("file", O_RDWR));
	copy = MUST(dup(fd));

	CHECK(flock(fd, LOCK_EX) == 0);
	CHECK_ERRNO(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	CHECK_ERRNO(flock(other, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	CHECK(flock(copy, LOCK_SH | LOCK_NB) == 0);	/* the same description: converted */
	CHECK(flock(other, LOCK_SH | LOCK_NB) == 0);
	CHECK_ERRNO(flock(fd, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	CHECK(flock(other, LOCK_UN) == 0);
	CHECK(flock(fd, LOCK_EX | LOCK_NB) == 0);
	CHECK(close(copy) == 0);
	CHECK_ERRNO(flock(other, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	CHECK(flock(fd, LOCK_UN) == 0);
	CHECK_ERRNO(flock(fd, 77), EINVAL);

	set_lock(F_WRLCK, 0, 15);
	in_child(in_the_way);
	set_lock(F_RDLCK, 0, 15);
	in_child(share);
	/* Cutting a hole in it. */
	set_lock(F_WRLCK, 0, 100);
	set_lock(F_UNLCK, 15, 5);
	set_lock(F_UNLCK, 20, 0);
	in_child(in_the_way);

	/* Of the file: one that is only a place was not opened, and gives nothing back. */
	CHECK(close(MUST(open("file", O_PATH))) == 0);
	in_child(in_the_way);

	/* Closing any descriptor of the file gives all of the process's record locks back. */
	CHECK(close(other) == 0);
	in_child(all_free);
	struct flock wrong = lock_of(77, 0, 0);

	CHECK_ERRNO(fcntl(fd, F_SETLK, &wrong), EINVAL);
	int reading = MUST(open("file", O_RDONLY));

	wrong = lock_of(F_WRLCK, 0, 0);
	CHECK_ERRNO(fcntl(reading, F_SETLK, &wrong), EBADF);
	return 0;
}

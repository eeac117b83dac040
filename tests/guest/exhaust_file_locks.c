/* test: linux=no memory=32 timeout=60
 * An ordinary user cannot fill the kernel with record locks: some day there is ENOLCK, he can still
 * give up what he has, and then has as much again.
 */
#include "check.h"

enum { MOST = 30000 };

static int lock_bytes(int fd, short type, off_t start, off_t length)
{
	struct flock lock = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length
	};

	return fcntl(fd, F_SETLK, &lock);
}

static int lock_until_refused(int fd)
{
	for (int i = 0; i < MOST; i++) {
		if (lock_bytes(fd, F_WRLCK, i * 2, 1) < 0) {
			CHECK_EQ(errno, ENOLCK);
			return i;
		}
	}
	FAIL("%d locks, and no end", MOST);
}

/* One lock that is given up byte by byte becomes many. */
static void test_cutting(int fd)
{
	CHECK(lock_bytes(fd, F_WRLCK, 0, 0) == 0);
	for (int i = 0; i < MOST; i++) {
		if (lock_bytes(fd, F_UNLCK, i * 2 + 1, 1) < 0) {
			CHECK_EQ(errno, ENOLCK);
			CHECK(lock_bytes(fd, F_UNLCK, 0, 0) == 0);
			return;
		}
	}
	FAIL("%d pieces, and no end", MOST);
}

static void as_user(void)
{
	int fd = MUST(open("locked", O_RDWR));
	int count = lock_until_refused(fd);

	CHECK(count > 1000);
	/* One goes by itself, and all at once. */
	CHECK(lock_bytes(fd, F_UNLCK, 0, 1) == 0);
	CHECK(lock_bytes(fd, F_WRLCK, 0, 1) == 0 || errno == ENOLCK);
	CHECK(lock_bytes(fd, F_UNLCK, 0, 0) == 0);
	CHECK_EQ(lock_until_refused(fd), count);
	CHECK(lock_bytes(fd, F_UNLCK, 0, 0) == 0);
	test_cutting(fd);
}

int main(void)
{
	int fd = MUST(open("locked", O_CREAT | O_RDWR, 0666));

	CHECK(fchmod(fd, 0666) == 0);
	run_as(OTHER_UID, as_user);
	return 0;
}

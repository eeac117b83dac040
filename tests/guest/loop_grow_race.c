/*
 * A loop device that ends in the middle of a page grows while that page is read for a write to its
 * beginning. Behind the old end there may be zeros or what the file has, but nobody else's bytes.
 */
#include "loop.h"
#include <pthread.h>

enum { SHORT = 512, LONG = 4096, ROUNDS = 300 };

static int loop;

static void set_limit(unsigned int limit)
{
	struct loop_info64 info = { .lo_sizelimit = limit };

	CHECK(ioctl(loop, LOOP_SET_STATUS64, &info) == 0);
}

static void *grow(void *delay)
{
	for (volatile int i = 0; i < *(int *)delay; i++)
		;
	set_limit(LONG);
	return NULL;
}

int main(void)
{
	char bytes[LONG];
	int number, file = loop_make_file("file", LONG), rounds = scaled(ROUNDS);

	memset(bytes, 'f', LONG);
	CHECK_EQ(pwrite(file, bytes, LONG, 0), LONG);
	loop = loop_attach(file, &number);
	for (int round = 0; round < rounds; round++) {
		int delay = round % 50 * 40;
		pthread_t grower;

		set_limit(SHORT);
		CHECK(fsync(file) == 0);
		posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
		posix_fadvise(loop, 0, 0, POSIX_FADV_DONTNEED);
		CHECK(pthread_create(&grower, NULL, grow, &delay) == 0);
		CHECK_EQ(pwrite(loop, "x", 1, 0), 1);
		CHECK(pthread_join(grower, NULL) == 0);
		CHECK_EQ(pread(loop, bytes, LONG, 0), LONG);
		CHECK(bytes[0] == 'x');
		for (int i = 1; i < LONG; i++) {
			if (bytes[i] != 'f' && (i < SHORT || bytes[i] != 0))
				FAIL("round %d: byte %d is %#x", round, i, (unsigned char)bytes[i]);
		}
		CHECK(fsync(loop) == 0);
		memset(bytes, 'f', LONG);
		CHECK_EQ(pwrite(file, bytes, LONG, 0), LONG);
	}
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	CHECK(close(loop) == 0 && close(file) == 0);
	return 0;
}

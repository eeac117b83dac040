/* test: memory=32
 * Threads attach, detach, read, write, ask and cut at the same time, with little memory: nothing
 * hangs, and in the end all devices are free.
 */
#include "loop.h"
#include <pthread.h>

enum { THREADS = 4, SIZE = 3 << 20, CHUNK = 128 * 1024 };


static unsigned int next(unsigned int *seed)
{
	return *seed = *seed * 1103515245 + 12345;
}

static void *attack(void *argument)
{
	unsigned int seed = (unsigned int)(uintptr_t)argument;
	char name[32];
	char *bytes = malloc(CHUNK);
	int file;

	CHECK(bytes);
	memset(bytes, (int)seed, CHUNK);
	snprintf(name, sizeof(name), "file%u", seed % 2);
	file = MUST(open(name, O_RDWR | O_CREAT, 0600));
	for (int round = scaled(4); round > 0; round--) {
		int loop = loop_open((int)(next(&seed) >> 16) % 3, O_RDWR);
		struct loop_info64 info = { .lo_offset = next(&seed) >> 16 & 0xfe00,
			.lo_flags = next(&seed) >> 20 & LO_FLAGS_AUTOCLEAR };

		CHECK(loop >= 0);
		for (int step = 0; step < 8; step++) {
			off_t place = (next(&seed) >> 10) % SIZE & -512;

			switch ((next(&seed) >> 16) % 9) {
			case 0:
				(void)!ioctl(loop, LOOP_SET_FD, file);
				break;
			case 1:
				(void)!ioctl(loop, LOOP_CLR_FD);
				break;
			case 2:
				(void)!ioctl(loop, LOOP_SET_STATUS64, &info);
				break;
			case 3:
				(void)!ioctl(loop, LOOP_GET_STATUS64, &info);
				(void)!ioctl(loop, LOOP_SET_CAPACITY);
				break;
			case 4:
				(void)!ftruncate(file, place);
				break;
			case 5:
				(void)!ftruncate(file, SIZE);
				break;
			case 6:
				(void)!fsync(loop);
				break;
			case 7:
				(void)!pread(loop, bytes, CHUNK, place);
				break;
			case 8:
				(void)!pwrite(loop, bytes, CHUNK, place);
				break;
			}
		}
		CHECK(close(loop) == 0);
	}
	CHECK(close(file) == 0);
	free(bytes);
	return NULL;
}

/* More than may be dirty at once, through a device whose file is on the disk. */
static void more_than_memory(void)
{
	int file = loop_make_file("large", 12 << 20), number, loop = loop_attach(file, &number);
	static char bytes[CHUNK];

	for (int i = 0; i < scaled(25); i++) {
		memset(bytes, i + 1, CHUNK);
		CHECK_EQ(pwrite(loop, bytes, CHUNK, (off_t)i * CHUNK), CHUNK);
	}
	CHECK(fsync(loop) == 0);
	for (int i = 0; i < scaled(25); i++) {
		CHECK_EQ(pread(loop, bytes, CHUNK, (off_t)i * CHUNK), CHUNK);
		CHECK(bytes[0] == (char)(i + 1) && bytes[CHUNK - 1] == (char)(i + 1));
	}
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	CHECK(close(loop) == 0 && close(file) == 0 && unlink("large") == 0);
}

int main(void)
{
	pthread_t threads[THREADS];

	enter_disk_directory();
	loop_free();
	more_than_memory();
	for (uintptr_t i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, attack, (void *)(i + 1)) == 0);
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	for (int number = 0; number < 3; number++) {
		int loop = MUST(loop_open(number, O_RDWR));
		struct loop_info64 info;

		(void)!ioctl(loop, LOOP_CLR_FD);
		CHECK_ERRNO(ioctl(loop, LOOP_GET_STATUS64, &info), ENXIO);
		CHECK(close(loop) == 0);
	}
	CHECK(unlink("file0") == 0 && unlink("file1") == 0);
	return 0;
}

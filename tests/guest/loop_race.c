/* test: memory=32
 * Threads attach, detach, read, write, ask and cut at the same time, with little memory: nothing
 * hangs, and in the end all devices are free.
 */
#include "loop.h"
#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 4, FIRST = 3, DEVICES = 3, SIZE = 3 << 20, CHUNK = 128 * 1024 };

static atomic_int attached, moved;	/* how often that could be done, of all that was tried */

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
	file = MUST(open(name, O_RDWR));
	for (int round = scaled(4); round > 0; round--) {
		int loop = loop_open(FIRST + (int)(next(&seed) >> 16) % DEVICES, O_RDWR);
		struct loop_info64 info = { .lo_offset = next(&seed) >> 16 & 0xfe00,
			.lo_flags = next(&seed) >> 20 & LO_FLAGS_AUTOCLEAR };

		CHECK(loop >= 0);
		attached += ioctl(loop, LOOP_SET_FD, file) == 0;
		moved += pread(loop, bytes, CHUNK, 0) > 0;
		for (int step = 0; step < 8; step++) {
			off_t place = (next(&seed) >> 10) % SIZE & -512;

			switch ((next(&seed) >> 16) % 9) {
			case 0:
				attached += ioctl(loop, LOOP_SET_FD, file) == 0;
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
				moved += pread(loop, bytes, CHUNK, place) > 0;
				break;
			case 8:
				moved += pwrite(loop, bytes, CHUNK, place) > 0;
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

/* Not the first devices: where others use some, these are the ones. */
static void need_unused_devices(void)
{
	for (int number = FIRST; number < FIRST + DEVICES; number++) {
		int loop = loop_open(number, O_RDONLY);
		struct loop_info64 info;

		if (loop < 0 || ioctl(loop, LOOP_GET_STATUS64, &info) == 0)
			SKIP("somebody uses loop device %d", number);
		CHECK(close(loop) == 0);
	}
}

int main(void)
{
	pthread_t threads[THREADS];

	enter_disk_directory();
	loop_free();
	need_unused_devices();
	CHECK(close(loop_make_file("file0", SIZE)) == 0);
	CHECK(close(loop_make_file("file1", SIZE)) == 0);
	more_than_memory();
	for (uintptr_t i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, attack, (void *)(i + 1)) == 0);
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	CHECK(attached > 0 && moved > 0);
	for (int number = FIRST; number < FIRST + DEVICES; number++) {
		int loop = MUST(loop_open(number, O_RDWR));
		struct loop_info64 info;

		(void)!ioctl(loop, LOOP_CLR_FD);
		CHECK_ERRNO(ioctl(loop, LOOP_GET_STATUS64, &info), ENXIO);
		CHECK(close(loop) == 0);
	}
	CHECK(unlink("file0") == 0 && unlink("file1") == 0);
	return 0;
}

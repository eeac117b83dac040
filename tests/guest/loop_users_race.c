/* test: memory=64
 * Threads attach and detach, mount disks and partitions, have tables read again, and take the file
 * from under it all, at the same time: nothing hangs or falls, and when the last has gone no device
 * and no partition is left.
 */
#include "loop_ext2.h"
#include <pthread.h>
#include <sys/mount.h>

enum { THREADS = 4, DEVICES = 2, STEPS = 10, FIRST = 8, SIZE = BLOCKS * BLOCK + FIRST * 512 };

/* [t] all of it its own thread's */
struct attacker {
	unsigned int seed;
	char place[32];
	int file;
	bool is_ext2;			/* of the whole file; else only of its partition */
	int number, loop, partition;	/* the device of this round; partition may be -1 */
	char device_path[32], partition_path[32];
};

static unsigned int next(struct attacker *a, unsigned int end)
{
	a->seed = a->seed * 1103515245 + 12345;
	return (a->seed >> 16) % end;
}

static void make_disk(struct attacker *a)
{
	unsigned char table[512] = "";

	CHECK(ftruncate(a->file, SIZE) == 0);
	if (a->is_ext2)
		make_ext2(a->file);
	put(table + 446 + 4, 0x83, 1);
	put(table + 446 + 8, FIRST, 4);
	put(table + 446 + 12, SIZE / 512 - FIRST, 4);
	put(table + 510, 0xaa55, 2);
	CHECK_EQ(pwrite(a->file, table, sizeof(table), 0), sizeof(table));
}

static void resize(struct attacker *a, off_t size)
{
	CHECK(ftruncate(a->file, size) == 0);
	(void)!ioctl(a->loop, LOOP_SET_CAPACITY);
}

static void attach(struct attacker *a)
{
	struct loop_info64 info = { .lo_flags = LO_FLAGS_PARTSCAN };

	make_disk(a);
	(void)!ioctl(a->loop, LOOP_SET_FD, a->file);
	(void)!ioctl(a->loop, LOOP_SET_STATUS64, &info);
}

/* What is in a mount whose device becomes smaller, and is told to go. */
static void use_mount(struct attacker *a)
{
	char path[64];
	int fd;

	if (mount(next(a, 2) ? a->device_path : a->partition_path, a->place, "ext2", 0, NULL) < 0)
		return;
	snprintf(path, sizeof(path), "%s/file%u", a->place, next(a, 1000));
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd >= 0) {
		(void)!write(fd, path, sizeof(path));
		CHECK(close(fd) == 0);
	}
	resize(a, 4096 * (off_t)next(a, 4));
	strcat(path, "d");
	(void)!mkdir(path, 0700);
	(void)!ioctl(a->loop, LOOP_CLR_FD);
	CHECK(umount2(a->place, MNT_DETACH) == 0);
}

static void step(struct attacker *a)
{
	off_t place = 4096 * (off_t)next(a, SIZE / 4096);

	switch (next(a, 12)) {
	case 0:
	case 1:
		attach(a);
		break;
	case 2:
		(void)!ioctl(a->loop, LOOP_CLR_FD);
		break;
	case 3:
		(void)!ioctl(a->partition, LOOP_CLR_FD);
		break;
	case 4:
		resize(a, 4096);
		break;
	case 5:
		resize(a, SIZE);
		break;
	case 6:
		(void)!ioctl(a->loop, BLKRRPART);
		break;
	case 7:
		(void)!pwrite(a->loop, a->place, sizeof(a->place), place);
		break;
	case 8:
		close(a->partition);
		a->partition = open(a->partition_path, O_RDWR);
		break;
	default:
		use_mount(a);
		break;
	}
}

static void *attack(void *argument)
{
	struct attacker a = { .seed = (unsigned int)(uintptr_t)argument };
	char name[32];

	a.is_ext2 = a.seed % 2;
	snprintf(name, sizeof(name), "file%u", a.seed);
	snprintf(a.place, sizeof(a.place), "place%u", a.seed);
	CHECK(mkdir(a.place, 0755) == 0);
	a.file = loop_make_file(name, SIZE);
	for (int round = scaled(200); round > 0; round--) {
		a.number = (int)next(&a, DEVICES);
		snprintf(a.device_path, sizeof(a.device_path), "/dev/loop%d", a.number);
		snprintf(a.partition_path, sizeof(a.partition_path), "/dev/loop%dp1", a.number);
		a.loop = loop_open(a.number, O_RDWR);
		if (a.loop < 0)
			a.loop = MUST(loop_open(a.number, O_RDONLY)); /* it is mounted */
		a.partition = open(a.partition_path, next(&a, 2) ? O_RDWR : O_RDONLY);
		for (int i = 0; i < STEPS; i++)
			step(&a);
		close(a.partition);
		CHECK(close(a.loop) == 0);
	}
	CHECK(close(a.file) == 0);
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];

	loop_free();
	for (uintptr_t i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, attack, (void *)(i + 1)) == 0);
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	for (int number = 0; number < DEVICES; number++) {
		int loop = MUST(loop_open(number, O_RDONLY));
		char path[32];

		(void)!ioctl(loop, LOOP_CLR_FD);
		CHECK(close(loop) == 0);
		CHECK(!is_attached(number));
		snprintf(path, sizeof(path), "/dev/loop%dp1", number);
		CHECK_ERRNO(open(path, O_RDONLY), ENOENT);
	}
	return 0;
}

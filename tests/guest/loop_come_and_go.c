/* test: memory=64
 * Loop devices of ever new numbers come and go, with partitions and without, while others look
 * through /sys and /proc for them, and open what they find: whoever finds one sees it whole or
 * gone, and of all of them nothing is left.
 */
#include "loop.h"
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>

enum { MAKERS = 2, LOOKERS = 2, FIRST = 100, NUMBERS = 160, SIZE = 1024 * 1024 };

static atomic_int makers_at_work;

/* One partition of sectors 8 to 15. */
static void make_table(int file)
{
	unsigned char table[512] = { [446 + 4] = 0x83, [446 + 8] = 8, [446 + 12] = 8 };

	table[510] = 0x55;
	table[511] = 0xaa;
	CHECK_EQ(pwrite(file, table, sizeof(table), 0), sizeof(table));
}

static void use(int file, int number)
{
	struct loop_config config = {
		.fd = (unsigned int)file, .info = { .lo_flags = LO_FLAGS_PARTSCAN }
	};
	int loop = MUST(loop_open(number, O_RDWR)), partition;
	char path[64];

	CHECK(ioctl(loop, LOOP_CONFIGURE, &config) == 0);
	snprintf(path, sizeof(path), "/dev/loop%dp1", number);
	partition = open(path, O_RDONLY);
	if (partition >= 0) {
		CHECK_EQ(lseek(partition, 0, SEEK_END), 8 * 512);
		CHECK(close(partition) == 0);
	}
	/* A looker may have it open: then it goes with him. */
	CHECK(ioctl(loop, LOOP_CLR_FD) == 0);
	CHECK(close(loop) == 0);
}

static void *make(void *argument)
{
	int maker = (int)(intptr_t)argument, control = MUST(open("/dev/loop-control", O_RDWR));
	char name[16];
	int file;

	snprintf(name, sizeof(name), "file%d", maker);
	file = loop_make_file(name, SIZE);
	make_table(file);
	for (int i = maker; i < scaled(NUMBERS); i += MAKERS) {
		CHECK_EQ(ioctl(control, LOOP_CTL_ADD, FIRST + i), FIRST + i);
		if (i % 4 < 2)
			use(file, FIRST + i);
		while (ioctl(control, LOOP_CTL_REMOVE, FIRST + i) < 0) {
			CHECK_EQ(errno, EBUSY); /* a looker has it open */
			usleep(1000);
		}
	}
	CHECK(close(file) == 0);
	CHECK(close(control) == 0);
	atomic_fetch_sub(&makers_at_work, 1);
	return NULL;
}

static void read_all(const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY);

	if (fd < 0) {
		CHECK(errno == ENOENT || errno == ENODEV || errno == ENXIO);
		return;
	}
	while (read(fd, text, sizeof(text)) > 0)
		;
	CHECK(close(fd) == 0);
}

/* What is below a disk's folder, through the folder: it may go meanwhile. */
static void look_into(const char *disk)
{
	char path[512];
	struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "/sys/block/%s", disk);
	folder = opendir(path);
	if (!folder)
		return;
	while ((entry = readdir(folder)) != NULL) {
		int fd = openat(dirfd(folder), entry->d_name, O_RDONLY);
		char text[512];

		if (fd < 0)
			continue;
		if (read(fd, text, sizeof(text)) < 0)
			CHECK(errno == ENODEV || errno == EISDIR || errno == EIO);
		CHECK(close(fd) == 0);
	}
	CHECK(closedir(folder) == 0);
	snprintf(path, sizeof(path), "/dev/%s", disk);
	read_all(path);
}

static void *look(void *unused)
{
	(void)unused;
	while (atomic_load(&makers_at_work) > 0) {
		DIR *disks = opendir("/sys/block");
		struct dirent *entry;

		CHECK(disks != NULL);
		while ((entry = readdir(disks)) != NULL) {
			if (strlen(entry->d_name) > strlen("loop9"))
				look_into(entry->d_name);
		}
		CHECK(closedir(disks) == 0);
		read_all("/proc/partitions");
		read_all("/proc/diskstats");
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[MAKERS + LOOKERS];

	loop_free();
	makers_at_work = MAKERS;
	for (intptr_t i = 0; i < MAKERS + LOOKERS; i++)
		CHECK(pthread_create(&threads[i], NULL, i < MAKERS ? make : look, (void *)i) == 0);
	for (int i = 0; i < MAKERS + LOOKERS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	return 0;
}

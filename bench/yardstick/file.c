/* Files: making and removing them, cached reads and writes, listing a directory. */
#include "yardstick.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

enum { FILE_KIB = 16384, RECORD = 4096, ENTRIES = 1000, LISTING = 32768 };

/* One operation is one byte of a cached page. */
static int read_byte(unsigned int count)
{
	int fd = step("fill", fill_file("ys.io", 4));
	char byte;
	int error;

	if (fd < 0)
		return fd;
	error = step("pread64", call5(NR_PREAD64, fd, (long)&byte, 1, 100, 0));
	if (error < 0)
		return error;
	start();
	while (count--)
		call5(NR_PREAD64, fd, (long)&byte, 1, 100, 0);
	stop();
	call1(NR_CLOSE, fd);
	call1(NR_UNLINK, (long)"ys.io");
	return 0;
}

static int create_delete(unsigned int count)
{
	int fd = step("create", open_file("ys.cd", O_CREAT | O_EXCL | O_RDWR));
	int error;

	if (fd < 0)
		return fd;
	call1(NR_CLOSE, fd);
	error = step("unlink", call1(NR_UNLINK, (long)"ys.cd"));
	if (error < 0)
		return error;
	start();
	while (count--) {
		fd = open_file("ys.cd", O_CREAT | O_EXCL | O_RDWR);
		call1(NR_CLOSE, fd);
		call1(NR_UNLINK, (long)"ys.cd");
	}
	stop();
	return 0;
}

/*
 * One operation is one KiB of a new file, written 4 KiB at a time. Every 16 MiB the file is
 * emptied, outside the timing.
 */
static int write_new(unsigned int count)
{
	int fd = step("create", open_file("ys.io", O_CREAT | O_TRUNC | O_RDWR));
	long written = RECORD;

	if (fd < 0)
		return fd;
	for (unsigned int left = (count + 3) / 4; left && written == RECORD;) {
		unsigned int records = left < FILE_KIB / 4 ? left : FILE_KIB / 4;

		start();
		for (unsigned int i = 0; i < records && written == RECORD; i++)
			written = call3(NR_WRITE, fd, (long)block, RECORD);
		stop();
		call3(NR_LSEEK, fd, 0, 0);
		call2(NR_FTRUNCATE, fd, 0);
		left -= records;
	}
	call1(NR_CLOSE, fd);
	call1(NR_UNLINK, (long)"ys.io");
	if (written != RECORD)
		return step("write", written < 0 ? written : -ENOSPC);
	return 0;
}

static int read_cached(unsigned int count)
{
	int fd = step("fill", fill_file("ys.io", FILE_KIB));
	long got = RECORD;

	if (fd < 0)
		return fd;
	for (unsigned int left = (count + 3) / 4; left && got == RECORD;) {
		unsigned int records = left < FILE_KIB / 4 ? left : FILE_KIB / 4;

		call3(NR_LSEEK, fd, 0, 0);
		start();
		for (unsigned int i = 0; i < records && got == RECORD; i++)
			got = call3(NR_READ, fd, (long)block, RECORD);
		stop();
		left -= records;
	}
	call1(NR_CLOSE, fd);
	call1(NR_UNLINK, (long)"ys.io");
	if (got != RECORD)
		return step("read", got < 0 ? got : -EIO);
	return 0;
}

static void remove_entries(unsigned int made)
{
	char path[64];

	while (made-- > 0) {
		snprintf(path, sizeof(path), "ys.dir/entry-%04u", made);
		call1(NR_UNLINK, (long)path);
	}
	call1(NR_RMDIR, (long)"ys.dir");
}

static int scan(unsigned int count)
{
	int fd = step("open-dir", open_file("ys.dir", O_RDONLY | O_DIRECTORY));
	int error;

	if (fd < 0)
		return fd;
	error = step("getdents64", call3(NR_GETDENTS64, fd, (long)block, LISTING));
	if (error > 0) {
		start();
		while (count--) {
			call3(NR_LSEEK, fd, 0, 0);
			while (call3(NR_GETDENTS64, fd, (long)block, LISTING) > 0)
				;
		}
		stop();
	}
	call1(NR_CLOSE, fd);
	return error < 0 ? error : 0;
}

/* One operation is one scan of a directory of 1000 files. */
static int list_directory(unsigned int count)
{
	char path[64];
	unsigned int made = 0;
	int error = (int)call2(NR_MKDIR, (long)"ys.dir", 0755);

	if (error < 0 && error != -EEXIST)
		return step("mkdir", error);
	for (error = 0; made < ENTRIES && error >= 0; made++) {
		snprintf(path, sizeof(path), "ys.dir/entry-%04u", made);
		error = step("create", open_file(path, O_CREAT | O_RDWR));
		if (error >= 0)
			call1(NR_CLOSE, error);
	}
	if (error >= 0)
		error = scan(count);
	remove_entries(made);
	return error < 0 ? error : 0;
}

const struct benchmark file_benchmarks[] = {
	{ "pread_file_1", read_byte, 100, 1u << 30, "pread 1 byte of a cached file" },
	{ "create_delete", create_delete, 100, 1u << 24, "create + close + unlink" },
	{ "file_write_kib", write_new, 4096, 1u << 24, "KiB, new file, 4 KiB writes" },
	{ "file_read_kib", read_cached, 4096, 1u << 24, "KiB, cached, 4 KiB reads" },
	{ "getdents_1000", list_directory, 2, 1u << 20, "scan of 1000 entries" },
	{ 0 },
};

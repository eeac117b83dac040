/* One process alone: plain calls, names, and what the machine itself costs. */
#include "yardstick.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <time.h>

enum { AUXILIARY_SYSINFO = 32, MONOTONIC = 1, WORKING_DIRECTORY = -100, STATX_EVERYTHING = 0x7ff };

/* ---- the machine, without the kernel */

static int user_loop(unsigned int count)
{
	start();
	while (count--)
		__asm__ volatile("" : "+r"(count));
	stop();
	return 0;
}

static int user_copy(unsigned int count)
{
	static char copy[BLOCK] __attribute__((aligned(PAGE)));

	for (size_t i = 0; i < BLOCK; i += PAGE)
		copy[i] = 1;
	start();
	while (count--) {
		void *to = copy, *from = block;
		unsigned long words = BLOCK / 4;

		__asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
	}
	stop();
	return 0;
}

/* ---- calls that do little */

static int null_call(unsigned int count)
{
	int error = step("getppid", call0(NR_GETPPID));

	if (error < 0)
		return error;
	start();
	while (count--)
		call0(NR_GETPPID);
	stop();
	return 0;
}

static int null_sysenter(unsigned int count)
{
	unsigned long entry = getauxval(AUXILIARY_SYSINFO);

	if (!entry)
		return step("AT_SYSINFO", -ENOSYS);
	start();
	while (count--)
		call0_by_entry(NR_GETPPID, entry);
	stop();
	return 0;
}

static int get_time_of_day(unsigned int count)
{
	long now[2];
	int error = step("gettimeofday", call2(NR_GETTIMEOFDAY, (long)now, 0));

	if (error < 0)
		return error;
	start();
	while (count--)
		call2(NR_GETTIMEOFDAY, (long)now, 0);
	stop();
	return 0;
}

static int clock_get(unsigned int count)
{
	long now[2];
	int error = step("clock_gettime", call2(NR_CLOCK_GETTIME, MONOTONIC, (long)now));

	if (error < 0)
		return error;
	start();
	while (count--)
		call2(NR_CLOCK_GETTIME, MONOTONIC, (long)now);
	stop();
	return 0;
}

static int clock_get64(unsigned int count)
{
	long now[4];
	int error = step("clock_gettime64", call2(NR_CLOCK_GETTIME64, MONOTONIC, (long)now));

	if (error < 0)
		return error;
	start();
	while (count--)
		call2(NR_CLOCK_GETTIME64, MONOTONIC, (long)now);
	stop();
	return 0;
}

static int libc_clock_get(unsigned int count)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now))
		return step("clock_gettime", -errno);
	start();
	while (count--)
		clock_gettime(CLOCK_MONOTONIC, &now);
	stop();
	return 0;
}

static int read_zero(unsigned int count)
{
	int fd = step("open-/dev/zero", open_file("/dev/zero", O_RDONLY));
	char byte;
	int error;

	if (fd < 0)
		return fd;
	error = step("read", call3(NR_READ, fd, (long)&byte, 1));
	if (error < 0)
		return error;
	start();
	while (count--)
		call3(NR_READ, fd, (long)&byte, 1);
	stop();
	call1(NR_CLOSE, fd);
	return 0;
}

static int write_null(unsigned int count)
{
	int fd = step("open-/dev/null", open_file("/dev/null", O_WRONLY));
	char byte = 0;
	int error;

	if (fd < 0)
		return fd;
	error = step("write", call3(NR_WRITE, fd, (long)&byte, 1));
	if (error < 0)
		return error;
	start();
	while (count--)
		call3(NR_WRITE, fd, (long)&byte, 1);
	stop();
	call1(NR_CLOSE, fd);
	return 0;
}

static int dup_close(unsigned int count)
{
	int error = step("dup", call1(NR_CLOSE, call1(NR_DUP, 1)));

	if (error < 0)
		return error;
	start();
	while (count--)
		call1(NR_CLOSE, call1(NR_DUP, 1));
	stop();
	return 0;
}

static int yield(unsigned int count)
{
	int error = step("sched_yield", call0(NR_SCHED_YIELD));

	if (error < 0)
		return error;
	start();
	while (count--)
		call0(NR_SCHED_YIELD);
	stop();
	return 0;
}

static int sleep_zero(unsigned int count)
{
	long nothing[2] = { 0, 0 };
	int error = step("nanosleep", call2(NR_NANOSLEEP, (long)nothing, 0));

	if (error < 0)
		return error;
	start();
	while (count--)
		call2(NR_NANOSLEEP, (long)nothing, 0);
	stop();
	return 0;
}

/* ---- names */

static int make_empty_file(const char *path)
{
	int fd = step("create", open_file(path, O_CREAT | O_RDWR));

	if (fd < 0)
		return fd;
	call1(NR_CLOSE, fd);
	return 0;
}

static int stat_path(const char *path, unsigned int count)
{
	long status[64];
	int error = step("stat64", call2(NR_STAT64, (long)path, (long)status));

	if (error < 0)
		return error;
	start();
	while (count--)
		call2(NR_STAT64, (long)path, (long)status);
	stop();
	return 0;
}

static int stat_file(unsigned int count)
{
	int error = make_empty_file("ys.stat");

	if (error < 0)
		return error;
	error = stat_path("ys.stat", count);
	call1(NR_UNLINK, (long)"ys.stat");
	return error;
}

static int statx_file(unsigned int count)
{
	long status[64];
	int error = make_empty_file("ys.stat");

	if (error < 0)
		return error;
	error = step("statx", call5(NR_STATX, WORKING_DIRECTORY, (long)"ys.stat", 0,
				    STATX_EVERYTHING, (long)status));
	if (error >= 0) {
		start();
		while (count--)
			call5(NR_STATX, WORKING_DIRECTORY, (long)"ys.stat", 0, STATX_EVERYTHING,
			      (long)status);
		stop();
	}
	call1(NR_UNLINK, (long)"ys.stat");
	return error < 0 ? error : 0;
}

static int open_close(unsigned int count)
{
	int error = make_empty_file("ys.open");

	if (error < 0)
		return error;
	start();
	while (count--) {
		int fd = (int)call3(NR_OPEN, (long)"ys.open", O_RDONLY, 0);

		call1(NR_CLOSE, fd);
	}
	stop();
	call1(NR_UNLINK, (long)"ys.open");
	return 0;
}

/* Call `measure` with a path of so many folders, made for it and removed again. */
static int at_depth(int depth, int (*measure)(const char *, unsigned int), unsigned int count)
{
	char path[256];
	int ends[32];
	int length = 0, made = 0, error = 0;

	for (; made < depth && !error; made++) {
		long result;

		length += snprintf(path + length, sizeof(path) - length, "%sd%d", made ? "/" : "",
				   made);
		ends[made] = length;
		result = call2(NR_MKDIR, (long)path, 0755);
		if (result < 0 && result != -EEXIST)
			error = step("mkdir", result);
	}
	if (!error)
		error = measure(path, count);
	while (made-- > 0) {
		path[ends[made]] = 0;
		call1(NR_RMDIR, (long)path);
	}
	return error;
}

static int stat_deep(unsigned int count)
{
	return at_depth(8, stat_path, count);
}

static int getcwd_below(const char *path, unsigned int count)
{
	char directory[4096], before[4096];
	int error = step("getcwd", call2(NR_GETCWD, (long)before, sizeof(before)));

	if (error < 0)
		return error;
	error = step("chdir", call1(NR_CHDIR, (long)path));
	if (error < 0)
		return error;
	error = step("getcwd", call2(NR_GETCWD, (long)directory, sizeof(directory)));
	if (error >= 0) {
		start();
		while (count--)
			call2(NR_GETCWD, (long)directory, sizeof(directory));
		stop();
	}
	call1(NR_CHDIR, (long)before);
	return error < 0 ? error : 0;
}

static int getcwd_deep(unsigned int count)
{
	return at_depth(10, getcwd_below, count);
}

const struct benchmark plain_benchmarks[] = {
	{ "user_loop", user_loop, 1000, 1u << 30, "loop turn, no kernel" },
	{ "user_copy64k", user_copy, 4, 1u << 30, "64 KiB rep movsl, no kernel" },
	{ "null_syscall", null_call, 100, 1u << 30, "getppid" },
	{ "sysenter_null", null_sysenter, 100, 1u << 30, "getppid by AT_SYSINFO" },
	{ "gettimeofday", get_time_of_day, 100, 1u << 30, "call" },
	{ "clock_gettime", clock_get, 100, 1u << 30, "call, CLOCK_MONOTONIC, number 265" },
	{ "clock_gettime64", clock_get64, 100, 1u << 30, "call, number 403" },
	{ "libc_clock_gettime", libc_clock_get, 100, 1u << 30, "call through the C library" },
	{ "read_zero_1", read_zero, 100, 1u << 30, "read 1 byte of /dev/zero" },
	{ "write_null_1", write_null, 100, 1u << 30, "write 1 byte to /dev/null" },
	{ "stat", stat_file, 100, 1u << 30, "stat64 of a file in the working directory" },
	{ "statx", statx_file, 100, 1u << 30, "statx of a file in the working directory" },
	{ "stat_depth8", stat_deep, 100, 1u << 30, "stat64 of a path 8 deep" },
	{ "getcwd_depth10", getcwd_deep, 100, 1u << 30, "getcwd, 10 deep" },
	{ "open_close", open_close, 100, 1u << 30, "open + close" },
	{ "dup_close", dup_close, 100, 1u << 30, "dup + close" },
	{ "sched_yield", yield, 100, 1u << 30, "call, nobody else runnable" },
	{ "nanosleep_0", sleep_zero, 10, 1u << 20, "call" },
	{ 0 },
};

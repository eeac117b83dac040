/*
 * What grows: the cost of a few operations beside 1, 10, ... 10,000 processes, in an address space
 * of as many regions, in a tree of up to 100,000 files, on a file of up to 1 GiB in the page cache
 * (sizes of that are in MiB), and on one of which others have up to 10,000 record locks.
 * `yardstick --scale SUBJECT` prints a row NAME_SIZE for each operation and size; what is there for
 * one size stays for the next. Of ./quartet bench --growth.
 */
#include "yardstick.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum {
	ROUNDS = 3, OPERATIONS_MOST = 3,
	FILES_A_FOLDER = 100,
	WINDOW = 4 << 20,		/* of a file, mapped at once */
	STRIDE = 65536,			/* between two pages that are touched: no neighbour helps */
	PAGES_A_MIB = (1 << 20) / PAGE,
};

/* One operation, measured `count` times. `size` is what the subject has grown to. */
struct operation {
	const char *name;
	int (*run)(unsigned int count, unsigned int size);
	unsigned int count;
};

struct subject {
	const char *name;
	int (*grow)(unsigned int from, unsigned int to);
	unsigned int sizes[8];		/* 0 at the end */
	struct operation operations[OPERATIONS_MOST + 1];
};

/* Somewhere else each time, the same in every run. */
static unsigned int scattered(unsigned int i, unsigned int size)
{
	return (unsigned int)(i * 2654435761ull % 4294967291u) % size;
}

/* ---- processes: they sleep */

static long pids[10000];

static int grow_processes(unsigned int from, unsigned int to)
{
	for (; from < to; from++) {
		long pid = fork_sleeper();

		if (pid < 0)
			return step("fork", pid);
		pids[from] = pid;
	}
	return 0;
}

static int fork_beside(unsigned int count, unsigned int size)
{
	(void)size;
	return fork_exit_wait_loop(count);
}

static int kill_one(unsigned int count, unsigned int size)
{
	start();
	for (unsigned int i = 0; i < count; i++)
		call2(NR_KILL, pids[scattered(i, size)], 0);
	stop();
	return 0;
}

static int switch_beside(unsigned int count, unsigned int size)
{
	(void)size;
	return pipe_round_trips(count);
}

/* ---- regions: of one page each, and no two neighbours alike */

static int grow_regions(unsigned int from, unsigned int to)
{
	static char *top;

	if (!top)
		top = map(2 * PAGE * 10000ul, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	for (; top && from < to; from++) {
		int error = (int)call3(NR_MPROTECT, (long)top + from * 2l * PAGE, PAGE, PROT_READ);

		if (error < 0)
			return step("mprotect", error);
	}
	return top ? 0 : step("mmap", -ENOMEM);
}

static int map_unmap_page(unsigned int count, unsigned int size)
{
	(void)size;
	start();
	while (count--)
		call2(NR_MUNMAP, (long)map_anonymous(PAGE), PAGE);
	stop();
	return 0;
}

static int fault_beside(unsigned int count, unsigned int size)
{
	volatile char *memory = map_anonymous(count * (size_t)PAGE);

	(void)size;
	if (!memory)
		return step("mmap", -ENOMEM);
	start();
	for (unsigned int i = 0; i < count; i++)
		memory[i * (size_t)PAGE] = 1;
	stop();
	call2(NR_MUNMAP, (long)memory, (long)(count * (size_t)PAGE));
	return 0;
}

/* ---- files: empty ones, a hundred in a folder, a hundred folders in a folder */

static void name_file(char path[40], unsigned int file)
{
	unsigned int folder = file / FILES_A_FOLDER;

	snprintf(path, 40, "ys.tree/%02u/%02u/%02u", folder / FILES_A_FOLDER,
		 folder % FILES_A_FOLDER, file % FILES_A_FOLDER);
}

static int grow_files(unsigned int from, unsigned int to)
{
	char path[40];

	if (from == 0)
		call2(NR_MKDIR, (long)"ys.tree", 0755);
	for (; from < to; from++) {
		int fd;

		name_file(path, from);
		if (from % (FILES_A_FOLDER * FILES_A_FOLDER) == 0) {
			path[10] = 0;
			call2(NR_MKDIR, (long)path, 0755);
			path[10] = '/';
		}
		if (from % FILES_A_FOLDER == 0) {
			path[13] = 0;
			call2(NR_MKDIR, (long)path, 0755);
			path[13] = '/';
		}
		fd = step("create", open_file(path, O_CREAT | O_EXCL | O_RDWR));
		if (fd < 0)
			return fd;
		call1(NR_CLOSE, fd);
	}
	return 0;
}

/* The names are written before the clock runs. */
static char paths[1000][40];

static int stat_one(unsigned int count, unsigned int size)
{
	static long status[24];

	for (unsigned int i = 0; i < count; i++)
		name_file(paths[i], scattered(i, size));
	start();
	for (unsigned int i = 0; i < count; i++)
		call2(NR_STAT64, (long)paths[i], (long)status);
	stop();
	return 0;
}

static int create_and_unlink(unsigned int count, unsigned int size)
{
	for (unsigned int i = 0; i < count; i++) {
		name_file(paths[i], scattered(i, size));
		strcat(paths[i], "+");
	}
	start();
	for (unsigned int i = 0; i < count; i++) {
		call1(NR_CLOSE, open_file(paths[i], O_CREAT | O_EXCL | O_RDWR));
		call1(NR_UNLINK, (long)paths[i]);
	}
	stop();
	return 0;
}

/* ---- the page cache: one file; sizes are in MiB */

static int cached_file = -1;

static int grow_cache(unsigned int from, unsigned int to)
{
	if (cached_file < 0)
		cached_file = step("create", open_file("ys.big", O_CREAT | O_TRUNC | O_RDWR));
	if (cached_file < 0)
		return cached_file;
	call1(NR_UNLINK, (long)"ys.big");	/* it goes when we go */
	for (unsigned int left = (to - from) * ((1u << 20) / BLOCK); left; left--) {
		if (call3(NR_WRITE, cached_file, (long)block, BLOCK) != BLOCK)
			return step("write", -ENOSPC);
	}
	return 0;
}

static int read_page(unsigned int count, unsigned int size)
{
	start();
	for (unsigned int i = 0; i < count; i++)
		call5(NR_PREAD64, cached_file, (long)block, PAGE,
		      (long)scattered(i, size * PAGES_A_MIB) * PAGE, 0);
	stop();
	return 0;
}

static int fault_of_file(unsigned int count, unsigned int size)
{
	size_t length = size < 4 ? size << 20 : WINDOW;
	unsigned int windows = size < 4 ? 1 : size / 4;

	for (unsigned int i = 0; count; i++) {
		long first = (long)(scattered(i, windows) * (WINDOW / PAGE));
		volatile char *memory = (volatile char *)call6(
			NR_MMAP2, 0, (long)length, PROT_READ, MAP_SHARED, cached_file, first);

		if ((unsigned long)memory > -4096ul)
			return step("mmap", (long)memory);
		start();
		for (size_t at = 0; at < length && count; at += STRIDE, count--)
			(void)memory[at];
		stop();
		call2(NR_MUNMAP, (long)memory, (long)length);
	}
	return 0;
}

/* ---- record locks: another owner's, an open file description, on every other byte */

static int locked_file = -1;

static int set_lock(int fd, int command, short type, unsigned int byte)
{
	struct flock64 lock = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1
	};

	return (int)call3(NR_FCNTL64, fd, command, (long)&lock);
}

static int grow_locks(unsigned int from, unsigned int to)
{
	static int other_file;

	if (locked_file < 0) {
		locked_file = step("create", open_file("ys.locked", O_CREAT | O_RDWR));
		other_file = step("open", open_file("ys.locked", O_RDWR));
	}
	if (locked_file < 0 || other_file < 0)
		return -EBADF;
	for (; from < to; from++) {
		int error = step("lock", set_lock(other_file, F_OFD_SETLK, F_WRLCK, 2 * from));

		if (error)
			return error;
	}
	return 0;
}

static int lock_unlock_byte(unsigned int count, unsigned int size)
{
	int failed = 0;

	start();
	for (unsigned int i = 0; i < count; i++) {
		unsigned int byte = 2 * scattered(i, size) + 1;

		failed |= set_lock(locked_file, F_SETLK64, F_WRLCK, byte);
		failed |= set_lock(locked_file, F_SETLK64, F_UNLCK, byte);
	}
	stop();
	return failed ? step("lock", -EAGAIN) : 0;
}

static int refuse_lock(unsigned int count, unsigned int size)
{
	unsigned int refused = 0;

	start();
	for (unsigned int i = 0; i < count; i++)
		refused += set_lock(locked_file, F_SETLK64, F_RDLCK, 2 * scattered(i, size)) ==
			   -EAGAIN;
	stop();
	return refused == count ? 0 : step("lock", -EINVAL);
}

static int open_close_locked(unsigned int count, unsigned int size)
{
	(void)size;
	start();
	while (count--)
		call1(NR_CLOSE, open_file("ys.locked", O_RDONLY));
	stop();
	return 0;
}

static const struct subject subjects[] = {
	{ "processes", grow_processes, { 1, 10, 100, 1000, 10000 },
	  { { "alive_fork", fork_beside, 50 }, { "alive_kill", kill_one, 1000 },
	    { "alive_switch", switch_beside, 500 } } },
	{ "regions", grow_regions, { 1, 10, 100, 1000, 10000 },
	  { { "regions_mmap", map_unmap_page, 1000 }, { "regions_fault", fault_beside, 1000 } } },
	{ "files", grow_files, { 1, 10, 100, 1000, 10000, 100000 },
	  { { "files_stat", stat_one, 1000 }, { "files_create", create_and_unlink, 1000 } } },
	{ "cache", grow_cache, { 1, 4, 16, 64, 256, 1024 },
	  { { "cache_read", read_page, 1000 }, { "cache_fault", fault_of_file, 1024 } } },
	{ "locks", grow_locks, { 1, 10, 100, 1000, 10000 },
	  { { "locks_set", lock_unlock_byte, 200 }, { "locks_refused", refuse_lock, 200 },
	    { "locks_close", open_close_locked, 200 } } },
};

static void measure_at(const struct operation *operation, unsigned int size)
{
	uint64_t ticks[ROUNDS], ns[ROUNDS];
	char name[40];
	int error = operation->run(operation->count, size);	/* warms up */

	for (unsigned int i = 0; i < ROUNDS && !error; i++) {
		lap_total = (struct lap){ 0, 0 };
		error = operation->run(operation->count, size);
		ticks[i] = lap_total.ticks;
		ns[i] = lap_total.ns;
	}
	snprintf(name, sizeof(name), "%s_%u", operation->name, size);
	if (error)
		report_failure(name, error);
	else
		report_figures(name, operation->count, ticks, ns, ROUNDS);
}

static int grow_and_measure(const struct subject *subject)
{
	unsigned int size = 0;

	for (const unsigned int *next = subject->sizes; *next; next++) {
		int error = subject->grow(size, *next);

		if (error) {
			report_failure(subject->name, error);
			return 1;
		}
		size = *next;
		for (const struct operation *each = subject->operations; each->name; each++)
			measure_at(each, size);
	}
	return 0;
}

int scale(const char *name)
{
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		if (strcmp(name, subjects[i].name) == 0)
			return grow_and_measure(&subjects[i]);
	}
	return 2;
}

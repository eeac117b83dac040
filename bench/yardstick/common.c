/* What the subjects share: the clock, memory, files, children. */
#include "yardstick.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct lap lap_total, lap_begun;
const char *failed_step;
char block[BLOCK] __attribute__((aligned(PAGE)));
char own_path[4096];
char **own_environment;

/* A young kernel may lack some of these calls; the first that works is used from then on. */
uint64_t clock_ns(void)
{
	static enum { UNKNOWN, CLOCK_GETTIME, CLOCK_GETTIME64, GETTIMEOFDAY, NONE } kind;
	long now[4];

	if (kind == UNKNOWN) {
		if (call2(NR_CLOCK_GETTIME, 1, (long)now) == 0)
			kind = CLOCK_GETTIME;
		else if (call2(NR_CLOCK_GETTIME64, 1, (long)now) == 0)
			kind = CLOCK_GETTIME64;
		else
			kind = call2(NR_GETTIMEOFDAY, (long)now, 0) == 0 ? GETTIMEOFDAY : NONE;
	}
	switch (kind) {
	case CLOCK_GETTIME:
		call2(NR_CLOCK_GETTIME, 1, (long)now);
		return (uint64_t)now[0] * 1000000000u + (uint32_t)now[1];
	case CLOCK_GETTIME64:
		call2(NR_CLOCK_GETTIME64, 1, (long)now);
		return (uint64_t)now[0] * 1000000000u + (uint32_t)now[2];
	case GETTIMEOFDAY:
		call2(NR_GETTIMEOFDAY, (long)now, 0);
		return (uint64_t)now[0] * 1000000000u + (uint64_t)(uint32_t)now[1] * 1000;
	default:
		return time_stamp();	/* as if a tick were a nanosecond */
	}
}

int open_file(const char *path, int flags)
{
	return (int)call3(NR_OPEN, (long)path, flags, 0644);
}

int fill_file(const char *path, unsigned int kib)
{
	int fd = open_file(path, O_CREAT | O_TRUNC | O_RDWR);

	if (fd < 0)
		return fd;
	for (unsigned int done = 0; done < kib; done += 4) {
		long written = call3(NR_WRITE, fd, (long)block, 4096);

		if (written != 4096) {
			call1(NR_CLOSE, fd);
			return written < 0 ? (int)written : -ENOSPC;
		}
	}
	return fd;
}

void *map(size_t size, int protection, int flags, int fd)
{
	long result = call6(NR_MMAP2, 0, (long)size, protection, flags, fd, 0);

	return (unsigned long)result > -4096ul ? NULL : (void *)result;
}

void *map_anonymous(size_t size)
{
	return map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

long fork_sleeper(void)
{
	enum { NR_PAUSE = 29 };
	long pid = call0(NR_FORK);

	while (pid == 0)
		call0(NR_PAUSE);
	return pid;
}

int reap(long pid)
{
	int status = 0;
	int error = step("wait4", call4(NR_WAIT4, pid, (long)&status, 0, 0));

	if (error < 0)
		return error;
	return status ? step("child-status", -EIO) : 0;
}

uint64_t free_memory(void)
{
	/* uptime, three loads, total, free, ...; the unit is word 13 */
	uint32_t info[32] = { 0 };

	if (call1(NR_SYSINFO, (long)info) < 0)
		return UINT64_MAX;
	return (uint64_t)info[5] * (info[13] ? info[13] : 1);
}

void leave(int status)
{
	for (;;)
		call1(NR_EXIT, status);
}

/*
 * The ruler: what every benchmark needs.
 *
 * A benchmark does `count` operations between start() and stop(), and returns 0 or what went wrong.
 * It may stop and start again, so that what it prepares or cleans up is not measured. Calls that
 * are measured are bare `int $0x80`, never the C library's, so that library and vDSO make no
 * difference but in the rows that say so (libc_, sysenter_).
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "call.h"

enum {
	SKIPPED = -100000,		/* cannot be measured on this machine; beyond every errno */
	PAGE = 4096,
	BLOCK = 65536,			/* bytes in `block` */
	CHUNK_PAGES = 1024,		/* pages that the memory rows map at a time */
};

struct benchmark {
	const char *name;
	int (*run)(unsigned int count);
	unsigned int least, most;	/* operations in a round */
	const char *unit;		/* what one operation is */
};

/* The tables, each in the file of its subject; ended by an entry without a name. */
extern const struct benchmark plain_benchmarks[];
extern const struct benchmark pair_benchmarks[];
extern const struct benchmark process_benchmarks[];
extern const struct benchmark thread_benchmarks[];
extern const struct benchmark signal_benchmarks[];
extern const struct benchmark memory_benchmarks[];
extern const struct benchmark file_benchmarks[];
extern const struct benchmark wait_benchmarks[];
extern const struct benchmark many_benchmarks[];

/* ---- measuring */

struct lap {
	uint64_t ticks;			/* of the time stamp counter */
	uint64_t ns;			/* of the clock */
};
extern struct lap lap_total, lap_begun;

uint64_t clock_ns(void);

static inline uint64_t time_stamp(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static inline void start(void)
{
	lap_begun.ns = clock_ns();
	lap_begun.ticks = time_stamp();
}

static inline void stop(void)
{
	uint64_t ticks = time_stamp();
	uint64_t ns = clock_ns();

	lap_total.ticks += ticks - lap_begun.ticks;
	lap_total.ns += ns - lap_begun.ns;
}

/* ---- failing */

extern const char *failed_step;

/* Passes a result on; if it is an error, remembers which step of a benchmark it stopped. */
static inline int step(const char *name, long result)
{
	if (result < 0)
		failed_step = name;
	return (int)result;
}

/* ---- what several subjects use */

extern char block[BLOCK];		/* page-aligned, every page touched */
extern char own_path[4096];
extern char **own_environment;

int open_file(const char *path, int flags);
/* A new file of so many KiB, open; every page of it written. Negative on failure. */
int fill_file(const char *path, unsigned int kib);
/* NULL on failure. */
void *map(size_t size, int protection, int flags, int fd);
void *map_anonymous(size_t size);
/* Wait for a child that must end with status 0. */
int reap(long pid);
/* A child that sleeps until it is killed: its number, or an error. */
long fork_sleeper(void);
uint64_t free_memory(void);
/* Rows that other subjects repeat in company. */
int fork_exit_wait_loop(unsigned int count);
int pipe_round_trips(unsigned int count);
/* What grows with what is there; 0, or 1 or 2 if that cannot be. */
int scale(const char *subject);
/* A line of the table; orders both arrays. And one that says why there are no figures. */
void report_figures(const char *name, unsigned int count, uint64_t *ticks, uint64_t *ns,
		    unsigned int rounds);
void report_failure(const char *name, int error);
/* The processes that sleep beside a row, kept from one round to the next. */
void forget_sleepers(void);
/* What fork_64m and fork_256m keep from one round to the next. */
void forget_large_memory(void);
__attribute__((noreturn)) void leave(int status);

/*
 * The clocks, read without entering the kernel. Runs in user mode, in every process; the data page
 * lies before the image (vdso.ld). Whatever cannot be answered from there is asked of the kernel.
 * What programs ask most, clock_gettime of the two usual clocks, is in vdso_clock_gettime.S; what
 * that does not know comes here.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lib/math64.h"
#include "vdso_data.h"

enum clock_id {
	CLOCK_REALTIME = 0,
	CLOCK_MONOTONIC = 1,
	CLOCK_MONOTONIC_RAW = 4,
	CLOCK_REALTIME_COARSE = 5,
	CLOCK_MONOTONIC_COARSE = 6,
	CLOCK_BOOTTIME = 7,
};

enum call_number {
	CALL_CLOCK_GETTIME = 265,
	CALL_CLOCK_GETTIME64 = 403,
};

#define NS_PER_SECOND 1000000000u

struct timespec32 {
	int32_t seconds, nanoseconds;
};

struct timespec64 {
	int64_t seconds;
	int32_t nanoseconds, padding;
};

struct timeval32 {
	int32_t seconds, microseconds;
};

int vdso_clock_gettime_any(int clock, struct timespec32 *out);
int vdso_clock_gettime64_any(int clock, struct timespec64 *out);
int __vdso_gettimeofday(struct timeval32 *out, int32_t timezone[2]);
int32_t __vdso_time(int32_t *out);

/*
 * The data page: a fixed distance from here. The compiler's own way would keep a register for that.
 */
static inline const volatile struct vdso_data *find_data(void)
{
	const volatile struct vdso_data *data;

	__asm__("call 1f\n"
		"1:	popl %0\n"
		"	addl $vdso_data - 1b, %0"
		: "=r"(data));
	return data;
}

static int call_kernel(int number, uintptr_t first, uintptr_t second)
{
	int result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "0"(number), "b"(first), "c"(second)
			 : "memory");
	return result;
}

static inline uint64_t read_counter(void)
{
	uint64_t value;

	__asm__ volatile("rdtsc" : "=A"(value) : : "memory");
	return value;
}

static inline uint64_t read_monotonic(const volatile struct vdso_data *data)
{
	uint64_t ticks = read_counter() - data->counter_base;

	return mul_u64_u32_shr_short(ticks, data->multiplier, data->shift);
}

/* x86 keeps loads in order, so compiler barriers are enough. */
static inline uint64_t read_realtime(const volatile struct vdso_data *data)
{
	uint32_t sequence, low, high;
	uint64_t ns;

	do {
		sequence = data->sequence;
		__asm__ volatile("" : : : "memory");
		ns = read_monotonic(data);
		low = data->realtime_low;
		high = data->realtime_high;
		__asm__ volatile("" : : : "memory");
	} while (high >= VDSO_CHANGING || sequence != data->sequence);
	return ns + ((uint64_t)high << 32 | low);
}

/* Which of the two clocks, by bit: every clock that we know is one of them. */
enum {
	KNOWN_CLOCKS = 1 << CLOCK_REALTIME | 1 << CLOCK_MONOTONIC | 1 << CLOCK_MONOTONIC_RAW |
		       1 << CLOCK_REALTIME_COARSE | 1 << CLOCK_MONOTONIC_COARSE |
		       1 << CLOCK_BOOTTIME,
	REALTIME_CLOCKS = 1 << CLOCK_REALTIME | 1 << CLOCK_REALTIME_COARSE,
};

/* False: a clock that only the kernel may know. */
static inline bool read_named_clock(int clock, uint64_t *seconds, uint32_t *nanoseconds)
{
	uint64_t ns;

	if ((unsigned int)clock > CLOCK_BOOTTIME || !(KNOWN_CLOCKS >> clock & 1))
		return false;
	if (REALTIME_CLOCKS >> clock & 1)
		ns = read_realtime(find_data());
	else
		ns = read_monotonic(find_data());
	*seconds = div64_u32(ns, NS_PER_SECOND, nanoseconds);
	return true;
}

int vdso_clock_gettime_any(int clock, struct timespec32 *out)
{
	uint64_t seconds;
	uint32_t nanoseconds;

	if (!read_named_clock(clock, &seconds, &nanoseconds))
		return call_kernel(CALL_CLOCK_GETTIME, (uintptr_t)clock, (uintptr_t)out);
	out->seconds = (int32_t)seconds;
	out->nanoseconds = (int32_t)nanoseconds;
	return 0;
}

int vdso_clock_gettime64_any(int clock, struct timespec64 *out)
{
	uint64_t seconds;
	uint32_t nanoseconds;

	if (!read_named_clock(clock, &seconds, &nanoseconds))
		return call_kernel(CALL_CLOCK_GETTIME64, (uintptr_t)clock, (uintptr_t)out);
	out->seconds = (int64_t)seconds;
	out->nanoseconds = (int32_t)nanoseconds;
	out->padding = 0;
	return 0;
}

int __vdso_gettimeofday(struct timeval32 *out, int32_t timezone[2])
{
	uint32_t nanoseconds;
	uint64_t seconds = div64_u32(read_realtime(find_data()), NS_PER_SECOND, &nanoseconds);

	if (out) {
		out->seconds = (int32_t)seconds;
		out->microseconds = (int32_t)(nanoseconds / 1000);
	}
	if (timezone)
		timezone[0] = timezone[1] = 0;
	return 0;
}

int32_t __vdso_time(int32_t *out)
{
	int32_t seconds = (int32_t)div64_u32(read_realtime(find_data()), NS_PER_SECOND, NULL);

	if (out)
		*out = seconds;
	return seconds;
}

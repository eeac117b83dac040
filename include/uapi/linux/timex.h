/*
 * struct timex of adjtimex(2), in its old form and its 64-bit one, and the words in it.
 */
#pragma once
#include <stdint.h>

struct linux_timex32 {
	uint32_t modes;
	int32_t offset;
	int32_t frequency;
	int32_t maximum_error;
	int32_t estimated_error;
	int32_t status;
	int32_t constant;
	int32_t precision;
	int32_t tolerance;
	int32_t seconds;
	int32_t fraction;
	int32_t tick;
	int32_t pps[8];	/* of a signal once a second: we have none */
	int32_t tai;
	int32_t reserved[11];
};
_Static_assert(sizeof(struct linux_timex32) == 128, "timex is 128 bytes");

struct linux_timex64 {
	uint32_t modes;
	uint32_t padding1;
	int64_t offset;
	int64_t frequency;
	int64_t maximum_error;
	int64_t estimated_error;
	int32_t status;
	uint32_t padding2;
	int64_t constant;
	int64_t precision;
	int64_t tolerance;
	int64_t seconds;
	int64_t fraction;
	int64_t tick;
	int64_t pps[2];
	int32_t pps_shift;
	uint32_t padding3;
	int64_t pps_more[5];
	int32_t tai;
	int32_t reserved[11];
};
_Static_assert(sizeof(struct linux_timex64) == 208, "timex is 208 bytes in its 64-bit form");

/* timex.modes */
#define ADJ_OFFSET	0x0001
#define ADJ_FREQUENCY	0x0002
#define ADJ_MAXERROR	0x0004
#define ADJ_ESTERROR	0x0008
#define ADJ_STATUS	0x0010
#define ADJ_TIMECONST	0x0020
#define ADJ_TAI		0x0080
#define ADJ_SETOFFSET	0x0100
#define ADJ_MICRO	0x1000
#define ADJ_NANO	0x2000
#define ADJ_READ_ONLY	0x2000	/* with ADJ_ADJTIME */
#define ADJ_TICK	0x4000
#define ADJ_ADJTIME	0x8000	/* adjtime(3) speaks, with ADJ_OFFSET */

/* timex.status */
#define STA_UNSYNC	0x0040
#define STA_FREQHOLD	0x0080
#define STA_NANO	0x2000
#define STA_READ_ONLY	0xff00	/* bits that a program cannot set: ignored */

/* What the calls return. */
#define TIME_OK		0
#define TIME_ERROR	5

#define TICK_US		10000		/* of 100 ticks a second, which programs are told of */
#define TOLERANCE	32768000	/* 500 ppm, by 2^16 */

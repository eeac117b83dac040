/*
 * The Gregorian calendar: dates and days since 1970, both ways, for years 0 to 5 million.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct calendar_date {
	int32_t year;		/* the full one */
	int32_t month;		/* 1 to 12 */
	int32_t day;		/* 1 to 31 */
};

/* Is there such a day? */
bool calendar_is_date(const struct calendar_date *date);
/* Of a date that there is; days before 1970 are negative. */
int32_t calendar_days(const struct calendar_date *date);
struct calendar_date calendar_date(int32_t days);

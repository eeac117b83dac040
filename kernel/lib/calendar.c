/*
 * The Gregorian calendar.
 *
 * It repeats every 400 years, an era here. A year of the arithmetic begins in March, so that the
 * leap day is its last, and months of 31 and 30 days alternate by one line: (153 * month + 2) / 5.
 */
#include "lib/calendar.h"

enum {
	DAYS_OF_ERA = 146097,
	DAYS_TO_1970 = 719468,	/* from the first of March in year 0 */
	YEAR_MAX = 5000000,	/* its days fit 31 bits */
};

static bool is_leap(int32_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

bool calendar_is_date(const struct calendar_date *date)
{
	static const uint8_t length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	if (date->year < 0 || date->year > YEAR_MAX || date->month < 1 || date->month > 12)
		return false;
	return date->day >= 1 && date->day <= length[date->month - 1] +
						      (date->month == 2 && is_leap(date->year));
}

int32_t calendar_days(const struct calendar_date *date)
{
	int32_t year = date->month <= 2 ? date->year - 1 : date->year;
	int32_t era = (year >= 0 ? year : year - 399) / 400;
	int32_t year_of_era = year - era * 400;
	int32_t month = date->month + (date->month > 2 ? -3 : 9);
	int32_t day_of_year = (153 * month + 2) / 5 + date->day - 1;
	int32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * DAYS_OF_ERA + day_of_era - DAYS_TO_1970;
}

struct calendar_date calendar_date(int32_t days)
{
	int32_t shifted = days + DAYS_TO_1970;
	int32_t era = (shifted >= 0 ? shifted : shifted - (DAYS_OF_ERA - 1)) / DAYS_OF_ERA;
	int32_t day = shifted - era * DAYS_OF_ERA;
	int32_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	int32_t day_of_year = day - (365 * year + year / 4 - year / 100);
	int32_t month = (5 * day_of_year + 2) / 153;	/* from March on */

	return (struct calendar_date){
		.year = year + era * 400 + (month >= 10),
		.month = month < 10 ? month + 3 : month - 9,
		.day = day_of_year - (153 * month + 2) / 5 + 1,
	};
}

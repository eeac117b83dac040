#include "lib/calendar.h"
#include "test.h"

static void expect_day(struct test *t, int32_t year, int32_t month, int32_t day, int32_t days)
{
	struct calendar_date date = { year, month, day };
	struct calendar_date back = calendar_date(days);

	EXPECT(t, calendar_is_date(&date));
	EXPECT_EQ(t, calendar_days(&date), days);
	EXPECT_EQ(t, back.year, year);
	EXPECT_EQ(t, back.month, month);
	EXPECT_EQ(t, back.day, day);
}

static void known_days(struct test *t)
{
	expect_day(t, 1970, 1, 1, 0);
	expect_day(t, 1969, 12, 31, -1);
	expect_day(t, 2000, 2, 29, 11016);
	expect_day(t, 2000, 3, 1, 11017);
	expect_day(t, 2038, 1, 19, 24855);
	expect_day(t, 2069, 12, 31, 36524);
	expect_day(t, 2100, 2, 28, 47540);
	expect_day(t, 2100, 3, 1, 47541);
	expect_day(t, 0, 1, 1, -719528);
}

/* Day after day, each is the next in its month, or the first of the next month. */
static void every_day_follows_the_last(struct test *t)
{
	struct calendar_date last = calendar_date(-719528);

	for (int32_t days = -719527; days < 3 * 146097; days++) {
		struct calendar_date date = calendar_date(days), next = last;

		next.day++;
		if (!calendar_is_date(&next)) {
			next.day = 1;
			next.month++;
		}
		if (next.month == 13) {
			next.month = 1;
			next.year++;
		}
		if (date.year != next.year || date.month != next.month || date.day != next.day ||
		    calendar_days(&date) != days) {
			EXPECT_EQ(t, calendar_days(&date), days);
			EXPECT_EQ(t, date.day, next.day);
			return;
		}
		last = date;
	}
}

static void there_is_no_such_day(struct test *t)
{
	static const struct calendar_date none[] = {
		{ 1900, 2, 29 }, { 2001, 2, 29 }, { 2000, 2, 30 }, { 2000, 0, 1 }, { 2000, 13, 1 },
		{ 2000, 1, 0 }, { 2000, 4, 31 }, { 2000, 1, 32 }, { -1, 1, 1 },
		{ INT32_MAX, 1, 1 }, { 2000, INT32_MIN, 1 }, { 2000, 1, INT32_MAX },
	};

	for (unsigned int i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		EXPECT(t, !calendar_is_date(&none[i]));
}

const struct test_case test_cases[] = {
	TEST(known_days),
	TEST(every_day_follows_the_last),
	TEST(there_is_no_such_day),
	TEST_END
};

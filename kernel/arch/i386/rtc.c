/*
 * The real-time clock: MC146818 registers behind ports 70 and 71, kept in UTC.
 */
#include "arch/clock.h"
#include "arch/port_io.h"
#include "core/spinlock.h"
#include "internal.h"
#include "lib/calendar.h"
#include "lib/math64.h"

enum rtc_register {
	RTC_SECOND = 0x00,
	RTC_MINUTE = 0x02,
	RTC_HOUR = 0x04,
	RTC_DAY = 0x07,
	RTC_MONTH = 0x08,
	RTC_YEAR = 0x09,
	RTC_STATUS_A = 0x0a,
	RTC_STATUS_B = 0x0b,
};

enum {
	PORT_INDEX = 0x70,
	PORT_DATA = 0x71,
	STATUS_A_UPDATING = 0x80,
	STATUS_B_HALTED = 0x80,
	STATUS_B_BINARY = 0x04,
	STATUS_B_24_HOURS = 0x02,
	HOUR_PM = 0x80,
	UPDATE_POLLS_MAX = 10000,	/* an update takes 2 ms */
	READINGS_MAX = 10,	/* a clock that never says the same twice is broken */
	PIVOT_YEAR = 70,		/* 70 to 99 are of the last century */
	SECONDS_PER_DAY = 86400,
};

struct date {
	uint8_t second, minute, hour, day, month, year;
};

static struct spinlock rtc_lock = SPINLOCK_INIT(LOCK_RANK_DEVICE, "rtc");

static uint8_t read_register(enum rtc_register index)
{
	port_write8(PORT_INDEX, (uint8_t)index);
	return port_read8(PORT_DATA);
}

static void write_register(enum rtc_register index, uint8_t value)
{
	port_write8(PORT_INDEX, (uint8_t)index);
	port_write8(PORT_DATA, value);
}

static uint8_t from_bcd(uint8_t value)
{
	return (uint8_t)((value >> 4) * 10 + (value & 15));
}

static uint8_t to_bcd(uint8_t value)
{
	return (uint8_t)(value / 10 << 4 | value % 10);
}

static struct date read_raw(void)
{
	for (unsigned int i = 0; i < UPDATE_POLLS_MAX; i++) {
		if (!(read_register(RTC_STATUS_A) & STATUS_A_UPDATING))
			break;
	}
	return (struct date){
		.second = read_register(RTC_SECOND), .minute = read_register(RTC_MINUTE),
		.hour = read_register(RTC_HOUR), .day = read_register(RTC_DAY),
		.month = read_register(RTC_MONTH), .year = read_register(RTC_YEAR),
	};
}

static int64_t seconds_from_raw(struct date raw, uint8_t status)
{
	bool is_pm = !(status & STATUS_B_24_HOURS) && (raw.hour & HOUR_PM);
	struct calendar_date date;

	raw.hour &= (uint8_t)~HOUR_PM;
	if (!(status & STATUS_B_BINARY)) {
		raw.second = from_bcd(raw.second);
		raw.minute = from_bcd(raw.minute);
		raw.hour = from_bcd(raw.hour);
		raw.day = from_bcd(raw.day);
		raw.month = from_bcd(raw.month);
		raw.year = from_bcd(raw.year);
	}
	if (!(status & STATUS_B_24_HOURS))
		raw.hour = (uint8_t)(raw.hour % 12 + (is_pm ? 12 : 0));
	date = (struct calendar_date){
		.year = raw.year < PIVOT_YEAR ? 2000 + raw.year : 1900 + raw.year,
		.month = raw.month,
		.day = raw.day,
	};
	return (int64_t)calendar_days(&date) * SECONDS_PER_DAY + raw.hour * 3600 +
	       raw.minute * 60 + raw.second;
}

static bool is_same(struct date a, struct date b)
{
	return a.second == b.second && a.minute == b.minute && a.hour == b.hour &&
	       a.day == b.day && a.month == b.month && a.year == b.year;
}

int64_t arch_rtc_read(void)
{
	irq_flags flags = spin_lock_irq(&rtc_lock);
	uint8_t status = read_register(RTC_STATUS_B);
	struct date date = read_raw();
	struct date again = read_raw();

	/* An update may begin between two registers; two equal readings have none between. */
	for (unsigned int i = 2; i < READINGS_MAX && !is_same(date, again); i++) {
		date = again;
		again = read_raw();
	}
	spin_unlock_irq(&rtc_lock, flags);
	return seconds_from_raw(date, status);
}

void arch_rtc_write(int64_t seconds)
{
	uint32_t second_of_day;
	struct calendar_date calendar;
	struct date date;
	uint8_t status;
	irq_flags flags;

	if (seconds < 0)
		return;
	calendar = calendar_date(
		(int32_t)div64_u32((uint64_t)seconds, SECONDS_PER_DAY, &second_of_day));
	date = (struct date){
		.year = (uint8_t)(calendar.year % 100),
		.month = (uint8_t)calendar.month,
		.day = (uint8_t)calendar.day,
		.hour = (uint8_t)(second_of_day / 3600),
		.minute = (uint8_t)(second_of_day / 60 % 60),
		.second = (uint8_t)(second_of_day % 60),
	};
	flags = spin_lock_irq(&rtc_lock);
	/* From now on in 24 hours and BCD, the form every firmware understands. */
	status = (uint8_t)((read_register(RTC_STATUS_B) | STATUS_B_24_HOURS) & ~STATUS_B_BINARY);
	write_register(RTC_STATUS_B, status | STATUS_B_HALTED);
	write_register(RTC_SECOND, to_bcd(date.second));
	write_register(RTC_MINUTE, to_bcd(date.minute));
	write_register(RTC_HOUR, to_bcd(date.hour));
	write_register(RTC_DAY, to_bcd(date.day));
	write_register(RTC_MONTH, to_bcd(date.month));
	write_register(RTC_YEAR, to_bcd(date.year));
	write_register(RTC_STATUS_B, status & (uint8_t)~STATUS_B_HALTED);
	spin_unlock_irq(&rtc_lock, flags);
}

/*
 * /dev/rtc0, and /dev/rtc for the programs that look there first: the clock that runs while the
 * machine is off, read and set as a date. It answers as Linux's does for a clock that has no
 * interrupts: those of alarms, seconds and periods are refused, and who reads waits for one until
 * a signal comes. One program at a time may have it open.
 */
#include "drivers/char/rtc.h"

#include <stdatomic.h>

#include "arch/clock.h"
#include "arch/user_copy.h"
#include "lib/calendar.h"
#include "lib/math64.h"
#include "proc/process.h"
#include "sched/wait_queue.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "uapi/linux/rtc.h"
#include "vfs/char_device.h"
#include "vfs/credentials.h"
#include "vfs/file.h"
#include "vfs/poll.h"

enum {
	MAJOR_RTC = 252,	/* of Linux's dynamic ones, the usual */
	SECONDS_PER_DAY = 86400,
	EPOCH = 1900,		/* of tm_year */
	FIRST_YEAR = 1970,	/* what two digits of a year tell, see arch_rtc_read */
	END_YEAR = 2070,
};

static atomic_flag is_open = ATOMIC_FLAG_INIT;	/* [a] somebody has it */
static struct wait_queue interrupts;		/* nobody wakes it: there are none */

static int rtc_open(struct file *file)
{
	(void)file;
	return atomic_flag_test_and_set_explicit(&is_open, memory_order_acquire) ? -EBUSY : 0;
}

static void rtc_release(struct file *file)
{
	(void)file;
	atomic_flag_clear_explicit(&is_open, memory_order_release);
}

/* Those who ask for less than an int do not know what they read. */
static ssize_t rtc_read(struct file *file, struct io_buffer *buffer, file_offset *position)
{
	(void)position;
	if (buffer->remaining < sizeof(uint32_t))
		return -EINVAL;
	if (atomic_load_explicit(&file->flags, memory_order_relaxed) & O_NONBLOCK)
		return -EAGAIN;
	return wait_event_interruptible(&interrupts, false) ? -ERESTARTSYS : 0;
}

static int rtc_seek(struct file *file, file_offset offset, int whence, file_offset *out)
{
	(void)file;
	(void)offset;
	(void)whence;
	(void)out;
	return -ESPIPE;
}

static uint32_t rtc_poll(struct file *file, struct poll_table *table)
{
	(void)file;
	poll_register(table, &interrupts);
	return 0;
}

static enum file_news rtc_news(struct file *file, const struct wait_queue *queue, uint32_t key)
{
	(void)file;
	(void)queue;
	(void)key;
	return NEWS_IN;
}

/* ---- the date -------------------------------------------------------------------------------- */

static int read_time(user_addr to)
{
	uint32_t second;
	/* arch_rtc_read tells no time before 1970. */
	uint32_t days = (uint32_t)div64_u32((uint64_t)arch_rtc_read(), SECONDS_PER_DAY, &second);
	struct calendar_date date = calendar_date((int32_t)days);
	struct rtc_time out = {
		.tm_year = date.year - EPOCH,
		.tm_mon = date.month - 1,
		.tm_mday = date.day,
		.tm_hour = (int32_t)(second / 3600),
		.tm_min = (int32_t)(second / 60 % 60),
		.tm_sec = (int32_t)(second % 60),
	};

	return copy_to_user(to, &out, sizeof(out));
}

/* Compared as unsigned, what is negative is too large. */
static bool is_time_of_day(const struct rtc_time *time)
{
	return (uint32_t)time->tm_hour < 24 && (uint32_t)time->tm_min < 60 &&
	       (uint32_t)time->tm_sec < 60;
}

static int set_time(user_addr from)
{
	struct calendar_date date;
	struct rtc_time in;

	if (copy_from_user(&in, from, sizeof(in)))
		return -EFAULT;
	if (in.tm_year < FIRST_YEAR - EPOCH || in.tm_year >= END_YEAR - EPOCH ||
	    (uint32_t)in.tm_mon >= 12 || !is_time_of_day(&in))
		return -EINVAL;
	date = (struct calendar_date){ in.tm_year + EPOCH, in.tm_mon + 1, in.tm_mday };
	if (!calendar_is_date(&date))
		return -EINVAL;
	arch_rtc_write((int64_t)calendar_days(&date) * SECONDS_PER_DAY + in.tm_hour * 3600 +
		       in.tm_min * 60 + in.tm_sec);
	return 0;
}

static int rtc_ioctl(struct file *file, unsigned int command, uintptr_t argument)
{
	(void)file;
	if ((command == RTC_SET_TIME || command == RTC_EPOCH_SET) &&
	    !credentials_capable(credentials_current(), CAP_SYS_TIME))
		return -EACCES;
	switch (command) {
	case RTC_RD_TIME:
		return read_time(user_addr_from(argument));
	case RTC_SET_TIME:
		return set_time(user_addr_from(argument));
	case RTC_UIE_OFF:
	case RTC_PIE_OFF:
		return 0;	/* as they are */
	case RTC_UIE_ON:
	case RTC_PIE_ON:
	case RTC_IRQP_READ:
	case RTC_IRQP_SET:
	case RTC_AIE_ON:
	case RTC_AIE_OFF:
	case RTC_ALM_READ:
	case RTC_ALM_SET:
	case RTC_WKALM_RD:
	case RTC_WKALM_SET:
		return -EINVAL;
	default:
		return -ENOTTY;
	}
}

static const struct file_ops rtc_ops = {
	.open = rtc_open,
	.release = rtc_release,
	.read = rtc_read,
	.seek = rtc_seek,
	.poll = rtc_poll,
	.news = rtc_news,
	.ioctl = rtc_ioctl,
};

static struct char_device rtc_device = {
	.first = DEV_NUMBER(MAJOR_RTC, 0), .count = 1, .name = "rtc", .ops = &rtc_ops
};

static struct device_node nodes[] = {
	{ .name = "rtc0", .number = DEV_NUMBER(MAJOR_RTC, 0), .mode = MODE_CHARACTER | 0600,
	  .class = "rtc" },
	{ .name = "rtc", .number = DEV_NUMBER(MAJOR_RTC, 0), .mode = MODE_CHARACTER | 0600 },
};

void rtc_init(void)
{
	wait_queue_init(&interrupts);
	char_device_register(&rtc_device);
	for (unsigned int i = 0; i < ARRAY_SIZE(nodes); i++)
		device_node_add(&nodes[i]);
}

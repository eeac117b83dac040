/*
 * /dev/rtc0 tells the date and takes one from whoever may set clocks: 1970 to 2069, and only days
 * that there are. One program at a time has it open. Who reads it waits for an interrupt. Setting
 * the system's clock leaves it alone.
 */
#include "check.h"
#include <linux/rtc.h>
#include <sys/ioctl.h>
#include <sys/time.h>

static struct rtc_time make(int year, int month, int day, int hour, int minute, int second)
{
	return (struct rtc_time){ .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day,
				  .tm_hour = hour, .tm_min = minute, .tm_sec = second,
				  .tm_wday = 77, .tm_yday = 999, .tm_isdst = 9 };
}

/* Seconds since 1970, and all fields within what they may be. */
static time_t told(int fd)
{
	struct rtc_time time;
	struct tm tm = { 0 };

	memset(&time, 0x7f, sizeof(time));
	CHECK(ioctl(fd, RTC_RD_TIME, &time) == 0);
	CHECK(time.tm_wday == 0 && time.tm_yday == 0 && time.tm_isdst == 0);
	tm.tm_year = time.tm_year;
	tm.tm_mon = time.tm_mon;
	tm.tm_mday = time.tm_mday;
	tm.tm_hour = time.tm_hour;
	tm.tm_min = time.tm_min;
	tm.tm_sec = time.tm_sec;
	return timegm(&tm);
}

/* The clock may have gone on by a second or a few. */
static void set(int fd, struct rtc_time time, time_t seconds)
{
	time_t now;

	CHECK(ioctl(fd, RTC_SET_TIME, &time) == 0);
	now = told(fd);
	if (now < seconds || now > seconds + 10)
		FAIL("set to %lld, it tells %lld", (long long)seconds, (long long)now);
}

static void refuse(int fd, struct rtc_time time)
{
	CHECK_ERRNO(ioctl(fd, RTC_SET_TIME, &time), EINVAL);
}

static void dates(int fd)
{
	time_t before = told(fd);
	struct rtc_time time;

	refuse(fd, make(1969, 12, 31, 0, 0, 0));
	refuse(fd, make(2070, 1, 1, 0, 0, 0));
	refuse(fd, make(-1, 1, 1, 0, 0, 0));
	refuse(fd, make(2000, 0, 1, 0, 0, 0));
	refuse(fd, make(2000, 13, 1, 0, 0, 0));
	refuse(fd, make(2000, 1, 0, 0, 0, 0));
	refuse(fd, make(2001, 2, 29, 0, 0, 0));
	refuse(fd, make(2000, 1, 1, 24, 0, 0));
	refuse(fd, make(2000, 1, 1, -1, 0, 0));
	refuse(fd, make(2000, 1, 1, 0, 60, 0));
	refuse(fd, make(2000, 1, 1, 0, 0, 60));
	CHECK(told(fd) - before <= 10);
	set(fd, make(1970, 1, 1, 0, 0, 0), 0);
	set(fd, make(1999, 12, 31, 23, 59, 58), 946684798);
	set(fd, make(2000, 2, 29, 12, 34, 56), 951827696);
	set(fd, make(2038, 1, 1, 0, 0, 0), 2145916800);
	/* The last day, which time_t does not reach. */
	time = make(2069, 12, 31, 23, 59, 1);
	CHECK(ioctl(fd, RTC_SET_TIME, &time) == 0);
	CHECK(ioctl(fd, RTC_RD_TIME, &time) == 0);
	CHECK(time.tm_year == 169 && time.tm_mon == 11 && time.tm_mday == 31);
	CHECK(time.tm_hour == 23 && time.tm_min == 59 && time.tm_sec < 20);
}

static void interrupts(int fd)
{
	struct pollfd request = { .fd = fd, .events = POLLIN };
	char bytes[8];

	CHECK_ERRNO(read(fd, bytes, 3), EINVAL);
	CHECK_ERRNO(read(fd, bytes, 0), EINVAL);
	CHECK_ERRNO(read(fd, bytes, 4), EAGAIN);
	CHECK_ERRNO(pread(fd, bytes, 8, 0), EAGAIN);
	CHECK_ERRNO(write(fd, bytes, 4), EINVAL);
	CHECK_ERRNO(lseek(fd, 0, SEEK_SET), ESPIPE);
	CHECK_ERRNO(fsync(fd), EINVAL);
	CHECK_EQ(poll(&request, 1, 0), 0);
	CHECK(ioctl(fd, RTC_UIE_OFF, 0) == 0);
	CHECK(ioctl(fd, RTC_PIE_OFF, 0) == 0);
	CHECK(fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC) == 0);
}

static void as_a_user(int fd)
{
	struct rtc_time time;
	pid_t child = FORK();

	if (child == 0) {
		CHECK(seteuid(OTHER_UID) == 0);
		CHECK_ERRNO(ioctl(fd, RTC_SET_TIME, NULL), EACCES);
		CHECK_ERRNO(ioctl(fd, RTC_EPOCH_SET, 1900), EACCES);
		CHECK(ioctl(fd, RTC_RD_TIME, &time) == 0);
		CHECK_ERRNO(open("/dev/rtc0", O_RDONLY), EACCES);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
}

static void system_clock(int fd)
{
	struct timeval old, other = { 1000000000, 0 };
	time_t now, before = told(fd);

	CHECK(gettimeofday(&old, NULL) == 0);
	CHECK(settimeofday(&other, NULL) == 0);
	usleep(50000);	/* for a kernel that writes the clock later */
	now = told(fd);
	CHECK(settimeofday(&old, NULL) == 0);
	CHECK(now - before <= 10 && now >= before);
}

/* Two wait for the same open file: the later one does not wait for the earlier. */
static void waiting_together(void)
{
	int fd = MUST(open("/dev/rtc0", O_RDONLY));
	pid_t children[2];
	int status;

	for (int i = 0; i < 2; i++) {
		children[i] = FORK();
		if (children[i] == 0) {
			char bytes[4];

			_exit(read(fd, bytes, 4) != 4);
		}
		wait_until_blocked(children[i]);
	}
	CHECK_ERRNO(lseek(fd, 0, SEEK_SET), ESPIPE);
	for (int i = 1; i >= 0; i--) {
		CHECK(kill(children[i], SIGKILL) == 0);
		CHECK(waitpid(children[i], &status, 0) == children[i]);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	CHECK(close(fd) == 0);
}

/* Reading waits, until a signal ends it. */
static void waiting(void)
{
	pid_t child = FORK();
	int status;

	if (child == 0) {
		char bytes[4];

		_exit(read(open("/dev/rtc0", O_RDONLY), bytes, 4) != 4);
	}
	wait_until_blocked(child);
	CHECK_ERRNO(open("/dev/rtc0", O_RDONLY), EBUSY);
	CHECK(kill(child, SIGKILL) == 0);
	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

int main(void)
{
	struct rtc_time at_start;
	struct stat status;
	unsigned long epoch;
	dev_t number;
	int fd;

	CHECK(stat("/dev/rtc0", &status) == 0);
	CHECK_EQ(status.st_mode, S_IFCHR | 0600);
	number = status.st_rdev;
	if (stat("/dev/rtc", &status) == 0) {
		CHECK_EQ(status.st_mode, S_IFCHR | 0600);
		CHECK(status.st_rdev == number);
	}
	waiting();
	waiting_together();
	fd = MUST(open("/dev/rtc0", O_RDWR | O_NONBLOCK));
	CHECK_ERRNO(open("/dev/rtc0", O_RDONLY), EBUSY);
	CHECK(ioctl(fd, RTC_RD_TIME, &at_start) == 0);
	CHECK(labs(told(fd) - time(NULL)) <= 10);
	CHECK_ERRNO(ioctl(fd, RTC_RD_TIME, NULL), EFAULT);
	CHECK_ERRNO(ioctl(fd, RTC_SET_TIME, NULL), EFAULT);
	CHECK_ERRNO(ioctl(fd, RTC_EPOCH_READ, &epoch), ENOTTY);
	CHECK_ERRNO(ioctl(fd, RTC_EPOCH_SET, 1900), ENOTTY);
	CHECK_ERRNO(ioctl(fd, RTC_WIE_ON, 0), ENOTTY);
	dates(fd);
	interrupts(fd);
	as_a_user(fd);
	CHECK(ioctl(fd, RTC_SET_TIME, &at_start) == 0);
	system_clock(fd);
	return 0;
}

/* adjtimex and clock_adjtime: what they tell, who may change what, and setting by an offset. */
#include "check.h"
#include <sys/timex.h>

static int ask(struct timex *words, unsigned int modes)
{
	memset(words, 0, sizeof(*words));
	words->modes = modes;
	return syscall(SYS_adjtimex, words);
}

static long long now_ms(void)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_REALTIME, &now) == 0);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

int main(void)
{
	struct timex words;
	long long before;

	CHECK_EQ(ask(&words, 0), TIME_ERROR);
	CHECK(words.status & STA_UNSYNC);
	CHECK_EQ(words.tick, 10000);
	CHECK_EQ(words.precision, 1);
	CHECK_EQ(words.tolerance, 32768000);
	CHECK_EQ(words.constant, 2);
	CHECK_EQ(words.tai, 0);
	CHECK(words.time.tv_sec > 1600000000 && words.time.tv_usec < 1000000);
	CHECK(ask(&words, ADJ_OFFSET_SS_READ) >= 0);
	CHECK_EQ(words.offset, 0);

	memset(&words, 0, sizeof(words));
	words.modes = ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR | ADJ_NANO;
	words.maxerror = 5000;
	words.esterror = 100;
	CHECK_EQ(syscall(SYS_adjtimex, &words), TIME_OK);
	CHECK_EQ(ask(&words, 0), TIME_OK);
	CHECK(words.maxerror >= 5000 && words.maxerror < 20000);
	CHECK_EQ(words.esterror, 100);
	CHECK_EQ(words.status, STA_NANO);

	/* Two minutes on, and back by a negative number of seconds with a positive fraction. */
	before = now_ms();
	memset(&words, 0, sizeof(words));
	words.modes = ADJ_SETOFFSET | ADJ_MICRO;
	words.time.tv_sec = 120;
	words.time.tv_usec = 500000;
	CHECK(syscall(SYS_clock_adjtime, CLOCK_REALTIME, &words) >= 0);
	CHECK(now_ms() >= before + 120500 && now_ms() < before + 140000);
	words.modes = ADJ_SETOFFSET | ADJ_MICRO;
	words.time.tv_sec = -121;
	words.time.tv_usec = 500000;
	CHECK(syscall(SYS_clock_adjtime, CLOCK_REALTIME, &words) >= 0);
	CHECK(now_ms() >= before && now_ms() < before + 20000);

	words.modes = ADJ_SETOFFSET;
	words.time.tv_usec = 1000000;
	CHECK_ERRNO(syscall(SYS_adjtimex, &words), EINVAL);
	words.modes = ADJ_TICK;
	words.tick = 8000;
	CHECK_ERRNO(syscall(SYS_adjtimex, &words), EINVAL);
	CHECK_ERRNO(ask(&words, 0x8000), EINVAL);
	CHECK_ERRNO(syscall(SYS_clock_adjtime, CLOCK_MONOTONIC, &words), EOPNOTSUPP);
	CHECK_ERRNO(syscall(SYS_clock_adjtime, 77, &words), EINVAL);
	CHECK_ERRNO(syscall(SYS_clock_adjtime, CLOCK_MONOTONIC, 16), EFAULT);
	CHECK_ERRNO(syscall(SYS_adjtimex, 16), EFAULT);

	CHECK(setresuid(OTHER_UID, OTHER_UID, OTHER_UID) == 0);
	CHECK(ask(&words, 0) >= 0);
	CHECK(ask(&words, ADJ_OFFSET_SS_READ) >= 0);
	CHECK_ERRNO(ask(&words, ADJ_STATUS), EPERM);
	CHECK_ERRNO(ask(&words, ADJ_OFFSET_SINGLESHOT), EPERM);
	return 0;
}

/* Calls on /dev/rtc0. */
#pragma once
#include <stdint.h>

struct rtc_time {
	int32_t tm_sec, tm_min, tm_hour;
	int32_t tm_mday;	/* from 1 */
	int32_t tm_mon;		/* from 0 */
	int32_t tm_year;	/* since 1900 */
	int32_t tm_wday, tm_yday, tm_isdst;	/* not used */
};
_Static_assert(sizeof(struct rtc_time) == 36, "struct rtc_time");

#define RTC_AIE_ON	0x7001u		/* the alarm's interrupt */
#define RTC_AIE_OFF	0x7002u
#define RTC_UIE_ON	0x7003u		/* one at each second */
#define RTC_UIE_OFF	0x7004u
#define RTC_PIE_ON	0x7005u		/* periodic ones */
#define RTC_PIE_OFF	0x7006u
#define RTC_ALM_SET	0x40247007u
#define RTC_ALM_READ	0x80247008u
#define RTC_RD_TIME	0x80247009u
#define RTC_SET_TIME	0x4024700au
#define RTC_IRQP_READ	0x8004700bu
#define RTC_IRQP_SET	0x4004700cu
#define RTC_EPOCH_SET	0x4004700eu
#define RTC_WKALM_SET	0x4028700fu
#define RTC_WKALM_RD	0x80287010u

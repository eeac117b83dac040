/*
 * /dev/rtc0: the real-time clock for programs.
 */
#pragma once

void rtc_init(void);

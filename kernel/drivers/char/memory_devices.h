/*
 * /dev/null, zero, full, random, urandom, kmsg.
 */
#pragma once

void memory_devices_init(void);

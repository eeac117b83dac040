/*
 * Loop devices: files as disks.
 */
#pragma once

/* Make /dev/loop-control and the first devices. After block_device_scan_all(). May sleep. */
void loop_init(void);

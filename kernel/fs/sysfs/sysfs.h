/*
 * sysfs: which processors and disks the machine has.
 */
#pragma once

void sysfs_init(void);

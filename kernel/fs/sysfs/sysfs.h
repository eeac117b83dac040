/*
 * sysfs: which processors, disks, terminals and other devices the machine has.
 */
#pragma once

void sysfs_init(void);

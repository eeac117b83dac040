/*
 * procfs: what the kernel knows, as files in Linux's formats. Mounted on /proc.
 */
#pragma once

/* Registers the file system type. */
void procfs_init(void);

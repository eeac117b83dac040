/*
 * tmpfs: files in memory.
 */
#pragma once

void tmpfs_init(void);

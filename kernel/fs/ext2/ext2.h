/*
 * The ext2 file system.
 */
#pragma once

/* Make it known to vfs. Once, at boot. */
void ext2_init(void);

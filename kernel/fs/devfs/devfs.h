/*
 * devfs: the nodes that drivers announce, as /dev.
 */
#pragma once

/* After tmpfs_init. */
void devfs_init(void);

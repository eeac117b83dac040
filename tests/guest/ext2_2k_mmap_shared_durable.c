/* test: image=2k linux=no timeout=120
 * Shared maps that reach the disk, on ext2 with blocks of 2 KiB.
 */
#include "mmap_shared_durable.c"

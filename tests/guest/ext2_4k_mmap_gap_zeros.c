/* test: image=4k linux=no
 * Gaps behind mapped ends of files are zeros, on ext2 with blocks of 4 KiB.
 */
#include "mmap_gap_zeros.c"

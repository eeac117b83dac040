/* test: image=2k linux=no
 * Gaps behind mapped ends of files are zeros, on ext2 with blocks of 2 KiB.
 */
#include "mmap_gap_zeros.c"

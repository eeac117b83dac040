/* test: image=2k linux=no timeout=120
 * Random reads, writes, truncations and mapping, on ext2 with blocks of 2 KiB.
 */
#include "file_random_io.c"

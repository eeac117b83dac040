/* test: image=4k linux=no timeout=120
 * Random reads, writes, truncations and mapping, on ext2 with blocks of 4 KiB.
 */
#include "file_random_io.c"

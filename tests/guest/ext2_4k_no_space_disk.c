/* test: image=4k linux=no timeout=120
 * A full disk, on ext2 with blocks of 4 KiB.
 */
#include "file_no_space_disk.c"

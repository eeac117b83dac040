/* test: image=2k linux=no timeout=120
 * A full disk, on ext2 with blocks of 2 KiB.
 */
#include "file_no_space_disk.c"

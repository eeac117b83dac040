/* test: image=4k linux=no timeout=120
 * Renaming, on ext2 with blocks of 4 KiB.
 */
#include "file_rename.c"

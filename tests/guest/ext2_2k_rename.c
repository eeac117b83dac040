/* test: image=2k linux=no timeout=120
 * Renaming, on ext2 with blocks of 2 KiB.
 */
#include "file_rename.c"

/* test: image=4k timeout=120
 * Renaming, on ext2 with blocks of 4 KiB.
 */
#include "file_rename.c"

/* test: image=2k timeout=120
 * Renaming, on ext2 with blocks of 2 KiB.
 */
#include "file_rename.c"

/* test: image=2k linux=no timeout=120
 * Ten thousand entries in a directory, on ext2 with blocks of 2 KiB.
 */
#include "file_directory_many.c"

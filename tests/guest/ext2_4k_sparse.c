/* test: image=4k linux=no timeout=120
 * Holes and large offsets, on ext2 with blocks of 4 KiB.
 */
#include "file_sparse.c"

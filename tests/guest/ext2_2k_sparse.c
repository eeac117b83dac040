/* test: image=2k linux=no timeout=120
 * Holes and large offsets, on ext2 with blocks of 2 KiB.
 */
#include "file_sparse.c"

/* test: disk=virtio timeout=120
 * Random reads, writes, truncations and mapping, on a virtio disk.
 */
#include "file_random_io.c"

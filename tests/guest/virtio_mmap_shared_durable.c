/* test: disk=virtio timeout=120
 * Shared maps that reach the disk, on a virtio disk.
 */
#include "mmap_shared_durable.c"

/* test: disk=virtio timeout=120
 * A full disk, on a virtio disk.
 */
#include "file_no_space_disk.c"

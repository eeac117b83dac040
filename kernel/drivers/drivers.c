/*
 * Every PCI driver of this kernel, in the order in which each is offered a device.
 */
#include "drivers/block/ide.h"
#include "drivers/block/virtio_blk.h"
#include "drivers/pci/pci.h"

const struct pci_driver *const pci_drivers[] = { &ide_driver, &virtio_blk_driver, NULL };

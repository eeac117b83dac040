/*
 * Disks of a virtual machine: virtio block devices over PCI.
 */
#pragma once

struct pci_driver;

extern const struct pci_driver virtio_blk_driver;

/*
 * Disks on a PC's IDE controller.
 */
#pragma once

struct pci_driver;

extern const struct pci_driver ide_driver;

/*
 * Disks on the two ISA channels of a machine whose PCI bus has no IDE controller: called after
 * pci_init, does nothing if there was one. May sleep.
 */
void ide_attach_isa(void);

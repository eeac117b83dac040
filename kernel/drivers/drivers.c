/*
 * Every driver that finds its devices by itself, in order.
 */
#include "drivers/drivers.h"

#include "drivers/block/ide.h"
#include "drivers/block/virtio_blk.h"
#include "drivers/char/rtc.h"
#include "drivers/char/screen_log.h"
#include "drivers/char/memory_devices.h"
#include "drivers/pci/pci.h"

const struct pci_driver *const pci_drivers[] = { &ide_driver, &virtio_blk_driver, NULL };

void drivers_init(void)
{
	memory_devices_init();
	screen_log_init();
	rtc_init();
	pci_init();
	ide_attach_isa();
}

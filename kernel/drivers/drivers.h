/*
 * The plain list of all drivers.
 */
#pragma once

/*
 * Find devices and attach drivers: PCI, then what a machine without PCI has. May sleep; once at
 * boot.
 */
void drivers_init(void);

/*
 * Device registers: I/O ports, and memory that must be accessed at its exact width.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "machine/port_io.h"
/*
 * Inline there:
 *	uint8_t port_read8(uint16_t port)			and 16, 32
 *	void port_write8(uint16_t port, uint8_t value)		and 16, 32
 *	void port_read16_many(uint16_t port, void *to, size_t count), and 32: `count` words
 *	void port_write16_many(uint16_t port, const void *from, size_t count), and 32
 *	void port_delay(void)		about a microsecond, for old devices
 */

static inline uint8_t mmio_read8(const volatile void *address)
{
	return *(const volatile uint8_t *)address;
}

static inline uint16_t mmio_read16(const volatile void *address)
{
	return *(const volatile uint16_t *)address;
}

static inline uint32_t mmio_read32(const volatile void *address)
{
	return *(const volatile uint32_t *)address;
}

static inline void mmio_write8(volatile void *address, uint8_t value)
{
	*(volatile uint8_t *)address = value;
}

static inline void mmio_write16(volatile void *address, uint16_t value)
{
	*(volatile uint16_t *)address = value;
}

static inline void mmio_write32(volatile void *address, uint32_t value)
{
	*(volatile uint32_t *)address = value;
}

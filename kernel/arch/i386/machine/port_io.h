/*
 * Reading and writing I/O ports.
 */
#pragma once

static inline uint8_t port_read8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline uint16_t port_read16(uint16_t port)
{
	uint16_t value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline uint32_t port_read32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline void port_write8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void port_write16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void port_write32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void port_read16_many(uint16_t port, void *to, size_t count)
{
	__asm__ volatile("rep insw" : "+D"(to), "+c"(count) : "d"(port) : "memory");
}

static inline void port_read32_many(uint16_t port, void *to, size_t count)
{
	__asm__ volatile("rep insl" : "+D"(to), "+c"(count) : "d"(port) : "memory");
}

static inline void port_write16_many(uint16_t port, const void *from, size_t count)
{
	__asm__ volatile("rep outsw" : "+S"(from), "+c"(count) : "d"(port) : "memory");
}

static inline void port_write32_many(uint16_t port, const void *from, size_t count)
{
	__asm__ volatile("rep outsl" : "+S"(from), "+c"(count) : "d"(port) : "memory");
}

/* A write to the diagnostic port takes one ISA bus cycle. */
static inline void port_delay(void)
{
	port_write8(0x80, 0);
}

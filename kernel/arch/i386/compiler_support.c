/*
 * What gcc calls for operations that this machine has no single instruction for, or that it would
 * do in floating-point registers, which the kernel does not use. Divisions of 64-bit numbers are
 * missing on purpose: they are written out with lib/math64.h, so a forgotten one fails to link.
 *
 * The names and types are the compilers' own (gcc internals, "The GCC low-level runtime library"
 * and "Memory model GIMPLE"). Eight bytes are read and written as one by cmpxchg8b (Intel SDM vol.
 * 2).
 */
#include <stdbool.h>
#include <stdint.h>

typedef unsigned long long u64;

int __popcountsi2(uint32_t value);
int __popcountdi2(u64 value);
int __ctzdi2(u64 value);
int __clzdi2(u64 value);
int __ffsdi2(u64 value);
u64 __atomic_load_8(const volatile void *memory, int order);
void __atomic_store_8(volatile void *memory, u64 value, int order);
u64 __atomic_exchange_8(volatile void *memory, u64 value, int order);
bool __atomic_compare_exchange_8(volatile void *memory, void *expected, u64 desired, bool is_weak,
				 int success, int failure);
u64 __atomic_fetch_add_8(volatile void *memory, u64 value, int order);
u64 __atomic_fetch_sub_8(volatile void *memory, u64 value, int order);
u64 __atomic_fetch_or_8(volatile void *memory, u64 value, int order);
u64 __atomic_fetch_and_8(volatile void *memory, u64 value, int order);

/* Sums of 1, 2, 4 bits side by side, then of all bytes at once. */
int __popcountsi2(uint32_t value)
{
	value -= value >> 1 & 0x55555555;
	value = (value & 0x33333333) + (value >> 2 & 0x33333333);
	value = (value + (value >> 4)) & 0x0f0f0f0f;
	return (int)(value * 0x01010101 >> 24);
}

int __popcountdi2(u64 value)
{
	return __popcountsi2((uint32_t)value) + __popcountsi2((uint32_t)(value >> 32));
}

/* As for the instructions, the result for 0 is not defined. */
int __ctzdi2(u64 value)
{
	uint32_t low = (uint32_t)value;

	return low ? __builtin_ctz(low) : 32 + __builtin_ctz((uint32_t)(value >> 32));
}

int __clzdi2(u64 value)
{
	uint32_t high = (uint32_t)(value >> 32);

	return high ? __builtin_clz(high) : 32 + __builtin_clz((uint32_t)value);
}

/* 1 and the number of the lowest bit that is set, or 0. */
int __ffsdi2(u64 value)
{
	return value ? 1 + __ctzdi2(value) : 0;
}

/* Store `desired` if the memory holds `expected`; returns what it held. A full barrier. */
static inline u64 compare_exchange(volatile void *memory, u64 expected, u64 desired)
{
	__asm__ volatile("lock cmpxchg8b %1"
			 : "+A"(expected), "+m"(*(volatile u64 *)memory)
			 : "b"((uint32_t)desired), "c"((uint32_t)(desired >> 32))
			 : "memory", "cc");
	return expected;
}

/* A guess to begin with; if it is torn, the exchange says so. */
static inline u64 guess(const volatile void *memory)
{
	const volatile uint32_t *half = memory;
	uint32_t low = half[0];

	return (u64)half[1] << 32 | low;
}

u64 __atomic_load_8(const volatile void *memory, int order)
{
	u64 value;

	(void)order;
	/*
	 * What EBX and ECX happen to hold is stored only where it is there already; so what was
	 * there comes back either way, and no register needs saving.
	 */
	__asm__ volatile("movl %%ebx, %%eax\n\t"
			 "movl %%ecx, %%edx\n\t"
			 "lock cmpxchg8b %1"
			 : "=&A"(value), "+m"(*(volatile u64 *)(uintptr_t)memory)
			 :
			 : "memory", "cc");
	return value;
}

u64 __atomic_exchange_8(volatile void *memory, u64 value, int order)
{
	u64 old = guess(memory);

	(void)order;
	for (;;) {
		u64 seen = compare_exchange(memory, old, value);

		if (seen == old)
			return old;
		old = seen;
	}
}

void __atomic_store_8(volatile void *memory, u64 value, int order)
{
	(void)__atomic_exchange_8(memory, value, order);
}

bool __atomic_compare_exchange_8(volatile void *memory, void *expected, u64 desired, bool is_weak,
				 int success, int failure)
{
	u64 wanted = *(u64 *)expected;
	u64 seen = compare_exchange(memory, wanted, desired);

	(void)is_weak;
	(void)success;
	(void)failure;
	if (seen == wanted)
		return true;
	*(u64 *)expected = seen;
	return false;
}

u64 __atomic_fetch_add_8(volatile void *memory, u64 value, int order)
{
	u64 old = guess(memory);
	u64 seen;

	(void)order;
	while ((seen = compare_exchange(memory, old, old + value)) != old)
		old = seen;
	return old;
}

u64 __atomic_fetch_sub_8(volatile void *memory, u64 value, int order)
{
	return __atomic_fetch_add_8(memory, 0 - value, order);
}

u64 __atomic_fetch_or_8(volatile void *memory, u64 value, int order)
{
	u64 old = guess(memory);
	u64 seen;

	(void)order;
	while ((seen = compare_exchange(memory, old, old | value)) != old)
		old = seen;
	return old;
}

u64 __atomic_fetch_and_8(volatile void *memory, u64 value, int order)
{
	u64 old = guess(memory);
	u64 seen;

	(void)order;
	while ((seen = compare_exchange(memory, old, old & value)) != old)
		old = seen;
	return old;
}

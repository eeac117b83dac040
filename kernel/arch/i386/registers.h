/*
 * The processor's control and segment registers.
 */
#pragma once
#include <stdint.h>

static inline uint32_t read_cr0(void)
{
	uint32_t value;

	__asm__ volatile("movl %%cr0, %0" : "=r"(value));
	return value;
}

static inline void write_cr0(uint32_t value)
{
	__asm__ volatile("movl %0, %%cr0" : : "r"(value) : "memory");
}

static inline uint32_t read_cr3(void)
{
	uint32_t value;

	__asm__ volatile("movl %%cr3, %0" : "=r"(value));
	return value;
}

static inline void write_cr3(uint32_t value)
{
	__asm__ volatile("movl %0, %%cr3" : : "r"(value) : "memory");
}

static inline uint32_t read_cr4(void)
{
	uint32_t value;

	__asm__ volatile("movl %%cr4, %0" : "=r"(value));
	return value;
}

static inline void write_cr4(uint32_t value)
{
	__asm__ volatile("movl %0, %%cr4" : : "r"(value) : "memory");
}

static inline uint16_t read_fs(void)
{
	uint16_t selector;

	__asm__ volatile("movl %%fs, %k0" : "=r"(selector));
	return selector;
}

static inline uint16_t read_gs(void)
{
	uint16_t selector;

	__asm__ volatile("movl %%gs, %k0" : "=r"(selector));
	return selector;
}

/* What caused a debug trap; the processor only ever sets bits, so they are cleared here. */
static inline uint32_t take_debug_status(void)
{
	uint32_t value;

	__asm__ volatile("movl %%dr6, %0" : "=r"(value));
	__asm__ volatile("movl %0, %%dr6" : : "r"(0));
	return value;
}

static inline uint64_t read_msr(uint32_t msr)
{
	uint64_t value;

	__asm__ volatile("rdmsr" : "=A"(value) : "c"(msr));
	return value;
}

static inline void write_msr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "A"(value) : "memory");
}

/* Not ordered against other instructions, and cheap. */
static inline uint64_t read_tsc(void)
{
	uint64_t value;

	__asm__ volatile("rdtsc" : "=A"(value));
	return value;
}

static inline void invalidate_page(uintptr_t address)
{
	__asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

struct cpuid_words {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid_words read_cpuid(uint32_t leaf)
{
	struct cpuid_words words;

	__asm__ volatile("cpuid"
			 : "=a"(words.eax), "=b"(words.ebx), "=c"(words.ecx), "=d"(words.edx)
			 : "0"(leaf), "2"(0));
	return words;
}

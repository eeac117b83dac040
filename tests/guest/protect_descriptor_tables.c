/*
 * Where the processor has UMIP, SGDT, SIDT and SMSW tell a program nothing of the kernel: it gets
 * the values that Linux makes up, which are the same everywhere.
 */
#include "check.h"

struct table {
	uint16_t limit;
	uint32_t base;
} __attribute__((packed));

/* Operands in memory, by every form of address; and by prefixes that change nothing. */
static void addresses(void)
{
	static struct table tables[12];
	uintptr_t start = (uintptr_t)tables;
	struct table local;

	__asm__ volatile("sgdt (%0)" : : "r"(start) : "memory");
	__asm__ volatile("sgdt 6(%0)" : : "r"(start) : "memory");
	__asm__ volatile("sgdt 0x1234(%0)" : : "r"(start + 12 - 0x1234) : "memory");
	__asm__ volatile("sgdt 2(%0, %1, 4)" : : "r"(start), "r"(4) : "memory");
	__asm__ volatile("sgdt (, %0, 8)" : : "r"((start + 24 + 7) / 8) : "memory");
	__asm__ volatile("sgdt %%ds:-6(%0)" : : "r"(start + 42) : "memory");
	for (int i = 0; i < 3; i++)
		CHECK_EQ(tables[i].base, 0xfffe0000);
	CHECK_EQ(tables[3].base, 0xfffe0000);
	CHECK_EQ(tables[6].base, 0xfffe0000);
	memcpy(&local, (char *)((start + 24 + 7) / 8 * 8), sizeof(local));
	CHECK_EQ(local.base, 0xfffe0000);
	__asm__ volatile("sub $16, %%esp; sgdt 4(%%esp); mov 6(%%esp), %0; add $16, %%esp" :
			 "=r"(local.base));
	CHECK_EQ(local.base, 0xfffe0000);
}

/* 16 bits of a register leave the others; memory gets two bytes of a word. */
static void sizes(void)
{
	uint32_t value = 0x11223344;

	__asm__ volatile("smsw %w0" : "+r"(value));
	CHECK_EQ(value, 0x11220033);
	value = 0x11223344;
	__asm__ volatile("smsw %0" : "+m"(value));
	CHECK_EQ(value, 0x11220033);
	value = 0x11223344;
	__asm__ volatile("str %0" : "+m"(value));
	CHECK_EQ(value, 0x11220080);
}

static void write_nowhere(void)
{
	__asm__ volatile("sidt 16" : : : "memory");
}

static void other_secrets(void)
{
	__asm__ volatile("lgdt (%0)" : : "r"(map_pages(1)) : "memory");
}

int main(void)
{
	static char text[16384];
	struct table gdt = { 1, 1 }, idt = { 1, 1 };
	uint32_t status = 0, segment = 0, task = 0;

	read_text("/proc/cpuinfo", text, sizeof(text));
	if (!strstr(text, " umip")) {
		printf("no UMIP\n");
		return CHECK_SKIPPED;
	}
	__asm__ volatile("sgdt %0" : "=m"(gdt));
	CHECK_EQ(gdt.base, 0xfffe0000);
	CHECK_EQ(gdt.limit, 0);
	__asm__ volatile("sidt %0" : "=m"(idt));
	CHECK_EQ(idt.base, 0xffff0000);
	CHECK_EQ(idt.limit, 0);
	__asm__ volatile("smsw %0" : "=r"(status));
	CHECK_EQ(status, 0x80050033);
	__asm__ volatile("sldt %0" : "=r"(segment));
	CHECK_EQ(segment, 0);
	__asm__ volatile("str %0" : "=r"(task));
	CHECK_EQ(task, 0x80);
	addresses();
	sizes();
	dies_of(SIGSEGV, write_nowhere);
	dies_of(SIGSEGV, other_secrets);
	return 0;
}

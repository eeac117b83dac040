/*
 * Which processor this is, its control registers, and waiting.
 *
 * Features are read once on the boot CPU. A control bit is set only if CPUID names its feature:
 * some machines let reserved bits be written, others fault. (Intel SDM vol. 2, CPUID; vol. 3, 2.5.)
 */
#include "arch/cpu.h"
#include "arch/irq_flags.h"
#include "internal.h"
#include "layout.h"
#include "lib/format.h"
#include "lib/math64.h"
#include "lib/string.h"
#include "registers.h"

/* Bits of CPUID leaf 1. */
enum {
	LEAF1_EDX_TSC = 1 << 4,
	LEAF1_EDX_APIC = 1 << 9,
	LEAF1_EDX_SEP = 1 << 11,
	LEAF1_EDX_PGE = 1 << 13,
	LEAF1_EDX_FXSR = 1 << 24,
	LEAF1_EDX_SSE = 1 << 25,
	LEAF1_EDX_SSE2 = 1 << 26,
	LEAF1_ECX_TSC_DEADLINE = 1 << 24,
	LEAF1_ECX_XSAVE = 1 << 26,
	LEAF1_ECX_AVX = 1 << 28,
	LEAF1_ECX_RDRAND = 1 << 30,
};
#define LEAF1_ECX_HYPERVISOR (1u << 31)

enum { XSAVE_LEAF = 0xd };

/* Leaf 7, 0x80000001, 0x80000007. */
enum {
	LEAF7_EBX_SMEP = 1 << 7,
	LEAF7_EBX_RDSEED = 1 << 18,
	LEAF7_EBX_SMAP = 1 << 20,
	LEAF7_ECX_UMIP = 1 << 2,
	EXTENDED1_EDX_NX = 1 << 20,
	EXTENDED7_EDX_TSC_INVARIANT = 1 << 8,
};

static struct cpu_features features;

const struct cpu_features *cpu_features(void)
{
	return &features;
}

static void read_model_name(uint32_t extended_max)
{
	char *start = features.model_name;

	if (extended_max < 0x80000004)
		return;
	for (uint32_t i = 0; i < 3; i++) {
		struct cpuid_words words = read_cpuid(0x80000002 + i);
		memcpy(features.model_name + 16 * i, &words, sizeof(words));
	}
	while (*start == ' ')
		start++;
	memmove(features.model_name, start, strlen(start) + 1);
}

static void read_signature(uint32_t eax)
{
	features.stepping = eax & 15;
	features.model = eax >> 4 & 15;
	features.family = eax >> 8 & 15;
	if (features.family == 6 || features.family == 15)
		features.model |= (eax >> 16 & 15) << 4;
	if (features.family == 15)
		features.family += eax >> 20 & 255;
}

static void read_extended_leaves(void)
{
	uint32_t highest = read_cpuid(0x80000000).eax;

	if (highest < 0x80000001 || highest > 0x8000ffff)
		return;
	features.nx = read_cpuid(0x80000001).edx & EXTENDED1_EDX_NX;
	if (highest >= 0x80000007)
		features.tsc_invariant =
			read_cpuid(0x80000007).edx & EXTENDED7_EDX_TSC_INVARIANT;
	read_model_name(highest);
}

void cpu_identify(void)
{
	struct cpuid_words leaf0 = read_cpuid(0);
	struct cpuid_words leaf1 = read_cpuid(1);

	memcpy(features.vendor, &leaf0.ebx, 4);
	memcpy(features.vendor + 4, &leaf0.edx, 4);
	memcpy(features.vendor + 8, &leaf0.ecx, 4);
	read_signature(leaf1.eax);
	features.leaf1_edx = leaf1.edx;
	features.leaf1_ecx = leaf1.ecx;
	features.tsc = leaf1.edx & LEAF1_EDX_TSC;
	features.apic = leaf1.edx & LEAF1_EDX_APIC;
	features.pge = leaf1.edx & LEAF1_EDX_PGE;
	features.fxsr = leaf1.edx & LEAF1_EDX_FXSR;
	features.sse = features.fxsr && (leaf1.edx & LEAF1_EDX_SSE);
	features.sse2 = features.sse && (leaf1.edx & LEAF1_EDX_SSE2);
	features.rdrand = leaf1.ecx & LEAF1_ECX_RDRAND;
	features.hypervisor = leaf1.ecx & LEAF1_ECX_HYPERVISOR;
	features.avx = features.sse2 && leaf0.eax >= XSAVE_LEAF &&
		       (leaf1.ecx & LEAF1_ECX_XSAVE) && (leaf1.ecx & LEAF1_ECX_AVX) &&
		       (read_cpuid(XSAVE_LEAF).eax & FPU_XFEATURES) == FPU_XFEATURES;
	/* The first Pentium Pros say SEP but have another form of it (SDM vol. 2, SYSENTER). */
	features.sysenter = (leaf1.edx & LEAF1_EDX_SEP) && (leaf1.eax & 0xfff) >= 0x633;
	if (leaf0.eax >= 7) {
		struct cpuid_words leaf7 = read_cpuid(7);

		features.smep = leaf7.ebx & LEAF7_EBX_SMEP;
		features.smap = leaf7.ebx & LEAF7_EBX_SMAP;
		features.rdseed = leaf7.ebx & LEAF7_EBX_RDSEED;
		features.umip = leaf7.ecx & LEAF7_ECX_UMIP;
	}
	read_extended_leaves();
}

void cpu_setup_registers(void)
{
	uint32_t cr4 = CR4_PSE | CR4_PAE;

	cr4 |= features.pge ? CR4_PGE : 0;
	cr4 |= features.fxsr ? CR4_OSFXSR : 0;
	cr4 |= features.sse ? CR4_OSXMMEXCPT : 0;
	cr4 |= features.avx ? CR4_OSXSAVE : 0;
	cr4 |= features.smep ? CR4_SMEP : 0;
	cr4 |= features.smap ? CR4_SMAP : 0;
	cr4 |= features.umip ? CR4_UMIP : 0;
	write_cr4(cr4);
	if (features.nx)
		write_msr(MSR_EFER, read_msr(MSR_EFER) | EFER_NXE);
	write_cr0((read_cr0() & ~(CR0_EM | CR0_TS | CR0_NW | CR0_CD)) |
		  (CR0_WP | CR0_AM | CR0_MP | CR0_NE));
}

bool cpu_has_tsc_deadline(void)
{
	return features.leaf1_ecx & LEAF1_ECX_TSC_DEADLINE;
}

static uint32_t tsc_khz_from_leaves(void)
{
	uint32_t highest = read_cpuid(0).eax;

	if (highest >= 0x15) {
		struct cpuid_words ratio = read_cpuid(0x15);

		/* Core crystal Hz * EBX / EAX; all three must be told. */
		if (ratio.eax && ratio.ebx && ratio.ecx)
			return (uint32_t)div64_u32((uint64_t)(ratio.ecx / 1000) * ratio.ebx,
						   ratio.eax, NULL);
	}
	/*
	 * The base frequency in MHz is the counter's on processors that name it but not the
	 * crystal.
	 */
	if (highest >= 0x16 && features.tsc_invariant)
		return (read_cpuid(0x16).eax & 0xffff) * 1000;
	return 0;
}

void cpu_read_rates(uint32_t *tsc_khz, uint32_t *apic_khz)
{
	*tsc_khz = 0;
	*apic_khz = 0;
	if (features.hypervisor && read_cpuid(0x40000000).eax >= 0x40000010 &&
	    read_cpuid(0x40000000).eax <= 0x400000ff) {
		struct cpuid_words rates = read_cpuid(0x40000010);

		*tsc_khz = rates.eax;
		*apic_khz = rates.ebx;
	}
	if (!*tsc_khz)
		*tsc_khz = tsc_khz_from_leaves();
}

/* Linux's names, bit by bit; an empty one is not shown. */
static const char *const leaf1_edx_names[32] = {
	"fpu",	"vme", "de",	"pse",	"tsc",	"msr", "pae",  "mce",  "cx8", "apic", "", "sep",
	"mtrr", "pge", "mca",	"cmov", "pat",	"pse36", "pn", "clflush", "", "dts", "acpi", "mmx",
	"fxsr", "sse", "sse2",	"ss",	"ht",	"tm",  "ia64", "pbe",
};
static const char *const leaf1_ecx_names[32] = {
	"pni", "pclmulqdq", "", "monitor", "", "", "", "", "", "ssse3", "", "", "", "cx16", "", "",
	"", "", "", "sse4_1", "sse4_2", "x2apic", "movbe", "popcnt", "tsc_deadline_timer", "aes",
	"", "", "", "", "rdrand", "hypervisor",
};

static size_t add_flags(char *buffer, size_t size, size_t length, uint32_t bits,
			const char *const names[32])
{
	for (unsigned int i = 0; i < 32; i++) {
		if ((bits >> i & 1) && names[i][0])
			length += scnprintf(buffer + length, size - length, "%s%s",
					    length ? " " : "", names[i]);
	}
	return length;
}

void cpu_format_flags(char *buffer, size_t size)
{
	static const struct {
		size_t offset;
		const char *name;
	} others[] = {
		{ offsetof(struct cpu_features, nx), "nx" },
		{ offsetof(struct cpu_features, tsc_invariant), "constant_tsc nonstop_tsc" },
		{ offsetof(struct cpu_features, smep), "smep" },
		{ offsetof(struct cpu_features, smap), "smap" },
		{ offsetof(struct cpu_features, umip), "umip" },
		{ offsetof(struct cpu_features, rdseed), "rdseed" },
	};
	size_t length = add_flags(buffer, size, 0, features.leaf1_edx, leaf1_edx_names);

	length = add_flags(buffer, size, length, features.leaf1_ecx, leaf1_ecx_names);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (*(const bool *)((const char *)&features + others[i].offset))
			length += scnprintf(buffer + length, size - length, " %s", others[i].name);
	}
}

void cpu_idle_wait(void)
{
	/* STI takes effect after the next instruction: no interrupt comes between the two. */
	__asm__ volatile("sti; hlt" : : : "memory");
}

bool cpu_random_u32(uint32_t *out)
{
	enum { TRIES = 10 };

	if (!features.rdrand)
		return false;
	for (unsigned int i = 0; i < TRIES; i++) {
		bool valid;

		__asm__ volatile("rdrand %0" : "=r"(*out), "=@ccc"(valid));
		if (valid)
			return true;
	}
	return false;
}

void cpu_serialize(void)
{
	(void)read_cpuid(0); /* Intel SDM 3A, 9.3: serializing instructions */
}

uint64_t cpu_cycles(void)
{
	return features.tsc ? read_tsc() : 0;
}

void cpu_halt_forever(void)
{
	irq_disable();
	for (;;)
		__asm__ volatile("hlt");
}

/*
 * Every register a program has, loaded with values of our choice, then one action, then all of them
 * read back: a system call, or a loop that waits for a signal handler and itself changes nothing.
 *
 * Segment registers: FS and ES get selectors of their own, from set_thread_area(), so that one
 * mistaken for another is seen, and FS in turn the null selector; GS stays what it is, since the C
 * library's thread pointer lives there, and so do DS, CS and SS. ESP is compared as it was just
 * before the action. Of the floating-point state everything is compared but the addresses of the
 * last instruction and operand, which processors keep as they please.
 */
#pragma once
#include "check.h"
#include <asm/ldt.h>

enum {
	FLAGS_ALL = 0xcd5,		/* carry parity adjust zero sign direction overflow */
	FLAGS_FIXED = 0x202,		/* always set: reserved bit 1, interrupts on */
};

/* The offsets are the assembly's too. */
struct registers {
	uint32_t eax, ebx, ecx, edx, esi, edi, ebp, esp;
	uint32_t eflags;			/* 32 */
	uint16_t ds, es, fs, gs, cs, ss;	/* 36 ... 46 */
	uint8_t fpu[512];			/* 48: as FXSAVE writes it */
} __attribute__((aligned(16)));

_Static_assert(offsetof(struct registers, fpu) == 48, "the assembly below knows this");

/* Load all of *in but esp, which is written there, cs, ss and gs; int 0x80; store all in *out. */
void registers_through_syscall(struct registers *in, struct registers *out);

/* As above, but stay in the loop until registers_leave_loop() is called. */
void registers_through_loop(struct registers *in, struct registers *out);

/*
 * The loop is one jump through this variable, to itself: it needs no register and no flag. A signal
 * handler lets it go on by pointing it behind the loop.
 */
extern void *volatile registers_loop_target;
extern char registers_loop_start[], registers_loop_end[];

__asm__(".data\n"
	".globl registers_loop_target\n"
	"registers_loop_target: .long registers_loop_start\n"
	"registers_mxcsr: .long 0x1f80\n"
	".text\n"
	/*
	 * Called with in and out on the stack; leaves eax = in. All that must survive the action is
	 * on the stack, at fixed places, so that a signal handler may use these functions too.
	 */
	".macro REGISTERS_ENTER\n"
	"	push %ebp\n"
	"	push %edi\n"
	"	push %esi\n"
	"	push %ebx\n"
	"	push %fs\n"
	"	push %es\n"
	"	sub $4, %esp\n"		/* room for eax */
	"	mov 32(%esp), %eax\n"
	"	mov %esp, 28(%eax)\n"
	".endm\n"
	/* eax itself comes last. */
	".macro REGISTERS_LOAD\n"
	"	fxrstor 48(%eax)\n"
	"	mov 36(%eax), %ds\n"
	"	mov 38(%eax), %es\n"
	"	mov 40(%eax), %fs\n"
	"	pushl 32(%eax)\n"
	"	popfl\n"
	"	mov 4(%eax), %ebx\n"
	"	mov 8(%eax), %ecx\n"
	"	mov 12(%eax), %edx\n"
	"	mov 16(%eax), %esi\n"
	"	mov 20(%eax), %edi\n"
	"	mov 24(%eax), %ebp\n"
	"	mov 0(%eax), %eax\n"
	".endm\n"
	/* Nothing here changes a flag before the flags are stored. */
	".macro REGISTERS_STORE\n"
	"	mov %eax, 0(%esp)\n"
	"	mov 36(%esp), %eax\n"
	"	mov %ebx, 4(%eax)\n"
	"	mov %ecx, 8(%eax)\n"
	"	mov %edx, 12(%eax)\n"
	"	mov %esi, 16(%eax)\n"
	"	mov %edi, 20(%eax)\n"
	"	mov %ebp, 24(%eax)\n"
	"	mov %esp, 28(%eax)\n"
	"	pushfl\n"
	"	popl 32(%eax)\n"
	"	mov %ds, 36(%eax)\n"
	"	mov %es, 38(%eax)\n"
	"	mov %fs, 40(%eax)\n"
	"	mov %gs, 42(%eax)\n"
	"	mov %cs, 44(%eax)\n"
	"	mov %ss, 46(%eax)\n"
	"	fxsave 48(%eax)\n"
	"	mov 0(%esp), %ecx\n"
	"	mov %ecx, 0(%eax)\n"
	".endm\n"
	".macro REGISTERS_LEAVE\n"
	"	cld\n"
	"	fninit\n"
	"	ldmxcsr registers_mxcsr\n"
	"	add $4, %esp\n"
	"	pop %es\n"
	"	pop %fs\n"
	"	pop %ebx\n"
	"	pop %esi\n"
	"	pop %edi\n"
	"	pop %ebp\n"
	"	ret\n"
	".endm\n"
	".globl registers_through_syscall\n"
	"registers_through_syscall:\n"
	"	REGISTERS_ENTER\n"
	"	REGISTERS_LOAD\n"
	"	int $0x80\n"
	"	REGISTERS_STORE\n"
	"	REGISTERS_LEAVE\n"
	".globl registers_through_loop, registers_loop_start, registers_loop_end\n"
	"registers_through_loop:\n"
	"	REGISTERS_ENTER\n"
	"	REGISTERS_LOAD\n"
	"registers_loop_start:\n"
	"	jmp *registers_loop_target\n"
	"registers_loop_end:\n"
	"	REGISTERS_STORE\n"
	"	REGISTERS_LEAVE\n");

static inline void registers_leave_loop(void)
{
	registers_loop_target = registers_loop_end;
}

/* What FS:0 is where FS has a segment of its own. */
static const uint32_t registers_marker = 0x4d41524b;

/* The selector of a new segment, as large as they come, of this thread and its children. */
static inline uint16_t registers_new_segment(uintptr_t base)
{
	struct user_desc segment = {
		.entry_number = -1, .base_addr = base, .limit = 0xfffff, .seg_32bit = 1,
		.limit_in_pages = 1, .useable = 1,
	};

	CHECK_EQ(raw_syscall(SYS_set_thread_area, &segment), 0);
	return segment.entry_number << 3 | 3;
}

static uint16_t registers_es, registers_fs;	/* 0: not made yet */

/*
 * Distinct values everywhere, derived from `seed`; flags all set or all clear by its lowest bit,
 * FS null by the next.
 */
static inline struct registers registers_with_pattern(uint32_t seed)
{
	struct registers registers = {
		.eax = 0xa0000000 + seed, .ebx = 0xb0000000 + seed, .ecx = 0xc0000000 + seed,
		.edx = 0xd0000000 + seed, .esi = 0x51000000 + seed, .edi = 0xd1000000 + seed,
		.ebp = 0xb9000000 + seed, .eflags = FLAGS_FIXED | (seed & 1 ? FLAGS_ALL : 0),
	};
	uint8_t *fpu = registers.fpu;

	if (!registers_es) {
		registers_es = registers_new_segment(0);
		registers_fs = registers_new_segment((uintptr_t)&registers_marker);
	}
	__asm__("mov %%ds, %0" : "=r"(registers.ds));
	__asm__("mov %%gs, %0" : "=r"(registers.gs));
	__asm__("mov %%cs, %0" : "=r"(registers.cs));
	__asm__("mov %%ss, %0" : "=r"(registers.ss));
	registers.es = registers_es;
	registers.fs = seed & 2 ? 0 : registers_fs;
	memset(fpu, 0, sizeof(registers.fpu));
	*(uint16_t *)(fpu + 0) = seed & 1 ? 0x0c7f : 0x037f;	/* control: rounding differs */
	*(uint16_t *)(fpu + 2) = 3 << 11;			/* status: top of stack */
	fpu[4] = 0xff;						/* all eight in use */
	*(uint32_t *)(fpu + 24) = seed & 1 ? 0x7f80 : 0x9f80;	/* MXCSR: rounding or flush */
	for (int i = 0; i < 8; i++) {
		uint8_t *number = fpu + 32 + i * 16;

		for (int byte = 0; byte < 8; byte++)
			number[byte] = 0x80 | (i * 8 + byte + seed);
		number[8] = i + seed;
		number[9] = 0x3f;
		for (int byte = 0; byte < 16; byte++)
			fpu[160 + i * 16 + byte] = i * 16 + byte + seed * 3;
	}
	return registers;
}

/* A selector is worth as much as its segment: FS leads to where it led before. */
static inline void registers_check_segment(uint16_t selector)
{
	uint16_t before;
	uint32_t found;

	__asm__ volatile("mov %%fs, %0\n\tmov %2, %%fs\n\tmov %%fs:0, %1\n\tmov %0, %%fs"
			 : "=&r"(before), "=&r"(found) : "r"(selector));
	CHECK_EQ(found, registers_marker);
}

/* Everything but eax. */
static inline void registers_check_same(const struct registers *in, const struct registers *out)
{
	CHECK_EQ(out->ebx, in->ebx);
	CHECK_EQ(out->ecx, in->ecx);
	CHECK_EQ(out->edx, in->edx);
	CHECK_EQ(out->esi, in->esi);
	CHECK_EQ(out->edi, in->edi);
	CHECK_EQ(out->ebp, in->ebp);
	CHECK_EQ(out->esp, in->esp);
	CHECK_EQ(out->eflags, in->eflags);
	CHECK_EQ(out->ds, in->ds);
	CHECK_EQ(out->es, in->es);
	CHECK_EQ(out->fs, in->fs);
	CHECK_EQ(out->gs, in->gs);
	CHECK_EQ(out->cs, in->cs);
	CHECK_EQ(out->ss, in->ss);
	if (out->fs)
		registers_check_segment(out->fs);
	CHECK(memcmp(out->fpu, in->fpu, 5) == 0);		/* control, status, tags */
	CHECK(memcmp(out->fpu + 24, in->fpu + 24, 4) == 0);	/* MXCSR */
	for (int i = 0; i < 8; i++) {
		CHECK(memcmp(out->fpu + 32 + i * 16, in->fpu + 32 + i * 16, 10) == 0);
		CHECK(memcmp(out->fpu + 160 + i * 16, in->fpu + 160 + i * 16, 16) == 0);
	}
}

/* Overwrite all the floating-point and vector registers, as a signal handler may. */
static inline void registers_spoil_fpu(void)
{
	struct registers spoilt = registers_with_pattern(0x5a);

	__asm__ volatile("fxrstor %0" :: "m"(spoilt.fpu));
	__asm__ volatile("fninit; std; cld");
}

/*
 * Where things lie, for C and assembly; docs/memory-map.md draws it. KERNEL_BASE is arch/mmu.h's.
 */
#pragma once

#define LAYOUT_KERNEL_BASE	0xc0000000
#define LAYOUT_LOAD_ADDRESS	0x00100000	/* physical; nothing below is ever allocated */
#define LAYOUT_TRAMPOLINE	0x00008000	/* physical; where other CPUs start, in real mode */

#define LAYOUT_DIRECT_MAX	0x30000000	/* the direct map shows this much RAM at most */
#define LAYOUT_VMAP_START	0xf0000000
#define LAYOUT_VMAP_LIMIT	0xffc00000
#define LAYOUT_FIXED		0xffc00000	/* one page table: windows, then device pages */
#define LAYOUT_LOCAL_APIC	0xffc40000	/* page 64 of it */
/* 0xffe00000 to the end stays empty, so that small negative numbers are never good pointers. */

/*
 * Selectors, by Linux's numbers because programs see them; sysenter and sysexit fix the order of
 * four.
 */
#define SELECTOR_TLS_FIRST	0x33
#define SELECTOR_KERNEL_CODE	0x60
#define SELECTOR_KERNEL_DATA	0x68
#define SELECTOR_USER_CODE	0x73
#define SELECTOR_USER_DATA	0x7b
#define SELECTOR_TSS		0x80
#define SELECTOR_DOUBLE_FAULT	0xf8

/* DS << 16 | ES when both are flat; struct trap_frame.segments is what they were XOR this. */
#define FLAT_SEGMENTS		0x007b007b

/* Interrupt vectors. */
#define VECTOR_8259		0x20	/* sixteen lines */
#define VECTOR_SYSCALL		0x80
#define VECTOR_ALARM		0xf0
#define VECTOR_RESCHEDULE	0xf1
#define VECTOR_CALL		0xf2
#define VECTOR_SPURIOUS		0xff

/* Processor flags and control bits (Intel SDM vol. 3, 2.3, 2.5). */
#define EFLAGS_CF	0x00000001
#define EFLAGS_FIXED	0x00000002
#define EFLAGS_TF	0x00000100
#define EFLAGS_DF	0x00000400
#define EFLAGS_NT	0x00004000
#define EFLAGS_RF	0x00010000
#define EFLAGS_AC	0x00040000
#define EFLAGS_ID	0x00200000
/* What a program may change by its own means, and a debugger for it. */
#define EFLAGS_USER	0x00050dd5

#define DR6_BREAKPOINTS	0x0000000f
#define DR6_STEP	0x00004000	/* a single step, not a breakpoint */

#define CR0_PE		0x00000001
#define CR0_MP		0x00000002
#define CR0_EM		0x00000004
#define CR0_TS		0x00000008
#define CR0_NE		0x00000020
#define CR0_WP		0x00010000
#define CR0_AM		0x00040000
#define CR0_NW		0x20000000
#define CR0_CD		0x40000000
#define CR0_PG		0x80000000

#define CR4_PSE		0x00000010
#define CR4_PAE		0x00000020
#define CR4_PGE		0x00000080
#define CR4_OSFXSR	0x00000200
#define CR4_OSXMMEXCPT	0x00000400
#define CR4_UMIP	0x00000800
#define CR4_OSXSAVE	0x00040000
#define CR4_SMEP	0x00100000
#define CR4_SMAP	0x00200000

#define MSR_APIC_BASE		0x0000001b
#define MSR_SYSENTER_CS		0x00000174
#define MSR_SYSENTER_ESP	0x00000175
#define MSR_SYSENTER_EIP	0x00000176
#define MSR_TSC_DEADLINE	0x000006e0
#define MSR_EFER		0xc0000080
#define EFER_NXE		0x00000800

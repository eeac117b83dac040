/*
 * What the files of this folder share and nobody else sees. Each block names the file that
 * implements it.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arch/mmu.h"
#include "arch/trap_frame.h"
#include "core/compiler.h"
#include "core/types.h"

struct arch_thread;
struct machine_cpu;

/* kernel.ld */
extern char image_start[], text_end[], rodata_end[], image_end[];

/* boot.S */
extern mmu_entry kernel_directory[TABLE_ENTRIES], boot_pointer_table[4];
extern char boot_stack[];
extern uint32_t boot_magic, boot_information;	/* the loader's EAX and EBX */
extern uint64_t boot_counter;			/* the TSC at the beginning */

/* boot_info.c: copy what the loader left, before anything is allocated. */
void boot_info_read(void);
/* The end of the RAM that we know of. */
phys_addr boot_memory_end(void);

/* cpu.c */
void cpu_identify(void);
void cpu_setup_registers(void);	/* on each CPU: control registers, EFER; needs cpu_identify() */
bool cpu_has_tsc_deadline(void);
/*
 * The counter's and the local APIC timer's rate in kHz as the processor or a hypervisor tells them;
 * 0: not told.
 */
void cpu_read_rates(uint32_t *tsc_khz, uint32_t *apic_khz);

/* gdt.c: this CPU's descriptor table, task state and sysenter registers. */
void gdt_init(unsigned int cpu, void *stack, void *double_fault_stack);

/* idt.c */
void idt_init(void);	/* once */
void idt_load(void);	/* on each CPU */

/* paging.c */
void paging_init(void);
extern mmu_entry kernel_pointer_table[4];
phys_addr kernel_root(void);
bool paging_is_mapped(uintptr_t kernel_address);
/* Copy from anywhere in physical memory, through a window. Preemption off. */
void phys_read(void *to, phys_addr from, size_t size);
/* Show a device page at a LAYOUT_ address of the fixed table. */
void fixed_map_device(uintptr_t address, phys_addr page);

/* tlb.c: give the space up on every CPU; load its root again if this CPU has it. */
void mmu_space_evict(struct mmu_space *space);
void mmu_space_reload(struct mmu_space *space);

/* page_copy.c: measure and choose; user_copy.c and cpu_clear_page() ask. */
void page_copy_init(void);
extern bool page_copy_prefers_sse;

/*
 * user_copy.c: write STAC and CLAC into the user copies if the CPU has SMAP; before text becomes
 * read-only.
 */
void user_copy_patch(void);

/* trap.c: called by entry.S with interrupts off. */
void trap_common(struct trap_frame *frame);
void trap_debug(struct trap_frame *frame);
void trap_page_fault(struct trap_frame *frame, uintptr_t address);
void trap_interrupt(struct trap_frame *frame);
void trap_nmi(struct trap_frame *frame);
noreturn void trap_double_fault(void);
noreturn void trap_flags_of_program(uint32_t flags);

/* umip.c: a general protection fault of a program that was SGDT or its kin. True: done for it. */
bool umip_emulate(struct trap_frame *frame);

/* interrupts.c */
void interrupts_init(void);
void interrupts_handle(unsigned int vector);	/* interrupts off */

/* apic.c */
void apic_init(void);		/* find and turn on the boot CPU's; needs paging_init() */
void apic_init_cpu(void);	/* on each other CPU */
bool apic_is_present(void);
uint8_t apic_id(void);
void apic_end_of_interrupt(void);
void apic_send(uint8_t apic_id, unsigned int vector);
void apic_send_nmi(uint8_t apic_id);
void apic_send_init(uint8_t apic_id);
void apic_send_startup(uint8_t apic_id, unsigned int page);
void apic_timer_start(uint32_t count);	/* one shot, at apic_timer_khz(); 0 stops it */
uint32_t apic_timer_read(void);
void apic_timer_use_deadline(void);	/* this CPU's timer follows MSR_TSC_DEADLINE */

/* smp_tables.c: local APIC numbers of the CPUs that firmware lists, the boot CPU's first. */
size_t smp_tables_read(uint8_t apic_ids[], size_t limit);

/* ipi.c */
void ipi_handle_calls(void);
void ipi_stop_here(struct trap_frame *frame);	/* in the NMI of a panic: never returns */
bool ipi_is_stopping(void);

/* smp_boot.c */
void smp_find(void);	/* needs apic_init() */

/* The 8254 timer, whose channel 0 alarm.c uses and channel 2 clock.c. */
enum { PORT_TIMER_COMMAND = 0x43, TIMER_HZ = 1193182 };

/* clock.c */
void clock_start_calibration(void);
void clock_finish_calibration(void);
uint32_t apic_timer_khz(void);
uint64_t clock_ns_to_counter(uint64_t ns);	/* from a time of arch_clock_ns() */
void clock_spin_us(uint32_t microseconds);

/* alarm.c */
void alarm_init(void);		/* choose the device; boot CPU */
void alarm_init_cpu(void);	/* on each CPU */
void alarm_interrupt(void);
bool alarm_uses_irq(unsigned int irq);

/* switch.S */
void switch_stacks(uint32_t *from_sp, uint32_t to_sp);
void stack_begin(void);
noreturn void enter_user(void *frame);

/* entry.S */
extern const uintptr_t trap_stubs[256];
void entry_sysenter(void);
void sysenter_on_stack(void);
void sysenter_on_stack_traced(void);
void double_fault_entry(void);
void trap_iret(void);		/* the one iret that leaves for user mode by the full path */
void trap_fast_iret(void);	/* the system call's */

/* switch.S: load a selector that may be bad. False: it was, and the register is 0. */
bool segment_load_fs(uint32_t selector);
bool segment_load_gs(uint32_t selector);

/* fpu.c */
void fpu_init_cpu(void);
#define FPU_FXSAVE_SIZE 512
#define FPU_XSAVE_SIZE	832	/* FXSAVE's form, a header of 64 bytes, AVX's upper halves */
#define FPU_XSAVE_HEADER_SIZE 64
#define FPU_XFEATURES	7	/* x87, SSE, AVX */
#define FXSAVE_MXCSR_OFFSET 24
extern bool fpu_has_fxsr, fpu_has_xsave;
/* The same in one word, for switches. */
enum fpu_form { FPU_FORM_FNSAVE, FPU_FORM_FXSAVE, FPU_FORM_XSAVE };
extern enum fpu_form fpu_form;
extern size_t fpu_image_size;	/* of every thread's image; constant once the CPU is known */
extern uint32_t fpu_mxcsr_reserved;	/* bits that must not be set; constant likewise */
void fpu_init_image(void *image);
/*
 * Of the running thread: bring its image up to date; or make the image the truth, after it was
 * changed.
 */
void fpu_sync_for_read(struct arch_thread *thread);
void fpu_forget_registers(struct arch_thread *thread);
/* Its registers are live from here on, and until interrupts are on again; or are made so. */
void fpu_make_live(struct arch_thread *thread);
void fpu_registers_loaded(struct arch_thread *thread);
/* They hold nobody's any more. Interrupts off. */
void fpu_registers_lost(void);
/* Initial registers for the running thread, empty x87 ones with whatever they held. */
void fpu_reset_registers(struct arch_thread *thread);
/* The same where the x87 ones are initial already, and all are live. Interrupts off. */
void fpu_reset_sse(void);

/* tls.c; tls_fork and tls_clear are for the running thread as parent, or as itself. */
/* Its descriptors into this CPU's table, and FS and GS. Interrupts off; `self` is this CPU. */
void tls_load(struct machine_cpu *self, const struct arch_thread *thread);
void tls_fork(struct arch_thread *child, const struct arch_thread *parent);
void tls_clear(struct arch_thread *thread);
/* The running thread's are in memory alone; loaded again. Interrupts off. */
void tls_park(struct arch_thread *thread);
void tls_unpark(struct arch_thread *thread);

/* debug_registers.c */
#define DEBUG_STATE_SIZE 32
/*
 * A debug trap came on this thread, with DR6 as it says: which of its own breakpoints were hit, a
 * bit each. Interrupts off.
 */
unsigned int debug_trap(struct arch_thread *thread, struct trap_frame *frame, uint32_t status);
void debug_note_step(struct arch_thread *thread);

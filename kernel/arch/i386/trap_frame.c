/*
 * Registers for a panic.
 */
#include "arch/trap_frame.h"
#include "core/printk.h"

void trap_frame_print(const struct trap_frame *frame)
{
	uint32_t cr2, cr3;

	__asm__ volatile("movl %%cr2, %0" : "=r"(cr2));
	__asm__ volatile("movl %%cr3, %0" : "=r"(cr3));
	printk(LOG_EMERGENCY, "  trap %u, error %#x, from %s mode", frame->vector, frame->error,
	       trap_frame_is_user(frame) ? "user" : "kernel");
	printk(LOG_EMERGENCY, "  eax %08x  ebx %08x  ecx %08x  edx %08x", frame->eax, frame->ebx,
	       frame->ecx, frame->edx);
	printk(LOG_EMERGENCY, "  esi %08x  edi %08x  ebp %08x  eflags %08x", frame->esi, frame->edi,
	       frame->ebp, frame->eflags);
	printk(LOG_EMERGENCY, "  eip %08x  cs %04x  cr2 %08x  cr3 %08x", frame->eip, frame->cs, cr2,
	       cr3);
	/* The machine pushes these two only when it comes from user mode. */
	if (trap_frame_is_user(frame))
		printk(LOG_EMERGENCY, "  esp %08x  ss %04x", frame->esp, frame->ss);
}

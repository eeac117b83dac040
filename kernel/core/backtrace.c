/*
 * Who called whom.
 *
 * Debug kernels keep frame pointers: each frame begins with the caller's frame pointer and the
 * return address, and the chain must go up within one stack. Release kernels have none, so there
 * every word of the stack that could be a return address is shown, marked with `?`: some of them
 * are left over from calls that have long returned. If a chain breaks off at once, the words are
 * shown as well.
 */
#include "core/backtrace.h"
#include <stdbool.h>
#include "arch/stack.h"
#include "core/config.h"
#include "core/printk.h"
#include "core/symbols.h"

enum {
	FRAMES_MAX = 40,
	SCANNED_MAX = 30,	/* lines shown by scan_stack */
};

struct stack_range {
	uintptr_t start;	/* the stack pointer: nothing below is in use */
	uintptr_t end;
};

static struct stack_range stack_of(uintptr_t stack_pointer)
{
	uintptr_t base = stack_pointer & ~(uintptr_t)(KERNEL_STACK_SIZE - 1);
	uintptr_t word = sizeof(uintptr_t);

	return (struct stack_range){ (stack_pointer + word - 1) & ~(word - 1),
				     base + KERNEL_STACK_SIZE };
}

static void print_instruction(uintptr_t address)
{
	char place[80];

	symbol_format(place, sizeof(place), address);
	printk(LOG_EMERGENCY, "  %p %s", (void *)address, place);
}

/*
 * A return address is behind its call: after a call that never returns, it may be behind the whole
 * function. So the name is that of the byte before it. False: it is not in kernel text.
 */
static bool print_return_address(uintptr_t address, const char *mark)
{
	const char *name;
	size_t offset;

	if (!symbol_find(address - 1, &name, &offset))
		return false;
	printk(LOG_EMERGENCY, "  %p %s+%#zx%s", (void *)address, name, offset + 1, mark);
	return true;
}

/* Returns how many frames there were. */
static unsigned int walk_frames(const struct stack_range *stack, uintptr_t frame_pointer)
{
	unsigned int count = 0;

	while (count < FRAMES_MAX && frame_pointer >= stack->start &&
	       frame_pointer <= stack->end - 2 * sizeof(uintptr_t) &&
	       frame_pointer % sizeof(uintptr_t) == 0) {
		const uintptr_t *frame = (const uintptr_t *)frame_pointer;

		if (!print_return_address(frame[1], ""))
			break;
		count++;
		if (frame[0] <= frame_pointer)
			break;
		frame_pointer = frame[0];
	}
	return count;
}

static void scan_stack(const struct stack_range *stack)
{
	unsigned int shown = 0;

	for (uintptr_t at = stack->start; at < stack->end && shown < SCANNED_MAX;
	     at += sizeof(uintptr_t)) {
		if (print_return_address(*(const uintptr_t *)at, " ?"))
			shown++;
	}
}

void backtrace_print(uintptr_t instruction, uintptr_t frame_pointer, uintptr_t stack_pointer)
{
	struct stack_range stack = stack_of(stack_pointer);

	print_instruction(instruction);
	if (!CONFIG_DEBUG || walk_frames(&stack, frame_pointer) < 2)
		scan_stack(&stack);
}

noinline void backtrace_print_here(void)
{
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0);

	backtrace_print((uintptr_t)__builtin_return_address(0),
			CONFIG_DEBUG ? *(uintptr_t *)frame : 0, frame);
}

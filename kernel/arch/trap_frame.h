/*
 * The registers of an interrupted program, as entry.S leaves them on the kernel stack.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "machine/trap_frame.h" /* struct trap_frame and the inline accessors below */
/*
 *	bool trap_frame_is_user(const struct trap_frame *frame)
 *	uintptr_t trap_frame_instruction / trap_frame_stack(frame)	and _set_ forms
 *	int32_t trap_frame_result(frame), void trap_frame_set_result(frame, int32_t)
 *	bool trap_frame_is_interrupt(frame)		entered by a hardware interrupt
 *	uint32_t trap_frame_call_number(frame)		the system call's number as entered
 *	uint32_t trap_frame_argument(frame, n)		the nth system-call argument, from 0
 *	void trap_frame_rewind(frame)			back before the system-call instruction
 *	uintptr_t trap_frame_frame_pointer / trap_frame_kernel_stack(frame)	for backtraces
 */

/* Prints all registers, for panics. */
void trap_frame_print(const struct trap_frame *frame);

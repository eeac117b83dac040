/*
 * The stack protector: a word between a function's buffers and its return address.
 */
#pragma once

/*
 * Choose the word. Once, at the start of the boot processor, by a function that never returns: one
 * that is under way has the old word on its stack.
 */
void stack_guard_init(void);

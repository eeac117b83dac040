/*
 * What a thread keeps of the simulated machine while it does not run.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct arch_thread {
	void *sp;	/* [c] where sim_switch_stacks left it; registers lie above */
};

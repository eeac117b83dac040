/* The real one: nothing in it needs the kernel's privileges. */
#pragma once
#include "../../../../kernel/arch/i386/machine/trap_frame.h"

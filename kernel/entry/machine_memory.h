/*
 * Memory that arch/ asks for (arch/upcall.h): it lies below mem/ and cannot call it.
 */
#pragma once

/* After mem/, before the first address space or user thread. */
void machine_memory_init(void);

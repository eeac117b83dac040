/*
 * Page faults: from an address to a page-table entry.
 */
#pragma once
#include "arch/upcall.h"
#include "vm/address_space.h"

/* How a fault ended; entry/page_fault.c turns the bad ones into signals. */
enum fault_result {
	FAULT_OK,		/* satisfied (or was already): run on */
	FAULT_BAD_ADDRESS,	/* SIGSEGV, SEGV_MAPERR */
	FAULT_BAD_ACCESS,	/* SIGSEGV, SEGV_ACCERR */
	FAULT_BUS_ADDRESS,	/* SIGBUS, BUS_ADRERR: past the end of the file, or a disk error */
	FAULT_NO_MEMORY,	/* the out-of-memory killer has chosen (or will choose) somebody */
	FAULT_KILLED,		/* the faulting thread is being killed: it unwinds */
};

/*
 * Satisfy a fault of `space` at user address `address`. `major` (may be NULL) says whether a
 * disk had to be read. May sleep. Locks: none held.
 */
enum fault_result vm_fault(struct address_space *space, uintptr_t address, enum fault_access access,
			   bool *major);
/*
 * Nothing was mapped there, said vm_fault: let the stack above grow down to it, if there is one,
 * and try again. Apart, because only this asks for limits.
 */
enum fault_result vm_fault_below_stack(struct address_space *space, uintptr_t address,
				       enum fault_access access, const struct vm_limits *limits,
				       bool *major);

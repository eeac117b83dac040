/* Provoking faults and looking at what the kernel says about them, without dying of them. */
#pragma once
#include "check.h"
#include <setjmp.h>

/* What a fault in fault_try() looked like. */
struct fault {
	int signal;		/* 0: there was none */
	int code;
	uintptr_t address;
};

static sigjmp_buf fault_return;
static volatile struct fault fault_seen;

static void fault_handler(int signal, siginfo_t *info, void *context)
{
	(void)context;
	fault_seen.signal = signal;
	fault_seen.code = info->si_code;
	fault_seen.address = (uintptr_t)info->si_addr;
	siglongjmp(fault_return, 1);
}

/* Run `touch(address)`; says which fault it ended in, or that it did not. */
static inline struct fault fault_try(void (*touch)(volatile char *), volatile char *address)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		handle_signal_info(signals[i], fault_handler, 0);
	fault_seen.signal = 0;
	fault_seen.code = 0;
	fault_seen.address = 0;
	if (sigsetjmp(fault_return, 1) == 0)
		touch(address);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		handle_signal(signals[i], SIG_DFL, 0);
	return (struct fault){ fault_seen.signal, fault_seen.code, fault_seen.address };
}

static inline void touch_read(volatile char *address)
{
	(void)*address;
}

static inline void touch_write(volatile char *address)
{
	*address = 'w';
}

static inline void touch_execute(volatile char *address)
{
	((void (*)(void))(uintptr_t)address)();
}

#define CHECK_FAULT(touch, at, wanted_signal, wanted_code) do { \
	struct fault check_fault = fault_try(touch, at); \
	CHECK_EQ(check_fault.signal, wanted_signal); \
	CHECK_EQ(check_fault.code, wanted_code); \
	CHECK_EQ(check_fault.address, (uintptr_t)(at)); \
} while (0)

#define CHECK_NO_FAULT(touch, at) CHECK_EQ(fault_try(touch, at).signal, 0)

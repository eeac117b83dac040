/* A panic ends the test program, unless the test expects it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/panic.h"
#include "host.h"
#include "test.h"

static _Thread_local jmp_buf panic_point;
static _Thread_local bool is_expected;
static _Thread_local bool has_panicked;
static char reason[300];

jmp_buf *test_panic_begin(void)
{
	is_expected = true;
	has_panicked = false;
	return &panic_point;
}

bool test_panic_end(void)
{
	is_expected = false;
	return has_panicked;
}

const char *test_panic_reason(void)
{
	return reason;
}

_Bool panic_in_progress(void)
{
	return false;
}

static noreturn void end(const char *format, va_list arguments)
{
	vsnprintf(reason, sizeof(reason), format, arguments);
	if (is_expected) {
		is_expected = false;
		has_panicked = true;
		longjmp(panic_point, 1);
	}
	printf("panic: %s\n", reason);
	abort();
}

void panic(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	end(format, arguments);
}

void panic_at(const struct trap_frame *frame, const char *format, ...)
{
	va_list arguments;

	(void)frame;
	va_start(arguments, format);
	end(format, arguments);
}

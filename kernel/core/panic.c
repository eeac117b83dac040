/*
 * The end of a broken kernel.
 *
 * The first CPU that panics speaks: the reason, its registers if a trap brought it here, its
 * backtrace and its locks; then it stops the others, and each of them prints where it was. A CPU
 * that panics while another does waits to be stopped. A panic inside a panic says only its reason.
 */
#include "core/panic.h"
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include "arch/cpu.h"
#include "arch/irq_flags.h"
#include "arch/smp.h"
#include "arch/trap_frame.h"
#include "core/backtrace.h"
#include "core/boot_args.h"
#include "core/config.h"
#include "core/lock_check.h"
#include "core/printk.h"
#include "core/stack_header.h"
#include "lib/format.h"
#include "lib/string.h"

enum { NO_CPU = -1 };

static atomic_int panicking_cpu = NO_CPU;

_Bool panic_in_progress(void)
{
	return atomic_load_explicit(&panicking_cpu, memory_order_relaxed) != NO_CPU;
}

/* With panic=SECONDS on the command line, as on Linux, the machine restarts; we do not wait. */
static noreturn void end_machine(void)
{
	static atomic_bool is_ending;
	const char *wish = boot_args_get("panic");

	/* Not once more if restarting itself has panicked. */
	if (!atomic_exchange(&is_ending, true) && wish && strcmp(wish, "0") != 0)
		machine_restart();
	cpu_halt_forever();
}

/* Returns on the one CPU that is to report. `reason` is what to say if it reports already. */
static void become_reporter(const char *reason)
{
	int self = (int)cpu_index();
	int reporter = NO_CPU;

	if (atomic_compare_exchange_strong(&panicking_cpu, &reporter, self))
		return;
	if (reporter == self) {
		printk(LOG_EMERGENCY, "panic in a panic: %s", reason);
		end_machine();
	}
	cpu_halt_forever();
}

static void print_where(const struct trap_frame *frame)
{
	if (!frame) {
		backtrace_print_here();
		return;
	}
	trap_frame_print(frame);
	backtrace_print(trap_frame_instruction(frame), trap_frame_frame_pointer(frame),
			trap_frame_kernel_stack(frame));
}

static noreturn cold void report(const struct trap_frame *frame, const char *format,
				 va_list arguments)
{
	char reason[200];

	irq_disable();
	vsnprintf(reason, sizeof(reason), format, arguments);
	become_reporter(reason);
	printk_set_level(LOG_DEBUG);
	printk(LOG_EMERGENCY, "panic on CPU %u, thread %p: %s", cpu_index(),
	       (const void *)thread_current(), reason);
	print_where(frame);
	if (CONFIG_LOCK_CHECK)
		lock_check_print(stack_header()->locks);
	smp_stop_others();
	printk(LOG_EMERGENCY, "end of panic");
	end_machine();
}

void panic(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report(NULL, format, arguments);
}

void panic_at(const struct trap_frame *frame, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report(frame, format, arguments);
}

/*
 * Traced system calls, and the handler of those that do not exist.
 *
 * A thread that another one traces (proc/ptrace.h) has RETURN_WORK_TRACE set, and so takes the slow
 * way through entry.S, which comes here before and after each call. With trace=syscall on the
 * command line every thread does, and the log then reads like strace's.
 */
#include "entry/syscall.h"
#include "arch/upcall.h"
#include "core/boot_args.h"
#include "core/printk.h"
#include "core/stack_header.h"
#include "lib/format.h"
#include "lib/string.h"
#include "proc/process.h"
#include "syscall/syscall_names.h"
#include "uapi/linux/errno.h"

enum { ARGUMENTS_MAX = 6 };

static bool trace_is_on;	/* constant after boot */

void syscall_trace_init(void)
{
	const char *wish = boot_args_get("trace");

	trace_is_on = wish && strcmp(wish, "syscall") == 0;
	if (trace_is_on)
		printk_set_level(LOG_DEBUG);
}

bool syscall_trace_is_on(void)
{
	return trace_is_on;
}

static const char *call_name(uint32_t number)
{
	if (number >= syscall_name_count || !syscall_names[number].name)
		return "unknown";
	return syscall_names[number].name;
}

/* The table lists arguments as words "name:kind", so there are as many as colons. */
static unsigned int argument_count(uint32_t number)
{
	unsigned int count = 0;

	if (number >= syscall_name_count || !syscall_names[number].arguments)
		return ARGUMENTS_MAX;
	for (const char *at = syscall_names[number].arguments; *at; at++)
		count += *at == ':';
	return count < ARGUMENTS_MAX ? count : ARGUMENTS_MAX;
}

static void print_call(const struct trap_frame *frame)
{
	uint32_t number = trap_frame_call_number(frame);
	unsigned int count = argument_count(number);
	char text[ARGUMENTS_MAX * 12] = "";
	size_t length = 0;

	for (unsigned int i = 0; i < count; i++)
		length += scnprintf(text + length, sizeof(text) - length, "%s%#x", i ? ", " : "",
				    trap_frame_argument(frame, i));
	printk(LOG_DEBUG, "[%d %s] %s/%u(%s)", user_thread_current()->id, thread_current()->name,
	       call_name(number), number, text);
}

uintptr_t upcall_syscall_enter(struct trap_frame *frame)
{
	uint32_t number;

	/* What a tracer sees, and what a call that is not made returns unless it says otherwise. */
	trap_frame_set_result(frame, -ENOSYS);
	if (trace_is_on)
		print_call(frame);
	if (!trace_syscall_enter(frame) || !trap_frame_is_syscall(frame))
		return 0;
	number = trap_frame_call_number(frame);
	return number < syscall_count ? syscall_table[number] : 0;
}

void upcall_syscall_leave(struct trap_frame *frame)
{
	if (trace_is_on)
		printk(LOG_DEBUG, "[%d %s] %s = %d", user_thread_current()->id,
		       thread_current()->name, call_name(trap_frame_call_number(frame)),
		       trap_frame_result(frame));
	trace_syscall_leave(frame);
}

int sys_ni(void)
{
	return -ENOSYS;
}

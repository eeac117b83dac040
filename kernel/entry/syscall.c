/*
 * Traced system calls, and the handler of those that do not exist.
 *
 * With trace=syscall on the command line each thread takes the slow way through entry.S
 * (RETURN_WORK_TRACE), which comes here before and after the call; the log then reads like
 * strace's.
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

void upcall_syscall_enter(struct trap_frame *frame)
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

void upcall_syscall_leave(struct trap_frame *frame)
{
	printk(LOG_DEBUG, "[%d %s] %s = %d", user_thread_current()->id, thread_current()->name,
	       call_name(trap_frame_call_number(frame)), trap_frame_result(frame));
}

int sys_ni(void)
{
	return -ENOSYS;
}

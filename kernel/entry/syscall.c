/*
 * Traced system calls, and the handler of those that do not exist.
 *
 * A thread that another one traces (proc/ptrace.h) has RETURN_WORK_TRACE set, and so takes the slow
 * way through entry.S, which comes here before and after each call; so does one that has a gate
 * before its calls (proc/call_gate.h), which comes before the tracer. While the event ring records
 * system calls every thread does; and while stale bytes are looked for (core/stale.h); and with
 * trace=syscall on the command line, when the log reads like strace's.
 */
#include "entry/syscall.h"
#include "arch/upcall.h"
#include "arch/user_copy.h"
#include "core/boot_args.h"
#include "core/event_ring.h"
#include "core/printk.h"
#include "core/stale.h"
#include "core/stack_header.h"
#include "lib/format.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "proc/call_gate.h"
#include "proc/process.h"
#include "syscall/syscall_names.h"
#include "uapi/linux/errno.h"

enum { ARGUMENTS_MAX = 6, TEXT_MAX = 4 * QUARTET_TEXT_SIZE };

bool syscall_trace_is_wished;

void syscall_trace_init(void)
{
	const char *wish = boot_args_get("trace");

	syscall_trace_is_wished = wish && strcmp(wish, "syscall") == 0;
	if (syscall_trace_is_wished)
		printk_set_level(LOG_DEBUG);
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

/* ---- for the event ring: what a pointer points to follows as text ---- */

static void record_string(uintptr_t address)
{
	char text[TEXT_MAX];
	ssize_t length = string_from_user(text, (user_addr)address, sizeof(text));

	event_record_text(length < 0 ? "" : text, sizeof(text));
}

static void record_bytes(uintptr_t address, size_t size)
{
	char text[QUARTET_TEXT_SIZE];

	size = min(size, sizeof(text));
	if (copy_from_user(text, (user_addr)address, size))
		size = 0;
	event_record_text(text, size);
}

/* The value of the argument whose name begins `name`, which a bracket ends; 0: there is none. */
static uint32_t argument_named(const struct trap_frame *frame, const char *arguments,
			       const char *name)
{
	size_t length = (size_t)(strchr(name, ')') ? strchr(name, ')') - name : 0);
	unsigned int index = 0;

	for (const char *at = arguments; at; at = strchr(at, ' '), index++) {
		at += *at == ' ';
		if (length && strncmp(at, name, length) == 0 && at[length] == ':')
			return trap_frame_argument(frame, index);
	}
	return 0;
}

static void record_texts(const struct trap_frame *frame, const char *arguments)
{
	unsigned int index = 0;

	for (const char *at = strchr(arguments, ':'); at && index < ARGUMENTS_MAX;
	     at = strchr(at, ':'), index++) {
		at++;
		if (strncmp(at, "path", 4) == 0 || strncmp(at, "string", 6) == 0)
			record_string(trap_frame_argument(frame, index));
		else if (strncmp(at, "in(", 3) == 0 && argument_named(frame, arguments, at + 3))
			record_bytes(trap_frame_argument(frame, index),
				     argument_named(frame, arguments, at + 3));
	}
}

static void record_call(const struct trap_frame *frame)
{
	uint32_t number = trap_frame_call_number(frame);
	uint32_t words[QUARTET_EVENT_WORDS] = { number };

	for (unsigned int i = 0; i < ARGUMENTS_MAX; i++)
		words[i + 1] = trap_frame_argument(frame, i);
	event_record(QUARTET_EVENT_SYSCALL_ENTER, words);
	if (number < syscall_name_count && syscall_names[number].arguments &&
	    event_is_on(QUARTET_EVENT_TEXT))
		record_texts(frame, syscall_names[number].arguments);
}

/* Nobody wants to know of this thread's calls any more, unless a tracer attaches just now. */
static void stop_watching(struct user_thread *thread)
{
	irq_flags flags = spin_lock_irq(&thread->process->signal_lock);

	if (!atomic_load_explicit(&thread->trace.tracer, memory_order_relaxed))
		atomic_fetch_and_explicit(&stack_header()->return_work, ~RETURN_WORK_TRACE,
					  memory_order_relaxed);
	spin_unlock_irq(&thread->process->signal_lock, flags);
}

static unsigned int work_of_current(void)
{
	return atomic_load_explicit(&stack_header()->return_work, memory_order_relaxed);
}

uintptr_t upcall_syscall_enter(struct trap_frame *frame)
{
	uint32_t number;

	/* What a tracer sees, and what a call that is not made returns unless it says otherwise. */
	trap_frame_set_result(frame, -ENOSYS);
	if (syscall_trace_is_wished)
		print_call(frame);
	if (event_is_on(QUARTET_EVENT_SYSCALL_ENTER))
		record_call(frame);
	if ((work_of_current() & RETURN_WORK_GATE) && !call_gate_pass(frame))
		return 0;
	if (!trace_syscall_enter(frame) || !trap_frame_is_syscall(frame))
		return 0;
	number = trap_frame_call_number(frame);
	return number < syscall_count ? syscall_table[number] : 0;
}

void upcall_syscall_leave(struct trap_frame *frame)
{
	if (syscall_trace_is_wished)
		printk(LOG_DEBUG, "[%d %s] %s = %d", user_thread_current()->id,
		       thread_current()->name, call_name(trap_frame_call_number(frame)),
		       trap_frame_result(frame));
	event_note(QUARTET_EVENT_SYSCALL_LEAVE, trap_frame_call_number(frame),
		   (uint32_t)trap_frame_result(frame));
	if (!(work_of_current() & RETURN_WORK_GATE) ||
	    !call_gate_take_told(user_thread_current()))
		trace_syscall_leave(frame);
	if (!syscall_trace_is_on())
		stop_watching(user_thread_current());
}

int sys_ni(void)
{
	return -ENOSYS;
}

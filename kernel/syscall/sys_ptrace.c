/*
 * ptrace(2): finding the tracee, and carrying its registers and memory across.
 *
 * A request first freezes the tracee, then is carried out, then thaws it; those that let it go on
 * do so themselves.
 */
#include "arch/context.h"
#include "arch/debug.h"
#include "arch/user_copy.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "proc/process.h"
#include "proc/ptrace.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/ldt.h"
#include "uapi/linux/ptrace.h"
#include "vm/address_space.h"

enum { WORD = sizeof(uint32_t), TLS_FIRST = 6, TLS_COUNT = 3, SIGNAL_SET_SIZE = 8 };

static struct trap_frame *frame_of(struct user_thread *tracee)
{
	return arch_user_frame(tracee->thread.stack);
}

/* ---- memory ---- */

static int access_word(struct user_thread *tracee, uintptr_t address, uint32_t *word, bool write)
{
	struct address_space *space;
	ssize_t done;

	if (!trace_may_access_memory(tracee))
		return -EIO;
	space = process_space_get(tracee->process);
	if (!space)
		return -EIO;
	done = address_space_access(space, address, word, WORD, write, true);
	address_space_put(space);
	return done == WORD ? 0 : -EIO;
}

static int peek_memory(struct user_thread *tracee, uintptr_t address, user_addr to)
{
	uint32_t word;
	int error = access_word(tracee, address, &word, false);

	return error ? error : put_user_u32(to, word);
}

/* ---- struct user ---- */

static bool is_debug_offset(uintptr_t offset)
{
	return offset >= USER_DEBUG_OFFSET && offset < USER_DEBUG_OFFSET + WORD * USER_DEBUG_COUNT;
}

static int peek_user(struct user_thread *tracee, uintptr_t offset, user_addr to)
{
	uint32_t word = 0;

	if (offset % WORD || offset >= USER_SIZE)
		return -EIO;
	if (offset < WORD * USER_REGISTER_COUNT)
		word = arch_register_get(&tracee->thread.arch, frame_of(tracee), offset / WORD);
	else if (is_debug_offset(offset))
		word = arch_debug_register_get(&tracee->thread.arch,
					       (offset - USER_DEBUG_OFFSET) / WORD);
	return put_user_u32(to, word);
}

static int poke_user(struct user_thread *tracee, uintptr_t offset, uint32_t value)
{
	int error;

	if (offset % WORD || offset >= USER_SIZE)
		return -EIO;
	if (offset < WORD * USER_REGISTER_COUNT) {
		error = arch_register_set(&tracee->thread.arch, frame_of(tracee), offset / WORD,
					  value);
		trace_registers_changed(tracee);
		return error;
	}
	if (!is_debug_offset(offset))
		return -EIO;
	error = arch_debug_register_set(&tracee->thread.arch,
					(offset - USER_DEBUG_OFFSET) / WORD, value);
	if (!error)
		thread_add_return_work(&tracee->thread, RETURN_WORK_DEBUG);
	return error;
}

/* ---- whole sets of registers ---- */

static int get_general(struct user_thread *tracee, void *to)
{
	uint32_t *words = to;

	for (unsigned int i = 0; i < USER_REGISTER_COUNT; i++)
		words[i] = arch_register_get(&tracee->thread.arch, frame_of(tracee), i);
	return 0;
}

/* As far as it goes, in order, like Linux: a bad selector ends it. */
static int set_general(struct user_thread *tracee, const void *from, size_t size)
{
	const uint32_t *words = from;
	int error = 0;

	for (unsigned int i = 0; i < size / WORD && !error; i++)
		error = arch_register_set(&tracee->thread.arch, frame_of(tracee), i, words[i]);
	trace_registers_changed(tracee);
	return error;
}

static int get_fpu(struct user_thread *tracee, void *to)
{
	arch_fpu_get_legacy(&tracee->thread.arch, to);
	return 0;
}

static int set_fpu(struct user_thread *tracee, const void *from, size_t size)
{
	uint8_t whole[USER_FPREGS_SIZE];

	arch_fpu_get_legacy(&tracee->thread.arch, whole);
	memcpy(whole, from, size);
	arch_fpu_set_legacy(&tracee->thread.arch, whole);
	return 0;
}

static int get_fpu_extended(struct user_thread *tracee, void *to)
{
	return arch_fpu_get_extended(&tracee->thread.arch, to);
}

static int set_fpu_extended(struct user_thread *tracee, const void *from, size_t size)
{
	if (size != USER_FPXREGS_SIZE)
		return -EINVAL;
	return arch_fpu_set_extended(&tracee->thread.arch, from);
}

static int get_fpu_whole(struct user_thread *tracee, void *to)
{
	return arch_fpu_get_whole(&tracee->thread.arch, to);
}

/* Linux's error for a part of it. */
static int set_fpu_whole(struct user_thread *tracee, const void *from, size_t size)
{
	if (size != USER_XSTATE_SIZE)
		return -EFAULT;
	return arch_fpu_set_whole(&tracee->thread.arch, from);
}

static int get_tls(struct user_thread *tracee, void *to)
{
	struct user_desc *descriptors = to;
	int error = 0;

	for (unsigned int i = 0; i < TLS_COUNT && !error; i++) {
		descriptors[i].entry_number = TLS_FIRST + i;
		error = arch_tls_get(&tracee->thread.arch, &descriptors[i]);
	}
	return error;
}

static int set_tls(struct user_thread *tracee, const void *from, size_t size)
{
	const struct user_desc *descriptors = from;
	int error = 0;

	for (unsigned int i = 0; i < size / sizeof(*descriptors) && !error; i++) {
		struct user_desc descriptor = descriptors[i];

		descriptor.entry_number = TLS_FIRST + i;
		error = arch_tls_set(&tracee->thread.arch, &descriptor);
	}
	return error;
}

/* Kinds without functions exist on other machines, or with features that this one lacks. */
static const struct register_set {
	uint32_t kind;
	uint16_t size, unit;
	int absent_error;
	int (*get)(struct user_thread *tracee, void *to);
	int (*set)(struct user_thread *tracee, const void *from, size_t size);
} register_sets[] = {
	{ NT_PRSTATUS, WORD * USER_REGISTER_COUNT, WORD, 0, get_general, set_general },
	{ NT_PRFPREG, USER_FPREGS_SIZE, WORD, 0, get_fpu, set_fpu },
	{ NT_PRXFPREG, USER_FPXREGS_SIZE, WORD, 0, get_fpu_extended, set_fpu_extended },
	{ NT_386_TLS, TLS_COUNT * sizeof(struct user_desc), sizeof(struct user_desc), 0, get_tls,
	  set_tls },
	{ NT_X86_XSTATE, USER_XSTATE_SIZE, 8, 0, get_fpu_whole, set_fpu_whole },
	/* No I/O permissions. */
	{ NT_386_IOPERM, 0, WORD, -ENXIO, NULL, NULL },
};

union register_buffer {
	uint32_t general[USER_REGISTER_COUNT];
	uint8_t fpu[USER_XSTATE_SIZE];
	struct user_desc tls[TLS_COUNT];
};

static const struct register_set *find_set(uint32_t kind)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(register_sets); i++) {
		if (register_sets[i].kind == kind)
			return &register_sets[i];
	}
	return NULL;
}

static int get_set(struct user_thread *tracee, const struct register_set *set, user_addr to,
		   size_t size)
{
	union register_buffer buffer = { 0 };
	int error = set->get(tracee, &buffer);

	return error ? error : copy_to_user(to, &buffer, size);
}

static int set_set(struct user_thread *tracee, const struct register_set *set, user_addr from,
		   size_t size)
{
	union register_buffer buffer;

	if (copy_from_user(&buffer, from, size))
		return -EFAULT;
	return set->set(tracee, &buffer, size);
}

static int whole_set(struct user_thread *tracee, uint32_t kind, user_addr data, bool write)
{
	const struct register_set *set = find_set(kind);
	int error;

	error = write ? set_set(tracee, set, data, set->size)
		      : get_set(tracee, set, data, set->size);
	/* Linux hides what is wrong with these. */
	return error && kind == NT_PRXFPREG ? -EIO : error;
}

/* GETREGSET and SETREGSET: `vector` is a struct iovec; its length says how much was moved. */
static int vector_set(struct user_thread *tracee, uint32_t kind, user_addr vector, bool write)
{
	const struct register_set *set = find_set(kind);
	uint32_t words[2];
	size_t size;
	int error;

	if (copy_from_user(words, vector, sizeof(words)))
		return -EFAULT;
	if (!set || words[1] % set->unit)
		return -EINVAL;
	if (set->absent_error)
		return set->absent_error;
	size = min_t(size_t, words[1], set->size);
	error = write ? set_set(tracee, set, user_addr_from(words[0]), size)
		      : get_set(tracee, set, user_addr_from(words[0]), size);
	return error ? error : put_user_u32(user_addr_add(vector, WORD), (uint32_t)size);
}

static int thread_area(struct user_thread *tracee, uint32_t entry, user_addr data, bool write)
{
	struct user_desc descriptor = { .entry_number = entry };
	int error;

	if ((int32_t)entry < 0)
		return -EIO;
	if (!write) {
		error = arch_tls_get(&tracee->thread.arch, &descriptor);
		return error ? error : copy_to_user(data, &descriptor, sizeof(descriptor));
	}
	if (copy_from_user(&descriptor, data, sizeof(descriptor)))
		return -EFAULT;
	descriptor.entry_number = entry;
	return arch_tls_set(&tracee->thread.arch, &descriptor);
}

/* ---- signals and stops ---- */

static int get_info(struct user_thread *tracee, user_addr to)
{
	struct linux_siginfo info;
	int error = trace_get_info(tracee, &info);

	return error ? error : abi_siginfo_put(to, &info);
}

static int set_info(struct user_thread *tracee, user_addr from)
{
	struct linux_siginfo info;
	int error = abi_siginfo_get(&info, from, 0);

	return error ? error : trace_set_info(tracee, &info);
}

/* As many as there are and fit; an error counts only for the first. */
static int peek_infos(struct user_thread *tracee, user_addr from, user_addr to)
{
	struct linux_ptrace_peeksiginfo_args wish;
	struct linux_siginfo info;
	int32_t done;

	if (copy_from_user(&wish, from, sizeof(wish)))
		return -EFAULT;
	if ((wish.flags & ~PTRACE_PEEKSIGINFO_SHARED) || wish.count < 0)
		return -EINVAL;
	if (wish.offset > UINT32_MAX)
		return 0;
	for (done = 0; done < wish.count; done++) {
		if (!trace_peek_info(tracee, wish.flags & PTRACE_PEEKSIGINFO_SHARED,
				     wish.offset + (uint32_t)done, &info))
			break;
		if (abi_siginfo_put(user_addr_add(to, (size_t)done * LINUX_SIGINFO_SIZE), &info))
			return done ? done : -EFAULT;
		if (thread_is_interrupted(thread_current()))
			return done + 1;
	}
	return done;
}

static int get_mask(struct user_thread *tracee, size_t size, user_addr to)
{
	uint64_t mask = trace_get_mask(tracee);

	return size != SIGNAL_SET_SIZE ? -EINVAL : copy_to_user(to, &mask, sizeof(mask));
}

static int set_mask(struct user_thread *tracee, size_t size, user_addr from)
{
	uint64_t mask;

	if (size != SIGNAL_SET_SIZE)
		return -EINVAL;
	if (copy_from_user(&mask, from, sizeof(mask)))
		return -EFAULT;
	trace_set_mask(tracee, mask);
	return 0;
}

/* What the tracee's system-call stop is about. Returns how much there is to know. */
static int call_info(struct user_thread *tracee, size_t size, user_addr to)
{
	const struct trap_frame *frame = frame_of(tracee);
	const struct arch_thread *arch = &tracee->thread.arch;
	struct linux_ptrace_syscall_info info = {
		.op = PTRACE_SYSCALL_INFO_NONE,
		.architecture = AUDIT_ARCH_I386,
		.instruction_pointer = trap_frame_instruction(frame),
		.stack_pointer = trap_frame_stack(frame),
	};
	size_t actual = offsetof(struct linux_ptrace_syscall_info, entry);
	struct linux_siginfo stop;

	if (trace_get_info(tracee, &stop))
		stop.code = 0;
	if (stop.code == (SIGTRAP | 0x80) &&
	    tracee->trace.message == PTRACE_EVENTMSG_SYSCALL_ENTRY) {
		info.op = PTRACE_SYSCALL_INFO_ENTRY;
		info.entry.number = arch_register_get(arch, frame, USER_ORIG_EAX);
		for (unsigned int i = 0; i < ARRAY_SIZE(info.entry.arguments); i++)
			info.entry.arguments[i] = trap_frame_argument(frame, i);
		actual = sizeof(info);
	} else if (stop.code == (SIGTRAP | 0x80)) {
		int32_t result = trap_frame_result(frame);

		info.op = PTRACE_SYSCALL_INFO_EXIT;
		info.exit.is_error = result < 0 && result >= -4095;
		info.exit.result = result;
		actual = offsetof(struct linux_ptrace_syscall_info, exit.is_error) + 1;
	}
	if (copy_to_user(to, &info, min(size, actual)))
		return -EFAULT;
	return (int)actual;
}

/* ---- the call ---- */

/* Requests that let the tracee go on, if they succeed. */
static bool resume_mode(uint32_t request, enum trace_resume_mode *mode)
{
	switch (request) {
	case PTRACE_CONT: *mode = TRACE_RUN; return true;
	case PTRACE_SYSCALL: *mode = TRACE_CALLS; return true;
	case PTRACE_SINGLESTEP: *mode = TRACE_STEP; return true;
	case PTRACE_SYSEMU: *mode = TRACE_EMULATE; return true;
	case PTRACE_SYSEMU_SINGLESTEP: *mode = TRACE_EMULATE_STEP; return true;
	default: return false;
	}
}

/* Requests to a frozen tracee that stays so. */
static int ask(struct user_thread *tracee, uint32_t request, uintptr_t address, uint32_t data)
{
	user_addr place = user_addr_from(data);

	switch (request) {
	case PTRACE_PEEKTEXT:
	case PTRACE_PEEKDATA: return peek_memory(tracee, address, place);
	case PTRACE_POKETEXT:
	case PTRACE_POKEDATA: return access_word(tracee, address, &data, true);
	case PTRACE_PEEKUSR: return peek_user(tracee, address, place);
	case PTRACE_POKEUSR: return poke_user(tracee, address, data);
	case PTRACE_GETREGS: return whole_set(tracee, NT_PRSTATUS, place, false);
	case PTRACE_SETREGS: return whole_set(tracee, NT_PRSTATUS, place, true);
	case PTRACE_GETFPREGS: return whole_set(tracee, NT_PRFPREG, place, false);
	case PTRACE_SETFPREGS: return whole_set(tracee, NT_PRFPREG, place, true);
	case PTRACE_GETFPXREGS: return whole_set(tracee, NT_PRXFPREG, place, false);
	case PTRACE_SETFPXREGS: return whole_set(tracee, NT_PRXFPREG, place, true);
	case PTRACE_GETREGSET: return vector_set(tracee, address, place, false);
	case PTRACE_SETREGSET: return vector_set(tracee, address, place, true);
	case PTRACE_GET_THREAD_AREA: return thread_area(tracee, address, place, false);
	case PTRACE_SET_THREAD_AREA: return thread_area(tracee, address, place, true);
	case PTRACE_OLDSETOPTIONS:
	case PTRACE_SETOPTIONS: return trace_set_options(tracee, data);
	case PTRACE_GETEVENTMSG: return put_user_u32(place, tracee->trace.message);
	case PTRACE_GETSIGINFO: return get_info(tracee, place);
	case PTRACE_SETSIGINFO: return set_info(tracee, place);
	case PTRACE_PEEKSIGINFO: return peek_infos(tracee, user_addr_from(address), place);
	case PTRACE_GETSIGMASK: return get_mask(tracee, address, place);
	case PTRACE_SETSIGMASK: return set_mask(tracee, address, place);
	case PTRACE_LISTEN: return trace_listen(tracee);
	case PTRACE_GET_SYSCALL_INFO: return call_info(tracee, address, place);
	default: return -EIO;
	}
}

static int kill_tracee(struct user_thread *tracee)
{
	struct linux_siginfo info;

	if (!trace_is_mine(tracee))
		return -ESRCH;
	signal_info_user(&info, SIGKILL);
	return signal_send_thread(tracee, &info);
}

static int request_of(struct user_thread *tracee, uint32_t request, uintptr_t address,
		      uint32_t data)
{
	enum trace_resume_mode mode;
	int result;

	if (request == PTRACE_KILL)
		return kill_tracee(tracee);
	if (request == PTRACE_INTERRUPT)
		return trace_is_mine(tracee) ? trace_interrupt(tracee) : -ESRCH;
	result = trace_freeze(tracee);
	if (result)
		return result;
	if (resume_mode(request, &mode)) {
		result = trace_resume(tracee, mode, data);
		if (!result)
			return 0;
	} else if (request == PTRACE_DETACH) {
		result = trace_detach(tracee, data);
		if (!result)
			return 0;
	} else {
		result = ask(tracee, request, address, data);
	}
	trace_thaw(tracee);
	return result;
}

static int seize(struct user_thread *tracee, uintptr_t address, uint32_t options)
{
	int error;

	if (address != 0 || (options & ~PTRACE_O_MASK))
		return -EIO;
	error = trace_check_options(options);
	return error ? error : trace_attach(tracee, true, options);
}

int sys_ptrace(uint32_t request, process_id id, uintptr_t address, uint32_t data)
{
	struct user_thread *tracee;
	int result;

	if (request == PTRACE_TRACEME)
		return trace_me();
	tracee = user_thread_find_get(id);
	if (!tracee)
		return -ESRCH;
	if (request == PTRACE_ATTACH)
		result = trace_attach(tracee, false, 0);
	else if (request == PTRACE_SEIZE)
		result = seize(tracee, address, data);
	else
		result = request_of(tracee, request, address, data);
	user_thread_put(tracee);
	return result;
}

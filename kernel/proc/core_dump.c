/*
 * Core files: what a process was when a signal killed it, in the form that debuggers read.
 *
 * The thread that the signal hit writes the file. All others are killed first, but wait on their
 * way out, parked, until it is written (core_dump_wait): so their registers are in it. The file is
 * ELF: a segment for each region of memory, and before them notes about the process and each
 * thread. Of memory only that is written which no file holds: pages that the program has written
 * to, and the first page of mapped programs, which tells a debugger what they are. Pages of zeros
 * become holes.
 *
 * The size of the notes is found by making them twice, so that all is written in order, and may as
 * well go to the standard input of a program (core_pipe.c), where holes are zeros and there is no
 * limit. Errors, RLIMIT_CORE and SIGKILL just end it.
 */
#include "arch/debug.h"
#include "core/assert.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "proc/core_name.h"
#include "proc/core_pipe.h"
#include "proc/internal.h"
#include "uapi/linux/elf.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "uapi/linux/ldt.h"
#include "uapi/linux/ptrace.h"
#include "vfs/credentials.h"
#include "vfs/file.h"
#include "vfs/fs_context.h"
#include "vfs/namespace_ops.h"
#include "vm/io_buffer.h"
#include "vm/region.h"

enum {
	SEGMENTS_MAX = 65000,	   /* e_phnum has 16 bits, and its last value a meaning */
	FILE_NOTE_SIZE = 32 << 10, /* room for the names of mapped files */
	ET_CORE = 4,
	PT_NOTE = 4,
	TLS_ENTRIES = 3,
	TLS_FIRST = 6,
};

/* Linux: struct elf_prstatus. */
struct core_status {
	int32_t signal, code, error;
	int16_t current_signal, padding;
	uint32_t pending, held;
	int32_t pid, ppid, pgrp, sid;
	uint32_t times[8];
	uint32_t registers[USER_REGISTER_COUNT];
	int32_t has_fpu;
};
_Static_assert(sizeof(struct core_status) == 144, "Linux i386 ABI");

/* Linux: struct elf_prpsinfo. */
struct core_process {
	char state, state_name, zombie, nice;
	uint32_t flags;
	uint16_t uid, gid;
	int32_t pid, ppid, pgrp, sid;
	char name[16];
	char arguments[80];
};
_Static_assert(sizeof(struct core_process) == 124, "Linux i386 ABI");

struct core_thread {
	struct core_status status;
	uint8_t fpu[USER_FPREGS_SIZE];
	uint8_t extended[USER_FPXREGS_SIZE];
	uint8_t whole[USER_XSTATE_SIZE];
	struct user_desc tls[TLS_ENTRIES];
	bool has_extended, has_whole;
};

/* One region as the file shows it. */
struct core_segment {
	uintptr_t start, end;
	size_t file_size;
	uint32_t flags;
};

struct core {
	char name[CORE_NAME_SIZE];
	int signal;
	struct user_thread *self;
	struct address_space *space;
	const struct linux_siginfo *info;
	struct file *file;
	uint64_t limit;
	uint64_t offset; /* where the next byte goes */
	bool only_counts; /* nothing is written, but offset moves */
	bool is_stream;	 /* for a program */
	uint64_t streamed; /* bytes that it has got */
	struct core_pipe pipe;
	const char *words[CORE_WORDS_MAX]; /* its command line, in name */
	struct core_segment *segments;
	unsigned int segment_count;
	struct core_thread thread; /* one at a time */
	uint8_t page[PAGE_SIZE];
};

/* ---- writing ---- */

/* On to the program. Errors: -EPIPE (it does not read), -EINTR. */
static int stream(struct core *core, const void *bytes, size_t size)
{
	size_t sent = 0;

	while (sent < size) {
		struct io_buffer buffer;
		ssize_t done;

		if (thread_is_killed(&core->self->thread))
			return -EINTR;
		io_buffer_init_kernel(&buffer, (char *)bytes + sent, size - sent);
		done = file_write_unlimited(core->file, &buffer);
		if (done <= 0)
			return done ? (int)done : -EIO;
		sent += (size_t)done;
	}
	core->streamed += size;
	return 0;
}

/* Zeros up to `offset`. Errors: also -EIO (we are past it: memory has changed under us). */
static int stream_to(struct core *core, uint64_t offset)
{
	static const uint8_t zeros[512];
	int error = offset < core->streamed ? -EIO : 0;

	while (core->streamed < offset && !error)
		error = stream(core, zeros,
			       (size_t)min_t(uint64_t, sizeof(zeros), offset - core->streamed));
	return error;
}

static int write_at(struct core *core, uint64_t offset, const void *bytes, size_t size)
{
	struct io_buffer buffer;
	ssize_t done;

	if (core->only_counts)
		return 0;
	if (core->is_stream) {
		int error = stream_to(core, offset);

		return error ? error : stream(core, bytes, size);
	}
	if (thread_is_killed(&core->self->thread))
		return -EINTR;
	if (offset + size > core->limit)
		return -EFBIG;
	io_buffer_init_kernel(&buffer, (void *)bytes, size);
	done = file_write_at(core->file, &buffer, (file_offset)offset, core->limit);
	if (done < 0)
		return (int)done;
	return (size_t)done == size ? 0 : -ENOSPC;
}

static int put(struct core *core, const void *bytes, size_t size)
{
	int error = write_at(core, core->offset, bytes, size);

	core->offset += size;
	return error;
}

static int put_note(struct core *core, const char *name, uint32_t type, const void *bytes,
		    size_t size)
{
	uint32_t header[3] = { (uint32_t)strlen(name) + 1, (uint32_t)size, type };
	char padded_name[8] = { 0 };
	int error;

	strlcpy(padded_name, name, sizeof(padded_name));
	error = put(core, header, sizeof(header));
	if (!error)
		error = put(core, padded_name, sizeof(padded_name));
	if (!error)
		error = put(core, bytes, size);
	core->offset = ALIGN_UP(core->offset, (uint64_t)4);
	return error;
}

/* ---- threads ---- */

/* Parked: ourselves, or one that waits in core_dump_wait(). */
static void describe_thread(struct core *core, struct user_thread *thread)
{
	struct core_thread *out = &core->thread;
	struct process *process = thread->process;
	struct trap_frame *frame = arch_user_frame(thread->thread.stack);

	memset(out, 0, sizeof(*out));
	out->status.signal = out->status.current_signal = (int16_t)core->info->signo;
	out->status.code = core->info->code;
	out->status.pending = (uint32_t)thread->pending.set;
	out->status.held = (uint32_t)thread->blocked;
	out->status.pid = thread->id;
	out->status.ppid = process_parent_id(process);
	for (unsigned int i = 0; i < USER_REGISTER_COUNT; i++)
		out->status.registers[i] = arch_register_get(&thread->thread.arch, frame, i);
	out->status.has_fpu = 1;
	arch_fpu_get_legacy(&thread->thread.arch, out->fpu);
	out->has_extended = arch_fpu_get_extended(&thread->thread.arch, out->extended) == 0;
	out->has_whole = arch_fpu_get_whole(&thread->thread.arch, out->whole) == 0;
	for (unsigned int i = 0; i < TLS_ENTRIES; i++) {
		out->tls[i].entry_number = TLS_FIRST + i;
		(void)!arch_tls_get(&thread->thread.arch, &out->tls[i]);
	}
}

static void add_family(struct core *core)
{
	(void)!process_get_group(0, &core->thread.status.pgrp);
	(void)!process_get_session(0, &core->thread.status.sid);
}

static int put_registers(struct core *core)
{
	struct core_thread *thread = &core->thread;
	int error = put_note(core, "CORE", NT_PRFPREG, thread->fpu, sizeof(thread->fpu));

	if (!error && thread->has_extended)
		error = put_note(core, "LINUX", NT_PRXFPREG, thread->extended,
				 sizeof(thread->extended));
	if (!error && thread->has_whole)
		error = put_note(core, "LINUX", NT_X86_XSTATE, thread->whole,
				 sizeof(thread->whole));
	if (!error)
		error = put_note(core, "LINUX", NT_386_TLS, thread->tls, sizeof(thread->tls));
	return error;
}

/* Describe the nth other thread that waits. False: there are not so many. */
static bool describe_other(struct core *core, unsigned int nth)
{
	struct process *process = core->self->process;
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	bool found = false;

	for (struct list_node *node = process->threads.head.next;
	     node != &process->threads.head && !found; node = node->next) {
		struct user_thread *thread = container_of(node, struct user_thread, process_node);

		if (thread == core->self || thread->ended || nth-- > 0)
			continue;
		describe_thread(core, thread);
		found = true;
	}
	spin_unlock_irq(&process->signal_lock, flags);
	return found;
}

/* ---- the process ---- */

static int put_process(struct core *core)
{
	const struct credentials *credentials = credentials_current();
	struct address_space *space = core->space;
	struct core_process about = {
		.state_name = 'R',
		.nice = (char)core->self->thread.nice,
		.uid = (uint16_t)credentials->uid,
		.gid = (uint16_t)credentials->gid,
		.pid = core->self->process->id,
		.ppid = core->thread.status.ppid,
		.pgrp = core->thread.status.pgrp,
		.sid = core->thread.status.sid,
	};
	size_t size = min(space->arguments_end - space->arguments_start,
			  sizeof(about.arguments) - 1);

	strlcpy(about.name, core->self->thread.name, sizeof(about.name));
	if (address_space_access(space, space->arguments_start, about.arguments, size, false,
				 true) < 0)
		memset(about.arguments, 0, sizeof(about.arguments));
	for (size_t i = 0; i + 1 < size; i++) {
		if (about.arguments[i] == '\0')
			about.arguments[i] = ' ';
	}
	return put_note(core, "CORE", NT_PRPSINFO, &about, sizeof(about));
}

/* Which files are mapped where: count, page size, a triple each, then the names. */
static size_t fill_file_note(struct core *core, uint32_t *words, char *name)
{
	size_t used = 2 * sizeof(uint32_t), names_start;
	char *names;
	unsigned int count = 0;

	rwlock_read_lock(&core->space->lock);
	for (struct region *r = region_first(core->space); r; r = region_next(r))
		count += r->backing != NULL;
	names_start = used + count * 3 * sizeof(uint32_t);
	names = (char *)words + names_start;
	words[0] = count;
	words[1] = PAGE_SIZE;
	used = names_start;
	count = 0;
	for (struct region *r = region_first(core->space); r; r = region_next(r)) {
		size_t length;

		if (!r->backing)
			continue;
		length = r->backing_ops->name(r->backing, name, PATH_MAX);
		if (used + length + 1 > FILE_NOTE_SIZE) {
			used = 0; /* too many: the note is left out */
			break;
		}
		words[2 + 3 * count] = (uint32_t)r->start;
		words[3 + 3 * count] = (uint32_t)r->end;
		words[4 + 3 * count++] = r->page_offset;
		memcpy(names, name, length);
		names[length] = '\0';
		names += length + 1;
		used += length + 1;
	}
	rwlock_read_unlock(&core->space->lock);
	return used;
}

static int put_files(struct core *core)
{
	uint32_t *words = kmalloc(FILE_NOTE_SIZE, 0);
	char *name = kmalloc(PATH_MAX, 0);
	int error = words && name ? 0 : -ENOMEM;
	size_t size;

	/* Three words and a few bytes a file: this many surely fit, or none is written. */
	if (!error && core->segment_count < FILE_NOTE_SIZE / 16) {
		size = fill_file_note(core, words, name);
		if (size)
			error = put_note(core, "CORE", NT_FILE, words, size);
	}
	kfree(name);
	kfree(words);
	return error;
}

static int put_signal(struct core *core)
{
	union {
		struct linux_siginfo info;
		uint8_t whole[LINUX_SIGINFO_SIZE];
	} note = { .whole = { 0 } };

	note.info = *core->info;
	return put_note(core, "CORE", NT_SIGINFO, &note, sizeof(note));
}

static int put_notes(struct core *core)
{
	int error;

	describe_thread(core, core->self);
	add_family(core);
	error = put_note(core, "CORE", NT_PRSTATUS, &core->thread.status,
			 sizeof(core->thread.status));
	if (!error)
		error = put_process(core);
	if (!error)
		error = put_signal(core);
	if (!error)
		error = put_note(core, "CORE", NT_AUXV, core->space->saved_auxv,
				 sizeof(core->space->saved_auxv));
	if (!error)
		error = put_files(core);
	if (!error)
		error = put_registers(core);
	for (unsigned int nth = 0; !error && describe_other(core, nth); nth++) {
		error = put_note(core, "CORE", NT_PRSTATUS, &core->thread.status,
				 sizeof(core->thread.status));
		if (!error)
			error = put_registers(core);
	}
	return error;
}

/* ---- memory ---- */

static size_t dumped_size(struct address_space *space, struct region *region)
{
	struct region_usage usage = { 0 };
	size_t size = region->end - region->start;
	uintptr_t address = region->start;

	if (region->flags & (REGION_DEVICE | REGION_DONT_DUMP))
		return 0;
	if (region->flags & REGION_SPECIAL)
		return size;
	region_usage(space, region, &address, NULL, &usage);
	if (!(region->flags & REGION_SHARED) && usage.anonymous > 0)
		return size;
	/* The header of a program or library. */
	return region->backing && region->page_offset == 0 && (region->flags & REGION_READ)
		       ? PAGE_SIZE
		       : 0;
}

static int list_segments(struct core *core)
{
	size_t room = core->space->region_count + 16; /* a hint: looked at again below */
	unsigned int count = 0;

	core->segments = kmalloc_array(room, sizeof(*core->segments), 0);
	if (!core->segments)
		return -ENOMEM;
	rwlock_read_lock(&core->space->lock);
	for (struct region *r = region_first(core->space); r && count < room; r = region_next(r)) {
		struct core_segment *segment = &core->segments[count++];

		segment->start = r->start;
		segment->end = r->end;
		segment->file_size = dumped_size(core->space, r);
		segment->flags = (r->flags & REGION_READ ? PF_R : 0) |
				 (r->flags & REGION_WRITE ? PF_W : 0) |
				 (r->flags & REGION_EXECUTE ? PF_X : 0);
	}
	rwlock_read_unlock(&core->space->lock);
	core->segment_count = count;
	return count < SEGMENTS_MAX ? 0 : -E2BIG;
}

static bool is_zero(const uint8_t *page)
{
	const uint32_t *words = (const uint32_t *)(const void *)page;

	for (size_t i = 0; i < PAGE_SIZE / sizeof(*words); i++) {
		if (words[i])
			return false;
	}
	return true;
}

static int put_segment(struct core *core, const struct core_segment *segment)
{
	for (size_t done = 0; done < segment->file_size; done += PAGE_SIZE) {
		ssize_t got = address_space_access(core->space, segment->start + done, core->page,
						   PAGE_SIZE, false, true);
		int error = 0;

		if (thread_is_killed(&core->self->thread))
			return -EINTR;
		if (got == PAGE_SIZE && !is_zero(core->page))
			error = put(core, core->page, PAGE_SIZE);
		else
			core->offset += PAGE_SIZE;
		if (error)
			return error;
	}
	return 0;
}

/* ---- the file ---- */

static int put_headers(struct core *core, uint64_t notes_start, uint64_t notes_end)
{
	uint64_t offset = ALIGN_UP(notes_end, (uint64_t)PAGE_SIZE);
	struct elf_header header = {
		.magic = { 0x7f, 'E', 'L', 'F' },
		.file_class = ELF_CLASS_32,
		.data = ELF_DATA_LITTLE,
		.version = 1,
		.type = ET_CORE,
		.machine = EM_386,
		.version2 = 1,
		.program_offset = sizeof(struct elf_header),
		.header_size = sizeof(struct elf_header),
		.program_entry_size = sizeof(struct elf_program),
		.program_count = (uint16_t)(core->segment_count + 1),
	};
	struct elf_program program = {
		.type = PT_NOTE,
		.offset = (uint32_t)notes_start,
		.file_size = (uint32_t)(notes_end - notes_start),
		.align = 4,
	};
	int error = write_at(core, 0, &header, sizeof(header));

	if (!error)
		error = write_at(core, sizeof(header), &program, sizeof(program));
	for (unsigned int i = 0; i < core->segment_count && !error; i++) {
		const struct core_segment *segment = &core->segments[i];

		program = (struct elf_program){
			.type = PT_LOAD,
			.offset = (uint32_t)offset,
			.address = (uint32_t)segment->start,
			.file_size = (uint32_t)segment->file_size,
			.memory_size = (uint32_t)(segment->end - segment->start),
			.flags = segment->flags,
			.align = PAGE_SIZE,
		};
		offset += segment->file_size;
		error = write_at(core, sizeof(header) + (i + 1) * sizeof(program), &program,
				 sizeof(program));
	}
	return error;
}

static int write_core(struct core *core)
{
	uint64_t notes_start, notes_end;
	int error = list_segments(core);

	if (error)
		return error;
	notes_start = sizeof(struct elf_header) +
		      (core->segment_count + 1) * sizeof(struct elf_program);
	core->offset = notes_start;
	core->only_counts = true;
	error = put_notes(core);
	notes_end = core->offset;
	core->only_counts = false;
	if (!error)
		error = put_headers(core, notes_start, notes_end);
	core->offset = notes_start;
	if (!error)
		error = put_notes(core);
	if (!error && core->offset != notes_end)
		error = -EIO; /* another process maps files into our memory */
	core->offset = ALIGN_UP(core->offset, (uint64_t)PAGE_SIZE);
	for (unsigned int i = 0; i < core->segment_count && !error; i++)
		error = put_segment(core, &core->segments[i]);
	/* A hole at the end is part of the file. */
	if (!error && core->is_stream)
		error = stream_to(core, core->offset);
	else if (!error)
		error = core->offset > core->limit
				? -EFBIG
				: file_truncate(core->file, core->offset, core->limit);
	return error;
}

/*
 * A new file of our own, in place of an old one: so it goes through no link, and nobody has it open
 * or can read it.
 */
static int open_core(struct core *core)
{
	enum { OPEN_FLAGS = O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_LARGEFILE };
	struct fs_context_walk walk;
	int error;

	if (core->is_stream) {
		error = core_name_make_command(core->name, core->words, core->signal);
		return error ? error : core_pipe_begin(&core->pipe, core->words, &core->file);
	}
	error = core_name_make(core->name, core->signal);
	if (error)
		return error;
	fs_context_begin_walk(core->self->fs, credentials_current(), &walk);
	/* If there is none, or it cannot be removed, opening says the rest. */
	(void)!namespace_unlink(&walk.context, core->name);
	error = file_open(&walk.context, core->name, OPEN_FLAGS, 0600, &core->file);
	fs_context_end_walk(&walk);
	return error;
}

/* ---- who waits for whom ---- */

/* True if the running thread is the one to write it; then the others are on their way to wait. */
static bool begin(struct user_thread *self, int signal)
{
	struct process *process = self->process;
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	bool is_ours = atomic_load_explicit(&process->dumpable, memory_order_relaxed) &&
		       !(process->flags & (PROCESS_EXITING | PROCESS_GROUP_EXEC));

	if (is_ours) {
		process->flags |= PROCESS_EXITING;
		process->exit_status = (uint32_t)signal;
		process->core_dumper = self;
		process->core_waiting = 0;
		for (struct list_node *node = process->threads.head.next;
		     node != &process->threads.head; node = node->next) {
			struct user_thread *thread =
				container_of(node, struct user_thread, process_node);

			if (thread != self && !thread->ended)
				signal_kill_thread(thread);
		}
	}
	spin_unlock_irq(&process->signal_lock, flags);
	return is_ours;
}

static bool all_wait(struct process *process)
{
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	bool all = process->core_waiting + 1 >= process->thread_count;

	spin_unlock_irq(&process->signal_lock, flags);
	return all;
}

static void end(struct user_thread *self, bool dumped)
{
	struct process *process = self->process;
	irq_flags flags = spin_lock_irq(&process->signal_lock);

	if (thread_is_killed(&self->thread))
		process->exit_status = SIGKILL;
	else if (dumped)
		process->exit_status |= 0x80;
	process->core_dumper = NULL;
	spin_unlock_irq(&process->signal_lock, flags);
	wait_queue_wake_all(&process->thread_ended, 0);
}

void core_dump_wait(struct user_thread *self)
{
	struct process *process = self->process;
	irq_flags flags = spin_lock_irq(&process->signal_lock);
	bool waits = process->core_dumper && process->core_dumper != self;

	if (waits) {
		arch_thread_park(&self->thread.arch);
		process->core_waiting++;
	}
	spin_unlock_irq(&process->signal_lock, flags);
	if (!waits)
		return;
	wait_queue_wake_all(&process->thread_ended, 0);
	wait_event(&process->thread_ended, !*(struct user_thread *volatile *)&process->core_dumper);
	arch_thread_unpark(&self->thread.arch);
}

/*
 * A limit of 0 means files only, and one of 1, for a program, that it is the program which crashes.
 */
static bool wants_core(struct process *process, bool is_stream)
{
	uint64_t limit = limits_current(&process->limits, LIMIT_CORE);

	return limit != (is_stream ? 1 : 0);
}

static int make_core(struct core *core)
{
	int error = open_core(core);

	if (!error)
		error = write_core(core);
	if (core->file)
		file_put(core->file);
	if (core->pipe.is_begun)
		core_pipe_end(&core->pipe);
	return error;
}

void core_dump(int signal, const struct linux_siginfo *info)
{
	struct user_thread *self = user_thread_current();
	struct process *process = self->process;
	bool is_stream = core_name_is_program();
	struct core *core;
	int error;

	if (!wants_core(process, is_stream) || !begin(self, signal))
		return;
	/* Nothing but SIGKILL ends a wait for the program that reads. */
	if (is_stream)
		signal_set_mask(~(signal_set)0);
	error = wait_event_killable(&process->thread_ended, all_wait(process));
	core = error ? NULL : kzalloc(sizeof(*core), 0);
	if (!core) {
		end(self, false);
		return;
	}
	core->self = self;
	core->space = process->space;
	core->info = info;
	core->is_stream = is_stream;
	core->limit = is_stream ? UINT64_MAX : limits_current(&process->limits, LIMIT_CORE);
	core->signal = signal;
	arch_thread_park(&self->thread.arch);
	error = make_core(core);
	arch_thread_unpark(&self->thread.arch);
	kfree(core->segments);
	kfree(core);
	end(self, !error);
}

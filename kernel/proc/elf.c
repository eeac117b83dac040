/*
 * Loading ELF programs: from program headers to regions of a new address space.
 *
 * Nothing is read but headers: segments are mapped from the page cache and faulted in as they
 * are touched, so that all who run a program share the frames of its text. Only the tail of a
 * data segment's last file page is written at once, to make its bss zero.
 *
 * Everything in the headers is the user's: each number is checked before it is used, and sums
 * are made in 64 bits. Linux refuses some bad programs before it gives up the old image (ENOEXEC
 * and friends) and kills others after; -EINVAL from here stands for the latter.
 */
#include "core/assert.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "proc/exec.h"
#include "proc/process.h"
#include "uapi/linux/elf.h"
#include "uapi/linux/errno.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/fs_context.h"
#include "uapi/linux/fcntl.h"

enum {
	PROGRAM_HEADERS_MAX = 65536, /* bytes; Linux's limit */
	INTERPRETER_PATH_MAX = 4096,
};

/* One ELF file on its way into memory. */
struct elf_file {
	struct file *file;
	struct elf_header header;
	struct elf_program *programs; /* kmalloc'ed */
	uintptr_t bias;		      /* added to every address */
	uint64_t end;		      /* highest p_vaddr + p_memsz */
};

static bool header_is_ours(const struct elf_header *header)
{
	return memcmp(header->magic, "\177ELF", 4) == 0 &&
	       (header->type == ET_EXEC || header->type == ET_DYN) &&
	       (header->machine == EM_386 || header->machine == EM_486);
}

/* The program headers, whole. Errors: -ENOEXEC, -ENOMEM, -EIO. */
static int read_programs(struct elf_file *elf)
{
	size_t size = (size_t)elf->header.program_count * sizeof(struct elf_program);
	ssize_t got;

	if (elf->header.program_entry_size != sizeof(struct elf_program) || size == 0 ||
	    size > PROGRAM_HEADERS_MAX)
		return -ENOEXEC;
	elf->programs = kmalloc(size, 0);
	if (!elf->programs)
		return -ENOMEM;
	got = file_read_kernel(elf->file, elf->programs, size, elf->header.program_offset);
	if (got == (ssize_t)size)
		return 0;
	kfree(elf->programs);
	elf->programs = NULL;
	return got == -ENOMEM || got == -EINTR ? (int)got : -ENOEXEC;
}

static const struct elf_program *find_program(const struct elf_file *elf, uint32_t type)
{
	for (unsigned int i = 0; i < elf->header.program_count; i++) {
		if (elf->programs[i].type == type)
			return &elf->programs[i];
	}
	return NULL;
}

static uint32_t region_flags_of(const struct elf_program *program)
{
	uint32_t flags = REGION_MAY_READ | REGION_MAY_WRITE | REGION_MAY_EXECUTE;

	if (program->flags & PF_R)
		flags |= REGION_READ;
	if (program->flags & PF_W)
		flags |= REGION_WRITE;
	if (program->flags & PF_X)
		flags |= REGION_EXECUTE;
	return flags;
}

/* Zeroed private memory at [start, end), page-aligned. */
static int map_zeroed(struct address_space *space, uintptr_t start, uintptr_t end, uint32_t flags,
		      const struct vm_limits *limits)
{
	const struct vm_map_request request = {
		.address = start,
		.size = end - start,
		.flags = flags | REGION_ACCOUNTED,
		.fixed = true,
	};
	uintptr_t at;

	return start < end ? vm_map(space, &request, limits, &at) : 0;
}

/* Zero [start, end of its page) of a file page: the beginning of bss. */
static int clear_page_tail(struct address_space *space, uintptr_t start)
{
	static const uint8_t zeros[PAGE_SIZE];
	size_t size = PAGE_SIZE - start % PAGE_SIZE;
	int error;

	if (size == PAGE_SIZE)
		return 0;
	error = address_space_write(space, start, zeros, size);
	/* Otherwise the segment is no good, or the caller is being killed and hears nothing. */
	return error && error != -ENOMEM ? -EINVAL : error;
}

/* A segment's numbers make sense: Linux kills the program if not. */
static bool segment_is_sane(const struct elf_program *program, uintptr_t bias)
{
	uint64_t end = (uint64_t)bias + program->address + program->memory_size;

	return program->file_size <= program->memory_size && program->memory_size <= USER_END &&
	       (uint64_t)bias + program->address < USER_END && end <= USER_END;
}

/* Map one PT_LOAD, over what is there: later segments win where two share a page, as on Linux. */
static int map_segment(struct elf_file *elf, const struct elf_program *program,
		       struct address_space *space, const struct vm_limits *limits)
{
	uintptr_t address = elf->bias + program->address;
	uintptr_t start = address & PAGE_MASK;
	uintptr_t file_end = ALIGN_UP(address + program->file_size, PAGE_SIZE);
	uintptr_t end = ALIGN_UP(address + program->memory_size, PAGE_SIZE);
	struct vm_map_request request = {
		.address = start,
		.size = file_end - start,
		.flags = region_flags_of(program),
		.fixed = true,
		.page_offset = program->offset / PAGE_SIZE,
	};
	uintptr_t at;
	int error;

	/* File and memory must agree within the page; otherwise no mapping can do it. */
	if (program->offset % PAGE_SIZE != program->address % PAGE_SIZE)
		return -EINVAL;
	if (program->file_size) {
		error = file_map(elf->file, &request);
		if (error)
			return error;
		error = vm_map(space, &request, limits, &at);
		if (error)
			return error == -ENOMEM ? error : -EINVAL;
	} else {
		file_end = start;
	}
	if (program->memory_size > program->file_size) {
		error = map_zeroed(space, file_end, end, request.flags, limits);
		if (error)
			return error == -ENOMEM ? error : -EINVAL;
		/*
		 * Linux refuses a bss whose first page it cannot write to; without file bytes
		 * there is none.
		 */
		if (program->file_size && (program->flags & PF_W))
			return clear_page_tail(space, address + program->file_size);
	}
	return 0;
}

/* The span of all segments, from the first one's page to the last one's end; 0 if there is none. */
static size_t total_span(const struct elf_file *elf)
{
	uint64_t low = UINT64_MAX, high = 0;

	for (unsigned int i = 0; i < elf->header.program_count; i++) {
		const struct elf_program *program = &elf->programs[i];

		if (program->type != PT_LOAD)
			continue;
		if ((program->address & PAGE_MASK) < low)
			low = program->address & PAGE_MASK;
		if ((uint64_t)program->address + program->memory_size > high)
			high = (uint64_t)program->address + program->memory_size;
	}
	if (high <= low || high - low > USER_END)
		return 0;
	return (size_t)ALIGN_UP(high - low, PAGE_SIZE);
}

static uintptr_t lowest_address(const struct elf_file *elf)
{
	uintptr_t low = UINTPTR_MAX;

	for (unsigned int i = 0; i < elf->header.program_count; i++) {
		if (elf->programs[i].type == PT_LOAD &&
		    (elf->programs[i].address & PAGE_MASK) < low)
			low = elf->programs[i].address & PAGE_MASK;
	}
	return low;
}

/* The strictest alignment that a segment asks for, at least a page; nonsense is passed over. */
static uintptr_t alignment_of(const struct elf_file *elf)
{
	uintptr_t alignment = PAGE_SIZE;

	for (unsigned int i = 0; i < elf->header.program_count; i++) {
		const struct elf_program *program = &elf->programs[i];
		uint32_t wish = program->align;

		if (program->type == PT_LOAD && (wish & (wish - 1)) == 0 && wish > alignment)
			alignment = wish;
	}
	return alignment;
}

/*
 * Choose where a position-independent file goes: an unused span as large as it, at `wish` if that
 * is not 0 and free. Sets elf->bias.
 */
static int choose_bias(struct elf_file *elf, uintptr_t wish, struct address_space *space)
{
	size_t size = total_span(elf);
	uintptr_t at;
	int error;

	if (!size)
		return -EINVAL;
	error = vm_find_room(space, ALIGN_DOWN(wish, alignment_of(elf)), size, &at);
	if (!error)
		elf->bias = at - lowest_address(elf);
	return error;
}

static int map_all(struct elf_file *elf, struct address_space *space,
		   const struct vm_limits *limits)
{
	for (unsigned int i = 0; i < elf->header.program_count; i++) {
		const struct elf_program *program = &elf->programs[i];
		int error;

		if (program->type != PT_LOAD)
			continue;
		if (!segment_is_sane(program, elf->bias))
			return -EINVAL;
		if (!program->memory_size)
			continue;
		error = map_segment(elf, program, space, limits);
		if (error)
			return error;
		if ((uint64_t)elf->bias + program->address + program->memory_size > elf->end)
			elf->end = (uint64_t)elf->bias + program->address + program->memory_size;
	}
	return 0;
}

/*
 * Where the program headers are in memory, for AT_PHDR: inside the segment whose file bytes hold
 * them.
 */
static uintptr_t find_headers_in_memory(const struct elf_file *elf)
{
	uint32_t offset = elf->header.program_offset;

	for (unsigned int i = 0; i < elf->header.program_count; i++) {
		const struct elf_program *program = &elf->programs[i];

		if (program->type == PT_LOAD && program->offset <= offset &&
		    offset - program->offset < program->file_size)
			return elf->bias + program->address + (offset - program->offset);
	}
	return 0;
}

/*
 * The interpreter's path: read, checked, opened for execution. *out NULL if the program names
 * none.
 */
static int open_interpreter(struct elf_file *elf, struct file **out)
{
	const struct elf_program *program = find_program(elf, PT_INTERP);
	struct walk_context context;
	struct path root, cwd;
	ssize_t got;
	char *path;
	int error;

	*out = NULL;
	if (!program)
		return 0;
	if (program->file_size > INTERPRETER_PATH_MAX || program->file_size < 2)
		return -ENOEXEC;
	path = kmalloc(program->file_size, 0);
	if (!path)
		return -ENOMEM;
	got = file_read_kernel(elf->file, path, program->file_size, program->offset);
	if (got != (ssize_t)program->file_size) {
		error = got < 0 ? (int)got : -EIO;
		goto free_path;
	}
	error = -ENOEXEC;
	if (path[program->file_size - 1] != '\0')
		goto free_path;
	fs_context_get_paths(user_thread_current()->fs, &root, &cwd);
	context = (struct walk_context){ root, cwd, credentials_current() };
	error = exec_open(&context, path, out);
	path_put(&root);
	path_put(&cwd);
free_path:
	kfree(path);
	return error;
}

static int read_interpreter(struct elf_file *elf)
{
	ssize_t got = file_read_kernel(elf->file, &elf->header, sizeof(elf->header), 0);
	int error;

	if (got < 0)
		return (int)got;
	if (got != sizeof(elf->header))
		return -EIO;
	if (!header_is_ours(&elf->header))
		return -ELIBBAD;
	error = read_programs(elf);
	return error == -ENOEXEC ? -ELIBBAD : error;
}

static void close_interpreter(struct elf_file *elf)
{
	kfree(elf->programs);
	if (elf->file) {
		file_allow_write(elf->file);
		file_put(elf->file);
	}
}

static void describe(const struct elf_file *elf, struct elf_image *out)
{
	const struct elf_program *stack = find_program(elf, PT_GNU_STACK);

	out->program_entry = elf->bias + elf->header.entry;
	out->program_headers = find_headers_in_memory(elf);
	out->program_count = elf->header.program_count;
	out->executable_stack = !stack || (stack->flags & PF_X);
	out->brk = ALIGN_UP((uintptr_t)elf->end, PAGE_SIZE);
	for (unsigned int i = 0; i < elf->header.program_count; i++) {
		const struct elf_program *program = &elf->programs[i];
		uintptr_t start = elf->bias + program->address;
		uintptr_t end = start + program->file_size;

		if (program->type != PT_LOAD)
			continue;
		if ((program->flags & PF_X) && (!out->code_start || start < out->code_start))
			out->code_start = start;
		if ((program->flags & PF_X) && end > out->code_end)
			out->code_end = end;
		if (start > out->data_start)
			out->data_start = start;
		if (end > out->data_end)
			out->data_end = end;
	}
}

/* Map the checked program and its interpreter, then say where everything is. */
static int map_both(struct elf_file *elf, struct elf_file *interpreter, struct address_space *space,
		    uintptr_t base, const struct vm_limits *limits, struct elf_image *out)
{
	int error;

	/* From before there were such headers, and a difference between reading and executing. */
	if (!find_program(elf, PT_GNU_STACK))
		space->read_executes = true;
	if (elf->header.type == ET_DYN) {
		error = choose_bias(elf, interpreter->file ? base : 0, space);
		if (error)
			return error;
	}
	error = map_all(elf, space, limits);
	if (error)
		return error;
	memset(out, 0, sizeof(*out));
	describe(elf, out);
	out->entry = out->program_entry;
	out->is_alone = elf->header.type == ET_DYN && !interpreter->file;
	if (!interpreter->file)
		return 0;
	error = choose_bias(interpreter, 0, space);
	if (!error)
		error = map_all(interpreter, space, limits);
	out->entry = interpreter->bias + interpreter->header.entry;
	out->interpreter_base = interpreter->bias;
	return error;
}

int elf_load(struct file *file, const uint8_t *header, size_t header_size,
	     struct address_space *space, uintptr_t base, const struct vm_limits *limits,
	     struct elf_image *out)
{
	struct elf_file elf = { .file = file };
	struct elf_file interpreter = { .file = NULL };
	int error;

	if (header_size < sizeof(elf.header))
		return -ENOEXEC;
	memcpy(&elf.header, header, sizeof(elf.header));
	if (!header_is_ours(&elf.header))
		return -ENOEXEC;
	error = read_programs(&elf);
	if (error)
		return error;
	error = open_interpreter(&elf, &interpreter.file);
	if (error)
		goto free_programs;
	if (interpreter.file) {
		error = read_interpreter(&interpreter);
		if (error)
			goto close_interpreter;
	}
	error = map_both(&elf, &interpreter, space, base, limits, out);

close_interpreter:
	close_interpreter(&interpreter);
free_programs:
	kfree(elf.programs);
	return error;
}

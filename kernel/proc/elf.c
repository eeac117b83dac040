/*
 * Loading ELF programs: from program headers to regions of a new address space.
 *
 * Nothing is read but headers: segments are mapped from the page cache and faulted in as they
 * are touched, so that all who run a program share the frames of its text. Only the tail of a
 * data segment's last file page is written at once, to make its bss zero.
 *
 * What the headers say, and whether it makes sense, is elf_headers.c's. Linux refuses some bad
 * programs before it gives up the old image (ENOEXEC and friends) and kills others after; -EINVAL
 * from here stands for the latter.
 */
#include "core/assert.h"
#include "lib/string.h"
#include "mem/kmalloc.h"
#include "proc/elf_headers.h"
#include "proc/exec.h"
#include "proc/process.h"
#include "uapi/linux/errno.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/fs_context.h"
#include "uapi/linux/fcntl.h"

enum { INTERPRETER_PATH_MAX = 4096 };

/* One ELF file on its way into memory. */
struct elf_file {
	struct file *file;
	struct elf_headers headers;	/* programs kmalloc'ed */
	uint32_t bias;			/* added to every address */
};

/* The program headers, whole. Errors: -ENOEXEC, -ENOMEM, -EIO. */
static int read_programs(struct elf_file *elf)
{
	struct elf_headers *headers = &elf->headers;
	size_t size = elf_programs_size(&headers->header);
	ssize_t got;

	if (!size)
		return -ENOEXEC;
	headers->programs = kmalloc(size, 0);
	if (!headers->programs)
		return -ENOMEM;
	got = file_read_kernel(elf->file, headers->programs, size, headers->header.program_offset);
	if (got == (ssize_t)size)
		return 0;
	kfree(headers->programs);
	headers->programs = NULL;
	return got == -ENOMEM || got == -EINTR ? (int)got : -ENOEXEC;
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

/*
 * Zero [start, end of its page) of a file page: the beginning of bss. As on Linux 6.1 for i386 that
 * the file has no such page, or cannot be read, shows only when the program comes there. Error:
 * -ENOMEM.
 */
static int clear_page_tail(struct address_space *space, uintptr_t start)
{
	static const uint8_t zeros[PAGE_SIZE];
	size_t size = PAGE_SIZE - start % PAGE_SIZE;
	int error;

	if (size == PAGE_SIZE)
		return 0;
	error = address_space_write(space, start, zeros, size);
	return error == -ENOMEM ? error : 0;
}

/* Map one PT_LOAD, over what is there: later segments win where two share a page, as on Linux. */
static int map_segment(struct elf_file *elf, const struct elf_segment *segment,
		       struct address_space *space, const struct vm_limits *limits)
{
	struct vm_map_request request = {
		.address = segment->start,
		.size = segment->file_end - segment->start,
		.flags = segment->flags,
		.fixed = true,
		.page_offset = segment->page_offset,
	};
	uintptr_t at;
	int error;

	/* A part of a file ends before 4 GiB, for a kernel of 32 bits. */
	if (request.size > UINT32_MAX - request.page_offset * PAGE_SIZE)
		return -EINVAL;
	if (request.size) {
		error = file_map(elf->file, &request);
		if (error)
			return error;
		error = vm_map(space, &request, limits, &at);
		if (error)
			return error == -ENOMEM ? error : -EINVAL;
	}
	error = map_zeroed(space, segment->file_end, segment->end, request.flags, limits);
	if (error)
		return error == -ENOMEM ? error : -EINVAL;
	return segment->tail ? clear_page_tail(space, segment->tail) : 0;
}

/*
 * Choose where a position-independent file goes: an unused span as large as it, at `wish` if that
 * is not 0 and free. Sets elf->bias.
 */
static int choose_bias(struct elf_file *elf, uintptr_t wish, struct address_space *space)
{
	size_t size = elf_total_span(&elf->headers);
	uintptr_t at;
	int error;

	if (!size)
		return -EINVAL;
	error = vm_find_room(space, ALIGN_DOWN(wish, elf_alignment(&elf->headers)), size, &at);
	if (!error)
		elf->bias = (uint32_t)at - elf_lowest_page(&elf->headers);
	return error;
}

static int map_all(struct elf_file *elf, struct address_space *space,
		   const struct vm_limits *limits)
{
	const struct elf_headers *headers = &elf->headers;

	for (unsigned int i = 0; i < headers->header.program_count; i++) {
		struct elf_segment segment;
		int error;

		if (headers->programs[i].type != PT_LOAD)
			continue;
		error = elf_place_segment(&headers->programs[i], elf->bias, &segment);
		if (!error && segment.start < segment.end)
			error = map_segment(elf, &segment, space, limits);
		if (error)
			return error;
	}
	return 0;
}

/*
 * The interpreter's path: read, checked, opened for execution. *out NULL if the program names
 * none.
 */
static int open_interpreter(struct elf_file *elf, struct file **out)
{
	const struct elf_program *program = elf_find_program(&elf->headers, PT_INTERP);
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
	struct elf_header *header = &elf->headers.header;
	ssize_t got = file_read_kernel(elf->file, header, sizeof(*header), 0);
	int error;

	if (got < 0)
		return (int)got;
	if (got != sizeof(*header))
		return -EIO;
	if (!elf_header_is_ours(header))
		return -ELIBBAD;
	error = read_programs(elf);
	return error == -ENOEXEC ? -ELIBBAD : error;
}

static void close_interpreter(struct elf_file *elf)
{
	kfree(elf->headers.programs);
	if (elf->file) {
		file_allow_write(elf->file);
		file_put(elf->file);
	}
}

/* Map the checked program and its interpreter, then say where everything is. */
static int map_both(struct elf_file *elf, struct elf_file *interpreter, struct address_space *space,
		    uintptr_t base, const struct vm_limits *limits, struct elf_image *out)
{
	int error;

	/* From before there were such headers, and a difference between reading and executing. */
	if (!elf_find_program(&elf->headers, PT_GNU_STACK))
		space->read_executes = true;
	if (elf->headers.header.type == ET_DYN) {
		error = choose_bias(elf, interpreter->file ? base : 0, space);
		if (error)
			return error;
	}
	error = map_all(elf, space, limits);
	if (error)
		return error;
	elf_describe(&elf->headers, elf->bias, out);
	out->entry = out->program_entry;
	out->is_alone = elf->headers.header.type == ET_DYN && !interpreter->file;
	if (!interpreter->file)
		return 0;
	error = choose_bias(interpreter, 0, space);
	/* Linux takes a bias that wraps for an address that is none. */
	if (!error && interpreter->bias >= USER_END)
		error = -EINVAL;
	if (!error)
		error = map_all(interpreter, space, limits);
	out->entry = (uint32_t)(interpreter->bias + interpreter->headers.header.entry);
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

	if (header_size < sizeof(elf.headers.header))
		return -ENOEXEC;
	memcpy(&elf.headers.header, header, sizeof(elf.headers.header));
	if (!elf_header_is_ours(&elf.headers.header))
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
	kfree(elf.headers.programs);
	return error;
}

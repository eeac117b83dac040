/*
 * The first stack of a program, as the System V ABI (i386 supplement, 3.4.1) and Linux lay it
 * out, from high to low:
 *
 * 	0 (one word), path, environment strings, argument strings, a gap left
 * 	to chance, platform, 16 random bytes, padding, auxiliary vector, environment pointers,
 * 	argument pointers, argument count  <- stack pointer, 16-byte aligned
 *
 * It is written into the new address space before the old one goes, so exec can still fail. All
 * places are computed first; the pointers go there a few at a time, for there may be a million.
 */
#include "arch/cpu.h"
#include "arch/vdso.h"
#include "lib/string.h"
#include "proc/exec.h"
#include "proc/process.h"
#include "uapi/linux/elf.h"
#include "uapi/linux/errno.h"
#include "vfs/credentials.h"

enum {
	STACK_FIRST_SIZE = 33 * PAGE_SIZE, /* mapped from the start; faults below extend it */
};

static const char platform[] = "i686";

static int map_stack(struct address_space *space, uintptr_t top, size_t size, bool executable,
		     const struct vm_limits *limits)
{
	const struct vm_map_request request = {
		.address = top - size,
		.size = size,
		.flags = REGION_READ | REGION_WRITE | (executable ? REGION_EXECUTE : 0) |
			 REGION_MAY_READ | REGION_MAY_WRITE | REGION_MAY_EXECUTE |
			 REGION_GROWS_DOWN | REGION_STACK | REGION_ACCOUNTED,
		.fixed = true,
	};
	uintptr_t at;

	return vm_map(space, &request, limits, &at);
}

/* The clock's data page and the code page right behind it, among the mappings. */
static int map_vdso(struct address_space *space, const struct vm_limits *limits)
{
	static frame_number data_frame[1], image_frame[1];
	struct vm_map_request request = {
		.size = PAGE_SIZE,
		.flags = REGION_READ | REGION_MAY_READ | REGION_SPECIAL,
		.fixed = true,
		.special_frames = data_frame,
		.special_name = "[vvar]",
	};
	uintptr_t at;
	int error;

	/* The same values from every caller. */
	data_frame[0] = vdso_frame(0);
	image_frame[0] = vdso_frame(1);
	error = vm_find_room(space, 0, VDSO_PAGES * PAGE_SIZE, &request.address);
	if (error)
		return error;
	error = vm_map(space, &request, limits, &at);
	if (error)
		return error;
	request.address += PAGE_SIZE;
	/* A debugger may put a breakpoint there: into a copy of the process's own. */
	request.flags = REGION_READ | REGION_EXECUTE | REGION_MAY_READ | REGION_MAY_WRITE |
			REGION_MAY_EXECUTE | REGION_SPECIAL;
	request.special_frames = image_frame;
	request.special_name = "[vdso]";
	error = vm_map(space, &request, limits, &at);
	if (error)
		return error;
	space->vdso_base = at;
	return 0;
}

/* One pair of the auxiliary vector. */
static uint32_t *put_aux(uint32_t *word, uint32_t type, uint32_t value)
{
	*word++ = type;
	*word++ = value;
	return word;
}

static void fill_auxv(uint32_t *auxv, const struct address_space *space,
		      const struct exec_stack *stack, const struct elf_image *image, uintptr_t path,
		      uintptr_t platform_at, uintptr_t random_at)
{
	const struct credentials *credentials = stack->credentials;
	uint32_t *word = auxv;

	word = put_aux(word, AT_SYSINFO, space->vdso_base + vdso_entry_offset());
	word = put_aux(word, AT_SYSINFO_EHDR, space->vdso_base);
	word = put_aux(word, AT_MINSIGSTKSZ, 2048);
	word = put_aux(word, AT_HWCAP, cpu_features()->leaf1_edx);
	word = put_aux(word, AT_PAGESZ, PAGE_SIZE);
	word = put_aux(word, AT_CLKTCK, 100);
	word = put_aux(word, AT_PHDR, image->program_headers);
	word = put_aux(word, AT_PHENT, sizeof(struct elf_program));
	word = put_aux(word, AT_PHNUM, image->program_count);
	word = put_aux(word, AT_BASE, image->interpreter_base);
	word = put_aux(word, AT_FLAGS, 0);
	word = put_aux(word, AT_ENTRY, image->program_entry);
	word = put_aux(word, AT_UID, credentials->uid);
	word = put_aux(word, AT_EUID, credentials->euid);
	word = put_aux(word, AT_GID, credentials->gid);
	word = put_aux(word, AT_EGID, credentials->egid);
	word = put_aux(word, AT_SECURE, stack->secure);
	word = put_aux(word, AT_RANDOM, random_at);
	word = put_aux(word, AT_HWCAP2, 0);
	word = put_aux(word, AT_EXECFN, path);
	word = put_aux(word, AT_PLATFORM, platform_at);
	put_aux(word, AT_NULL, 0);
}

/* Platform name and random bytes below `top`; gives their places. */
static int write_small_things(struct address_space *space, uintptr_t top,
			      const uint8_t random[EXEC_RANDOM_BYTES], uintptr_t *platform_at,
			      uintptr_t *random_at)
{
	int error;

	*platform_at = top - sizeof(platform);
	*random_at = (*platform_at - EXEC_RANDOM_BYTES) & ~15u;
	error = address_space_write(space, *platform_at, platform, sizeof(platform));
	if (!error)
		error = address_space_write(space, *random_at, random, EXEC_RANDOM_BYTES);
	return error;
}

/* All strings at their places; the argument count and their addresses from `sp` on. */
static int write_strings(struct address_space *space, const struct exec_stack *stack,
			 uintptr_t base, uintptr_t sp, uintptr_t *end)
{
	struct exec_words words = { .space = space, .at = sp };
	int error;

	error = exec_words_put(&words, stack->front->count + stack->arguments->count);
	if (error)
		return error;
	space->arguments_start = base;
	error = exec_strings_write(stack->front, 0, space, base, &words);
	if (error)
		return error;
	base += stack->front->size;
	error = exec_strings_write(stack->arguments, stack->arguments_start, space, base, &words);
	if (!error)
		error = exec_words_put(&words, 0);
	if (error)
		return error;
	base += stack->arguments->size - stack->arguments_start;
	space->arguments_end = space->environment_start = base;
	error = exec_strings_write(stack->environment, 0, space, base, &words);
	if (!error)
		error = exec_words_put(&words, 0);
	if (error)
		return error;
	space->environment_end = base + stack->environment->size;
	error = exec_words_flush(&words);
	*end = words.at;
	return error;
}

int exec_stack_build(struct address_space *space, const struct exec_stack *stack,
		     const struct elf_image *image, const struct vm_limits *limits, uintptr_t *sp)
{
	size_t path_size = strlen(stack->path) + 1;
	size_t strings_size = stack->front->size + stack->arguments->size - stack->arguments_start +
			      stack->environment->size;
	size_t pointer_count =
		stack->front->count + stack->arguments->count + stack->environment->count + 3;
	size_t vector_size = pointer_count * sizeof(uint32_t) + sizeof(space->saved_auxv);
	uintptr_t top = stack->layout->stack_top;
	uintptr_t path_at, strings_at, platform_at, random_at, auxv_at;
	size_t region_size;
	int error;

	region_size = ALIGN_UP(strings_size + path_size + stack->layout->stack_skip + vector_size,
			       PAGE_SIZE) +
		      STACK_FIRST_SIZE;
	error = map_stack(space, top, region_size, image->executable_stack, limits);
	if (error)
		return error;
	error = map_vdso(space, limits);
	if (error)
		return error;
	path_at = top - sizeof(uint32_t) - path_size;
	strings_at = path_at - strings_size;
	error = address_space_write(space, path_at, stack->path, path_size);
	if (error)
		return error;
	error = write_small_things(space, strings_at - stack->layout->stack_skip,
				   stack->layout->random, &platform_at, &random_at);
	if (error)
		return error;
	*sp = (random_at - vector_size) & ~15u;
	space->stack_start = *sp;
	error = write_strings(space, stack, strings_at, *sp, &auxv_at);
	if (error)
		return error;
	fill_auxv(space->saved_auxv, space, stack, image, path_at, platform_at, random_at);
	return address_space_write(space, auxv_at, space->saved_auxv, sizeof(space->saved_auxv));
}

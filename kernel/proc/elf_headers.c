/*
 * ELF headers (System V ABI, Intel386 supplement, chapter 5). Sums that may leave 32 bits are made
 * in 64.
 */
#include "proc/elf_headers.h"
#include "arch/mmu.h"
#include "lib/string.h"
#include "proc/exec.h"
#include "uapi/linux/errno.h"
#include "vm/region.h"

enum { PROGRAM_HEADERS_MAX = 65536 };	/* bytes; Linux's limit */

bool elf_header_is_ours(const struct elf_header *header)
{
	return memcmp(header->magic, "\177ELF", 4) == 0 &&
	       (header->type == ET_EXEC || header->type == ET_DYN) &&
	       (header->machine == EM_386 || header->machine == EM_486);
}

size_t elf_programs_size(const struct elf_header *header)
{
	size_t size = (size_t)header->program_count * sizeof(struct elf_program);

	if (header->program_entry_size != sizeof(struct elf_program) || size > PROGRAM_HEADERS_MAX)
		return 0;
	return size;
}

const struct elf_program *elf_find_program(const struct elf_headers *elf, uint32_t type)
{
	for (unsigned int i = 0; i < elf->header.program_count; i++) {
		if (elf->programs[i].type == type)
			return &elf->programs[i];
	}
	return NULL;
}

static uint32_t page_of(uint32_t address)
{
	return address & ~(uint32_t)(PAGE_SIZE - 1);
}

size_t elf_total_span(const struct elf_headers *elf)
{
	uint64_t low = UINT64_MAX, high = 0;

	for (unsigned int i = 0; i < elf->header.program_count; i++) {
		const struct elf_program *program = &elf->programs[i];

		if (program->type != PT_LOAD)
			continue;
		if (page_of(program->address) < low)
			low = page_of(program->address);
		if ((uint64_t)program->address + program->memory_size > high)
			high = (uint64_t)program->address + program->memory_size;
	}
	if (high <= low || high - low > USER_END)
		return 0;
	return (size_t)ALIGN_UP(high - low, PAGE_SIZE);
}

uint32_t elf_lowest_page(const struct elf_headers *elf)
{
	uint32_t low = UINT32_MAX;

	for (unsigned int i = 0; i < elf->header.program_count; i++) {
		if (elf->programs[i].type == PT_LOAD && page_of(elf->programs[i].address) < low)
			low = page_of(elf->programs[i].address);
	}
	return low;
}

uint32_t elf_alignment(const struct elf_headers *elf)
{
	uint32_t alignment = PAGE_SIZE;

	for (unsigned int i = 0; i < elf->header.program_count; i++) {
		const struct elf_program *program = &elf->programs[i];
		uint32_t wish = program->align;

		if (program->type == PT_LOAD && (wish & (wish - 1)) == 0 && wish > alignment)
			alignment = wish;
	}
	return alignment;
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

static bool is_user_range(uint32_t address, uint32_t size)
{
	return address < USER_END && (uint64_t)address + size <= USER_END;
}

/* As linked and as loaded, as on Linux. */
static bool segment_is_sane(const struct elf_program *program, uint32_t bias)
{
	return program->file_size <= program->memory_size &&
	       is_user_range(program->address, program->memory_size) &&
	       is_user_range(bias + program->address, program->memory_size);
}

int elf_place_segment(const struct elf_program *program, uint32_t bias, struct elf_segment *out)
{
	uint32_t address = bias + program->address;
	uint32_t file_end = address + program->file_size;

	if (!segment_is_sane(program, bias))
		return -EINVAL;
	*out = (struct elf_segment){
		.start = page_of(address),
		.file_end = page_of(address),
		.end = page_of(address),
		.page_offset = program->offset / PAGE_SIZE,
		.flags = region_flags_of(program),
	};
	if (!program->memory_size)
		return 0;
	/* File and memory must agree within the page; otherwise no mapping can do it. */
	if (program->offset % PAGE_SIZE != program->address % PAGE_SIZE)
		return -EINVAL;
	out->end = ALIGN_UP(address + program->memory_size, PAGE_SIZE);
	if (!program->file_size)
		return 0;
	out->file_end = ALIGN_UP(file_end, PAGE_SIZE);
	/*
	 * Linux refuses a bss whose first page it cannot write to; without file bytes there is
	 * none.
	 */
	if (program->memory_size > program->file_size && (program->flags & PF_W) &&
	    file_end % PAGE_SIZE)
		out->tail = file_end;
	return 0;
}

/* For AT_PHDR: inside the segment whose file bytes hold them; 0: nowhere. */
static uint32_t find_headers_in_memory(const struct elf_headers *elf, uint32_t bias)
{
	uint32_t offset = elf->header.program_offset;

	for (unsigned int i = 0; i < elf->header.program_count; i++) {
		const struct elf_program *program = &elf->programs[i];

		if (program->type == PT_LOAD && program->offset <= offset &&
		    offset - program->offset < program->file_size)
			return bias + program->address + (offset - program->offset);
	}
	return 0;
}

static void describe_segment(const struct elf_program *program, uint32_t bias,
			     struct elf_image *out)
{
	uint32_t start = bias + program->address;
	uint32_t end = start + program->file_size;
	uint32_t memory_end = start + program->memory_size;

	if ((program->flags & PF_X) && (!out->code_start || start < out->code_start))
		out->code_start = start;
	if ((program->flags & PF_X) && end > out->code_end)
		out->code_end = end;
	if (start > out->data_start)
		out->data_start = start;
	if (end > out->data_end)
		out->data_end = end;
	if (program->memory_size && ALIGN_UP(memory_end, PAGE_SIZE) > out->brk)
		out->brk = ALIGN_UP(memory_end, PAGE_SIZE);
}

void elf_describe(const struct elf_headers *elf, uint32_t bias, struct elf_image *out)
{
	const struct elf_program *stack = elf_find_program(elf, PT_GNU_STACK);

	memset(out, 0, sizeof(*out));
	out->program_entry = (uint32_t)(bias + elf->header.entry);
	out->program_headers = find_headers_in_memory(elf, bias);
	out->program_count = elf->header.program_count;
	out->executable_stack = !stack || (stack->flags & PF_X);
	for (unsigned int i = 0; i < elf->header.program_count; i++) {
		if (elf->programs[i].type == PT_LOAD)
			describe_segment(&elf->programs[i], bias, out);
	}
}

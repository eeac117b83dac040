/*
 * What exec is given: ELF headers, and the first line of a script.
 *
 * Every segment that is placed lies in user space, in whole pages, with each byte of the file at the
 * address that the headers say; what is told of the program lies there too.
 *
 * test: with=proc/elf_headers.c,proc/script.c
 */
#include "arch/mmu.h"
#include "core/assert.h"
#include "fuzz.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "proc/elf_headers.h"
#include "proc/exec.h"
#include "uapi/linux/errno.h"

enum { PROGRAMS_MAX = 32 };

void fuzz_start(void)
{
}

/* ---- scripts --------------------------------------------------------------------------------- */

static void check_word(const char header[ELF_HEADER_BYTES], const char *word)
{
	assert(word > header + 1 && word < header + ELF_HEADER_BYTES);
	assert(memchr(word, '\0', (size_t)(header + ELF_HEADER_BYTES - word)));
	assert(word[0] && word[0] != ' ' && word[0] != '\t' && !strchr(word, '\n'));
}

static void read_script(const uint8_t *data, size_t size)
{
	static char header[ELF_HEADER_BYTES];
	char *interpreter, *argument;

	size = min_t(size_t, size, sizeof(header));
	memset(header, 0, sizeof(header));
	memcpy(header, data, size);
	if (script_parse(header, size, &interpreter, &argument))
		return;
	check_word(header, interpreter);
	assert(!strchr(interpreter, ' ') && !strchr(interpreter, '\t'));
	if (argument) {
		check_word(header, argument);
		assert(argument > interpreter + strlen(interpreter));
	}
}

/* ---- ELF ------------------------------------------------------------------------------------- */

/* Where this one goes: as linked, or wherever there is room. False: nowhere. */
static bool choose_bias(struct fuzz_input *input, const struct elf_headers *elf, uint32_t *bias)
{
	uint32_t wish = fuzz_word(input) << 16 | fuzz_word(input);
	uint32_t alignment = elf_alignment(elf);
	size_t span;

	*bias = 0;
	assert(alignment >= PAGE_SIZE && (alignment & (alignment - 1)) == 0);
	if (elf->header.type != ET_DYN)
		return true;
	span = elf_total_span(elf);
	if (!span)
		return false;
	assert(span % PAGE_SIZE == 0 && elf_lowest_page(elf) % PAGE_SIZE == 0);
	if (span > USER_END)
		return false;
	wish = ALIGN_DOWN(min_t(uint32_t, wish, USER_END - (uint32_t)span), alignment);
	*bias = ALIGN_DOWN(wish, PAGE_SIZE) - elf_lowest_page(elf);
	return true;
}

static void check_segment(const struct elf_program *program, const struct elf_segment *segment,
			  uint32_t bias)
{
	uint32_t address = bias + program->address;

	assert((segment->start | segment->file_end | segment->end) % PAGE_SIZE == 0);
	assert(segment->start <= segment->file_end && segment->file_end <= segment->end);
	assert(segment->end <= USER_END);
	if (segment->start == segment->end) {
		assert(!program->memory_size);
		return;
	}
	assert(segment->start <= address && address - segment->start < PAGE_SIZE);
	assert(segment->end - address >= program->memory_size);
	assert(segment->end - address - program->memory_size < PAGE_SIZE);
	if (segment->start < segment->file_end) {
		assert(segment->file_end - address >= program->file_size);
		assert((uint64_t)segment->page_offset * PAGE_SIZE + (address - segment->start) ==
		       program->offset);
	} else {
		assert(!program->file_size);
	}
	if (segment->tail) {
		assert(segment->tail == address + program->file_size);
		assert(segment->tail > segment->start && segment->tail < segment->file_end);
	}
}

static void check_image(const struct elf_headers *elf, uint32_t bias)
{
	struct elf_image image;

	elf_describe(elf, bias, &image);
	assert(image.program_count == elf->header.program_count);
	assert(image.brk % PAGE_SIZE == 0 && image.brk <= USER_END);
	assert(image.program_headers < USER_END && image.program_entry <= UINT32_MAX);
	assert(image.code_start <= image.code_end && image.code_end <= USER_END);
	assert(image.data_start < USER_END && image.data_end <= USER_END);
}

static void place(struct fuzz_input *input, const struct elf_headers *elf)
{
	uint32_t bias;
	size_t span = elf_total_span(elf);

	if (!choose_bias(input, elf, &bias))
		return;
	for (unsigned int i = 0; i < elf->header.program_count; i++) {
		struct elf_segment segment;

		if (elf->programs[i].type != PT_LOAD)
			continue;
		if (elf_place_segment(&elf->programs[i], bias, &segment))
			return;
		check_segment(&elf->programs[i], &segment, bias);
		/* Nothing is mapped but where room was found. */
		if (elf->header.type == ET_DYN)
			assert(segment.start - (bias + elf_lowest_page(elf)) <= span &&
			       segment.end - (bias + elf_lowest_page(elf)) <= span);
	}
	check_image(elf, bias);
}

static void read_elf(struct fuzz_input *input)
{
	static struct elf_program programs[PROGRAMS_MAX];
	struct elf_headers elf = { .programs = programs };
	size_t size = (size_t)(input->end - input->next);

	if (size < sizeof(elf.header))
		return;
	memcpy(&elf.header, input->next, sizeof(elf.header));
	if (!elf_header_is_ours(&elf.header))
		return;
	size = elf_programs_size(&elf.header);
	if (!size || size > sizeof(programs))
		return;
	/* As where a file ends: what is not there makes no program. */
	if (elf.header.program_offset > (size_t)(input->end - input->next) ||
	    size > (size_t)(input->end - input->next) - elf.header.program_offset)
		return;
	memcpy(programs, input->next + elf.header.program_offset, size);
	input->next += elf.header.program_offset + size;
	assert(!elf_find_program(&elf, PT_GNU_STACK) ||
	       elf_find_program(&elf, PT_GNU_STACK)->type == PT_GNU_STACK);
	place(input, &elf);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, data + size };

	if (size >= 2 && data[0] == '#')
		read_script(data, size);
	else
		read_elf(&input);
}

/*
 * ELF headers: what they say, checked, and where that puts the program. Numbers in, numbers out:
 * nothing here reads a file or maps anything (elf.c does), and all numbers are the user's.
 *
 * Addresses are of 32 bits and wrap: a file that was linked higher than it is loaded has a bias
 * that is negative in this sense.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/compiler.h"
#include "uapi/linux/elf.h"

struct elf_image;

struct elf_headers {
	struct elf_header header;
	struct elf_program *programs;	/* as many as the header says; NULL: not read yet */
};

/* Is it a program or a library for this machine? */
bool elf_header_is_ours(const struct elf_header *header);

/* The size of all program headers, or 0 if there are none, too many, or of another kind. */
size_t elf_programs_size(const struct elf_header *header);

/* The first of that type, or NULL. */
const struct elf_program *elf_find_program(const struct elf_headers *elf, uint32_t type);

/* From the first segment's page to the last one's end, in whole pages; 0: no room has it. */
size_t elf_total_span(const struct elf_headers *elf);
uint32_t elf_lowest_page(const struct elf_headers *elf);

/* The strictest alignment that a segment asks for, at least a page; nonsense is passed over. */
uint32_t elf_alignment(const struct elf_headers *elf);

/*
 * Where a PT_LOAD goes: [start, file_end) comes from the file, from page `page_offset` on, and
 * [file_end, end) is zeros. All are multiples of PAGE_SIZE within user space, start <= file_end <=
 * end; start == end: nothing is mapped. `tail`, if it is not 0: from there on the last page of the
 * file's part is to be cleared.
 */
struct elf_segment {
	uint32_t start, file_end, end;
	uint32_t tail;
	uint32_t page_offset;
	uint32_t flags;			/* REGION_ flags */
};

/* Errors: -EINVAL, a segment that Linux kills the program for. */
must_check int elf_place_segment(const struct elf_program *program, uint32_t bias,
				 struct elf_segment *out);

/* What the rest of exec is told of a program, all of whose segments have been placed at `bias`. */
void elf_describe(const struct elf_headers *elf, uint32_t bias, struct elf_image *out);

/*
 * The functions of the vDSO, found as a C library finds them; and what they fill in.
 */
#pragma once
#include "check.h"
#include <elf.h>
#include <sys/auxv.h>

struct timespec32 {
	int32_t tv_sec, tv_nsec;
};

struct timespec64 {
	int64_t tv_sec;
	int32_t tv_nsec, padding;
};

struct vdso_image {
	const char *base;
	const Elf32_Sym *symbols;
	const char *strings;
	uint32_t symbol_count;
};

static inline struct vdso_image vdso_find(void)
{
	struct vdso_image image = { .base = (const char *)getauxval(AT_SYSINFO_EHDR) };
	const Elf32_Ehdr *header = (const void *)image.base;
	const Elf32_Phdr *segments;
	uintptr_t distance = 0;
	const Elf32_Dyn *dynamic = NULL;

	CHECK(image.base != NULL);
	CHECK(memcmp(header->e_ident, ELFMAG, SELFMAG) == 0);
	segments = (const void *)(image.base + header->e_phoff);
	for (int i = 0; i < header->e_phnum; i++) {
		if (segments[i].p_type == PT_LOAD)
			distance = (uintptr_t)image.base + segments[i].p_offset -
				   segments[i].p_vaddr;
		if (segments[i].p_type == PT_DYNAMIC)
			dynamic = (const void *)(image.base + segments[i].p_offset);
	}
	CHECK(dynamic != NULL);
	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		const void *there = (const void *)(distance + dynamic->d_un.d_ptr);

		if (dynamic->d_tag == DT_SYMTAB)
			image.symbols = there;
		if (dynamic->d_tag == DT_STRTAB)
			image.strings = there;
		if (dynamic->d_tag == DT_HASH)
			image.symbol_count = ((const uint32_t *)there)[1];
	}
	CHECK(image.symbols && image.strings && image.symbol_count > 1);
	image.base = (const char *)distance;
	return image;
}

static inline const void *vdso_symbol(const struct vdso_image *image, const char *name)
{
	for (uint32_t i = 1; i < image->symbol_count; i++) {
		const Elf32_Sym *at = &image->symbols[i];

		if (at->st_shndx != SHN_UNDEF && ELF32_ST_TYPE(at->st_info) == STT_FUNC &&
		    strcmp(image->strings + at->st_name, name) == 0)
			return image->base + at->st_value;
	}
	FAIL("the vDSO has no %s", name);
}

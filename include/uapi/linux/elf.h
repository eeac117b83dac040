/*
 * 32-bit ELF (System V ABI, chapters 4 and 5), and the auxiliary vector.
 */
#pragma once
#include <stdint.h>

/* clang-format off */
#define ELF_CLASS_32		1
#define ELF_DATA_LITTLE		1
#define ET_EXEC			2
#define ET_DYN			3
#define EM_386			3
#define EM_486			6
#define PT_LOAD			1
#define PT_DYNAMIC		2
#define PT_INTERP		3
#define PT_PHDR			6
#define PT_TLS			7
#define PT_GNU_STACK		0x6474e551
#define PF_X			1
#define PF_W			2
#define PF_R			4

#define AT_NULL			0
#define AT_IGNORE		1
#define AT_EXECFD		2
#define AT_PHDR			3
#define AT_PHENT		4
#define AT_PHNUM		5
#define AT_PAGESZ		6
#define AT_BASE			7
#define AT_FLAGS		8
#define AT_ENTRY		9
#define AT_UID			11
#define AT_EUID			12
#define AT_GID			13
#define AT_EGID			14
#define AT_PLATFORM		15
#define AT_HWCAP		16
#define AT_CLKTCK		17
#define AT_SECURE		23
#define AT_RANDOM		25
#define AT_HWCAP2		26
#define AT_EXECFN		31
#define AT_SYSINFO		32
#define AT_SYSINFO_EHDR		33
#define AT_MINSIGSTKSZ		51
/* clang-format on */

struct elf_header {
	uint8_t magic[4];
	uint8_t file_class, data, version, os_abi, abi_version, padding[7];
	uint16_t type, machine;
	uint32_t version2;
	uint32_t entry;
	uint32_t program_offset, section_offset;
	uint32_t flags;
	uint16_t header_size, program_entry_size, program_count;
	uint16_t section_entry_size, section_count, section_names;
};
_Static_assert(sizeof(struct elf_header) == 52, "Elf32_Ehdr");

struct elf_program {
	uint32_t type;
	uint32_t offset;
	uint32_t address;
	uint32_t physical;
	uint32_t file_size, memory_size;
	uint32_t flags;
	uint32_t align;
};
_Static_assert(sizeof(struct elf_program) == 32, "Elf32_Phdr");

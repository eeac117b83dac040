/*
 * Making small ELF files byte by byte: a header, program headers behind it, and whatever is put
 * anywhere. What elf_begin() leaves is a good program without segments; a test adds what it needs.
 */
#pragma once
#include "check.h"
#include <elf.h>

#define ELF_ROOM (64 * 1024)
#define ELF_BASE 0x08048000u

struct elf_file {
	uint8_t bytes[ELF_ROOM];
	size_t size;
};

static inline Elf32_Ehdr *elf_header(struct elf_file *file)
{
	return (Elf32_Ehdr *)file->bytes;
}

static inline Elf32_Phdr *elf_segment(struct elf_file *file, int number)
{
	return (Elf32_Phdr *)(file->bytes + sizeof(Elf32_Ehdr)) + number;
}

static inline void elf_put(struct elf_file *file, size_t offset, const void *data, size_t size)
{
	CHECK(offset + size <= ELF_ROOM);
	memcpy(file->bytes + offset, data, size);
	if (file->size < offset + size)
		file->size = offset + size;
}

static inline void elf_begin(struct elf_file *file, int segments)
{
	memset(file, 0, sizeof(*file));
	*elf_header(file) = (Elf32_Ehdr){
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_386, .e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf32_Ehdr), .e_ehsize = sizeof(Elf32_Ehdr),
		.e_phentsize = sizeof(Elf32_Phdr), .e_phnum = segments,
	};
	file->size = sizeof(Elf32_Ehdr) + segments * sizeof(Elf32_Phdr);
}

static inline void elf_load(struct elf_file *file, int number, uint32_t offset, uint32_t address,
			    uint32_t file_size, uint32_t memory_size, uint32_t flags)
{
	*elf_segment(file, number) = (Elf32_Phdr){
		.p_type = PT_LOAD, .p_offset = offset, .p_vaddr = address, .p_paddr = address,
		.p_filesz = file_size, .p_memsz = memory_size, .p_flags = flags, .p_align = PAGE,
	};
}

/*
 * A stack that is not executable; without this segment all readable memory may become executable.
 */
static inline void elf_stack(struct elf_file *file, int number)
{
	*elf_segment(file, number) = (Elf32_Phdr){
		.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W, .p_align = 16,
	};
}

static inline void elf_save(const struct elf_file *file, const char *path)
{
	int fd;

	unlink(path);
	fd = MUST(open(path, O_CREAT | O_WRONLY | O_EXCL | O_CLOEXEC, 0755));
	CHECK_EQ(write(fd, file->bytes, file->size), file->size);
	CHECK(close(fd) == 0);
}

/* mov $1, %eax; mov $status, %ebx; int $0x80 */
static inline size_t elf_put_exit(struct elf_file *file, size_t offset, uint8_t status)
{
	const uint8_t code[] = { 0xb8, 1, 0, 0, 0, 0xbb, status, 0, 0, 0, 0xcd, 0x80 };

	elf_put(file, offset, code, sizeof(code));
	return sizeof(code);
}

/* One page of text, at ELF_BASE, that exits with `status`. */
static inline void elf_make_exit(struct elf_file *file, uint8_t status)
{
	elf_begin(file, 2);
	elf_put_exit(file, 0x100, status);
	elf_header(file)->e_entry = ELF_BASE + 0x100;
	elf_load(file, 0, 0, ELF_BASE, file->size, file->size, PF_R | PF_X);
	elf_stack(file, 1);
}

/* Start `path` in a child; the status that wait4() gives. */
static inline int elf_run(const char *path)
{
	pid_t pid = FORK();

	if (pid == 0) {
		execl(path, path, (char *)NULL);
		FAIL("%s", path);
	}
	return wait_status(pid);
}

static inline void elf_expect_exit(struct elf_file *file, const char *path, int expected)
{
	int status;

	elf_save(file, path);
	status = elf_run(path);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != expected)
		FAIL("%s: status %#x, should exit with %d", path, status, expected);
}

static inline void elf_expect_death(struct elf_file *file, const char *path, int signal)
{
	int status;

	elf_save(file, path);
	status = elf_run(path);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != signal)
		FAIL("%s: status %#x, should die of signal %d", path, status, signal);
}

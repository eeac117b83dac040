/* test: timeout=120
 * Hostile ELF files: sizes that wrap, segments that overlap, counts that lie, truncations, and
 * plain noise, each made from a good program by changing a few fields. For every one exec must do
 * what Linux does: run it, refuse it with the same errno and leave the caller whole, or kill.
 *
 *	hostile_elf			compare with hostile_elf.expected.h
 *	hostile_elf --record		print that file, from what this kernel does
 *	hostile_elf --show NUMBER	say what one file is and what became of it
 *
 * Fields take values that mean the same on any i386 Linux: no address that only exists where user
 * space is larger than 3 GiB, no size that depends on how much memory there is. Programs run as an
 * ordinary user, so that page 0 is forbidden. Death after the point of no return is SIGSEGV on
 * newer kernels and SIGKILL on older ones, and which fault comes first afterwards is the
 * processor's affair: one class. A few files are run by Linux 6.1 for i386 and killed by others,
 * or the other way round: what is meant is 6.1.
 */
#include "elf_builder.h"
#include "hostile_elf.expected.h"

#define RANDOM_FILES 240
#define EXIT_STATUS 42

/* Outcomes: an errno, or one of these. */
enum {
	OUTCOME_RAN = 1000,		/* exited with EXIT_STATUS */
	OUTCOME_RAN_WRONG = 1001,	/* exited with another status */
	OUTCOME_KILLED = 2000,		/* SIGSEGV, SIGBUS, SIGKILL; others are 2000 + number */
};

/* ---- changes by hand ---------------------------------------------------------------------- */

/* A field of the header or of a program header gets a value. */
enum place { HEADER, TEXT, DATA, SIZE };

struct change {
	enum place place;		/* SIZE: the file is cut to `value` bytes */
	uint8_t offset, width;
	uint32_t value;
};

#define EHDR(field, value) { HEADER, offsetof(Elf32_Ehdr, field), \
			     sizeof(((Elf32_Ehdr *)0)->field), value }
#define PHDR(which, field, value) { which, offsetof(Elf32_Phdr, field), 4, value }
#define IDENT(index, value) { HEADER, index, 1, value }
#define CUT(size) { SIZE, 0, 0, size }

static const struct change by_hand[][4] = {
	{ { 0 } },		/* number 0: the good program; all zero means no change */
	{ IDENT(0, 0) }, { IDENT(1, 'e') }, { IDENT(2, 'X') }, { IDENT(3, 'f') },
	{ EHDR(e_type, ET_NONE) }, { EHDR(e_type, ET_REL) }, { EHDR(e_type, ET_CORE) },
	{ EHDR(e_type, 0xffff) }, { EHDR(e_type, 0x0200) },
	{ EHDR(e_machine, 0) }, { EHDR(e_machine, EM_SPARC) }, { EHDR(e_machine, EM_ARM) },
	{ EHDR(e_machine, 0xffff) },
	{ IDENT(EI_CLASS, 0) }, { IDENT(EI_CLASS, 2) }, { IDENT(EI_CLASS, 9) },
	{ IDENT(EI_DATA, 2) }, { IDENT(EI_DATA, 0) }, { IDENT(EI_VERSION, 0) },
	{ IDENT(EI_OSABI, 77) }, { EHDR(e_version, 0) }, { EHDR(e_version, 99) },
	{ EHDR(e_flags, 0xffffffff) }, { EHDR(e_ehsize, 0) }, { EHDR(e_ehsize, 0xffff) },
	{ EHDR(e_phentsize, 0) }, { EHDR(e_phentsize, 1) }, { EHDR(e_phentsize, 31) },
	{ EHDR(e_phentsize, 33) }, { EHDR(e_phentsize, 64) }, { EHDR(e_phentsize, 0xffff) },
	{ EHDR(e_phnum, 0) }, { EHDR(e_phnum, 1) }, { EHDR(e_phnum, 4) }, { EHDR(e_phnum, 200) },
	{ EHDR(e_phnum, 2048) }, { EHDR(e_phnum, 2049) }, { EHDR(e_phnum, 0xfffe) },
	{ EHDR(e_phnum, 0xffff) },
	{ EHDR(e_phoff, 0) }, { EHDR(e_phoff, 1) }, { EHDR(e_phoff, 53) },
	{ EHDR(e_phoff, 0x100000) }, { EHDR(e_phoff, 0x7fffffff) }, { EHDR(e_phoff, 0x80000000) },
	{ EHDR(e_phoff, 0xffffffff) }, { EHDR(e_phoff, 0xfffffff0) }, { EHDR(e_phoff, 0xffffffc0) },
	{ EHDR(e_entry, 0) }, { EHDR(e_entry, 0xffffffff) }, { EHDR(e_entry, 0xfffff000) },
	{ EHDR(e_entry, 0x10000000) }, { EHDR(e_entry, ELF_BASE + 0x1000) },
	{ CUT(0) }, { CUT(1) }, { CUT(3) }, { CUT(4) }, { CUT(16) }, { CUT(51) }, { CUT(52) },
	{ CUT(53) }, { CUT(84) }, { CUT(116) }, { CUT(147) }, { CUT(148) }, { CUT(255) },
	{ CUT(256) }, { CUT(267) }, { CUT(268) }, { CUT(4095) }, { CUT(4096) }, { CUT(4097) },
	/* The text segment. */
	{ PHDR(TEXT, p_type, PT_NULL) }, { PHDR(TEXT, p_type, PT_NOTE) },
	{ PHDR(TEXT, p_type, PT_SHLIB) }, { PHDR(TEXT, p_type, 0xffffffff) },
	{ PHDR(TEXT, p_flags, 0) }, { PHDR(TEXT, p_flags, 0xffffffff) },
	{ PHDR(TEXT, p_offset, 1) }, { PHDR(TEXT, p_offset, 0x800) },
	{ PHDR(TEXT, p_offset, 0x1000) }, { PHDR(TEXT, p_offset, 0x100000) },
	{ PHDR(TEXT, p_offset, 0x7ffff000) }, { PHDR(TEXT, p_offset, 0x80000000) },
	{ PHDR(TEXT, p_offset, 0xfffff000) }, { PHDR(TEXT, p_offset, 0xffffffff) },
	{ PHDR(TEXT, p_vaddr, 0) }, { PHDR(TEXT, p_vaddr, ELF_BASE + 1) },
	{ PHDR(TEXT, p_vaddr, 0xfffff000) }, { PHDR(TEXT, p_vaddr, 0xffffffff) },
	{ PHDR(TEXT, p_vaddr, 0xffffff00) },
	{ PHDR(TEXT, p_filesz, 0) }, { PHDR(TEXT, p_filesz, 1) },
	{ PHDR(TEXT, p_filesz, 0xffffffff) }, { PHDR(TEXT, p_filesz, 0xfffff000) },
	{ PHDR(TEXT, p_filesz, 0xf8000000) },
	{ PHDR(TEXT, p_memsz, 0) }, { PHDR(TEXT, p_memsz, 1) },
	{ PHDR(TEXT, p_memsz, 0xffffffff) }, { PHDR(TEXT, p_memsz, 0xfffff000) },
	{ PHDR(TEXT, p_memsz, 0xf8000000) },
	{ PHDR(TEXT, p_filesz, 0xffffffff), PHDR(TEXT, p_memsz, 0xffffffff) },
	{ PHDR(TEXT, p_filesz, 0xfffff000), PHDR(TEXT, p_memsz, 0xfffff000) },
	{ PHDR(TEXT, p_filesz, 0), PHDR(TEXT, p_memsz, 0) },
	{ PHDR(TEXT, p_filesz, 0x10000), PHDR(TEXT, p_memsz, 0x10000) },
	{ PHDR(TEXT, p_align, 0) }, { PHDR(TEXT, p_align, 1) }, { PHDR(TEXT, p_align, 3) },
	{ PHDR(TEXT, p_align, 0x10000000) }, { PHDR(TEXT, p_align, 0xffffffff) },
	/* The data segment, loaded second. */
	{ PHDR(DATA, p_vaddr, ELF_BASE) },			/* exactly over the text */
	{ PHDR(DATA, p_vaddr, ELF_BASE + 0x800) },
	{ PHDR(DATA, p_vaddr, ELF_BASE - 0x1000) },		/* not in ascending order */
	{ PHDR(DATA, p_vaddr, 0) }, { PHDR(DATA, p_vaddr, 0x800) },
	{ PHDR(DATA, p_vaddr, 0xffffe000) }, { PHDR(DATA, p_vaddr, 0xfffff000) },
	{ PHDR(DATA, p_vaddr, 0xffffffff) },
	{ PHDR(DATA, p_offset, 0x1001) }, { PHDR(DATA, p_offset, 0) },
	{ PHDR(DATA, p_offset, 0x10000) }, { PHDR(DATA, p_offset, 0x7ffff000) },
	{ PHDR(DATA, p_offset, 0xfffff000) },
	{ PHDR(DATA, p_filesz, 0) }, { PHDR(DATA, p_filesz, 0x2001) },
	{ PHDR(DATA, p_filesz, 0x8000), PHDR(DATA, p_memsz, 0x8000) },
	{ PHDR(DATA, p_filesz, 0xffffffff) }, { PHDR(DATA, p_memsz, 0xffffffff) },
	{ PHDR(DATA, p_memsz, 0xf8000000) }, { PHDR(DATA, p_memsz, 0) },
	{ PHDR(DATA, p_memsz, 0x100) }, { PHDR(DATA, p_memsz, 0x800000) },
	{ PHDR(DATA, p_flags, PF_R) }, { PHDR(DATA, p_flags, PF_R), PHDR(DATA, p_memsz, 0x800) },
	{ PHDR(DATA, p_flags, 0) }, { PHDR(DATA, p_flags, PF_W) },
	{ PHDR(DATA, p_type, PT_INTERP) }, { PHDR(DATA, p_type, PT_DYNAMIC) },
	{ PHDR(DATA, p_type, PT_PHDR) }, { PHDR(DATA, p_type, PT_TLS) },
	{ PHDR(DATA, p_type, PT_GNU_STACK) },
	{ PHDR(DATA, p_type, PT_INTERP), PHDR(DATA, p_filesz, 0) },
	{ PHDR(DATA, p_type, PT_INTERP), PHDR(DATA, p_filesz, 1) },
	{ PHDR(DATA, p_type, PT_INTERP), PHDR(DATA, p_filesz, 4096) },
	{ PHDR(DATA, p_type, PT_INTERP), PHDR(DATA, p_filesz, 0xffffffff) },
	{ PHDR(DATA, p_type, PT_INTERP), PHDR(DATA, p_offset, 0x7fffffff) },
	{ PHDR(DATA, p_type, PT_INTERP), PHDR(DATA, p_offset, 0xfffffff0) },
};

/* ---- making ------------------------------------------------------------------------------- */

static uint32_t random_state;

static uint32_t random_below(uint32_t limit)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 12) % limit;
}

/* Text at ELF_BASE, 2 KiB of data behind it with a page and a half of bss. */
static void make_good(struct elf_file *file)
{
	static const char data[0x800] = "data";

	elf_begin(file, 3);
	elf_put_exit(file, 0x100, EXIT_STATUS);
	elf_put(file, 0x1000, data, sizeof(data));
	elf_header(file)->e_entry = ELF_BASE + 0x100;
	elf_load(file, 0, 0, ELF_BASE, 0x200, 0x200, PF_R | PF_X);
	elf_load(file, 1, 0x1000, ELF_BASE + 0x1000, sizeof(data), 0x2000, PF_R | PF_W);
	elf_stack(file, 2);
}

static void apply(struct elf_file *file, const struct change *change)
{
	size_t base = 0;

	if (change->place == SIZE) {
		if (change->value > file->size)
			memset(file->bytes + file->size, 0, change->value - file->size);
		file->size = change->value;
		return;
	}
	if (change->place != HEADER)
		base = sizeof(Elf32_Ehdr) + (change->place - TEXT) * sizeof(Elf32_Phdr);
	memcpy(file->bytes + base + change->offset, &change->value, change->width);
}

/*
 * One to three fields of the program headers at random, from values that cannot depend on the
 * machine: small, around a page, or beyond any user space.
 */
static void change_at_random(struct elf_file *file)
{
	static const uint32_t values[] = {
		0, 1, 2, 7, 0x34, 0x100, 0x7ff, 0x800, 0xfff, 0x1000, 0x1001, 0x1800, 0x2000,
		0x3000, ELF_BASE, ELF_BASE + 0x800, ELF_BASE + 0x1000, ELF_BASE + 0x3000,
		0xffffe001, 0xfffff000, 0xfffffffe, 0xffffffff,
	};
	uint32_t count = 1 + random_below(3);

	for (uint32_t i = 0; i < count; i++) {
		struct change change = {
			.place = random_below(5) == 0 ? HEADER : random_below(2) ? TEXT : DATA,
			.offset = random_below(8) * 4, .width = 4,
			.value = values[random_below(ARRAY_SIZE(values))],
		};

		/* A bss of 128 MiB: whether there is so much memory is not the question. */
		if (change.place != HEADER && change.offset == offsetof(Elf32_Phdr, p_memsz) &&
		    change.value >= ELF_BASE && change.value < ELF_BASE + 0x4000)
			change.value = 0x5000;

		if (change.place == HEADER) {
			change.offset = 16 + random_below(9) * 4;	/* e_type .. e_phnum */
			change.offset = change.offset > 44 ? 44 : change.offset;
			change.width = 1 + random_below(2);
			/* Not the 64-bit machine, which another loader takes. */
			if (change.offset == 16 && change.width > 1)
				change.width = 1;
		}
		apply(file, &change);
	}
}

static void make(struct elf_file *file, size_t number)
{
	make_good(file);
	if (number < ARRAY_SIZE(by_hand)) {
		for (size_t i = 0; i < ARRAY_SIZE(by_hand[0]); i++) {
			if (by_hand[number][i].width != 0 || by_hand[number][i].place == SIZE)
				apply(file, &by_hand[number][i]);
		}
		return;
	}
	random_state = 4096 + number * 2654435761u;
	random_below(1);
	change_at_random(file);
}

/* ---- running ------------------------------------------------------------------------------ */

static int outcome_of(const char *path)
{
	/* A second copy of what exec must not touch unless it succeeds. */
	static volatile int witness = 12345;
	int fds[2], error = 0, status;
	pid_t pid;

	CHECK(pipe2(fds, O_CLOEXEC) == 0);
	pid = FORK();
	if (pid == 0) {
		char *arguments[] = { (char *)path, NULL };
		struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		become_user(OTHER_UID, OTHER_GID);
		execve(path, arguments, arguments + 1);
		error = errno;
		CHECK_EQ(witness, 12345);
		CHECK_EQ(write(fds[1], &error, sizeof(error)), sizeof(error));
		_exit(0);
	}
	CHECK(close(fds[1]) == 0);
	status = wait_status(pid);
	ssize_t got = read(fds[0], &error, sizeof(error));

	CHECK(close(fds[0]) == 0);
	if (got == sizeof(error))
		return error;
	if (WIFEXITED(status))
		return WEXITSTATUS(status) == EXIT_STATUS ? OUTCOME_RAN : OUTCOME_RAN_WRONG;
	if (WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGKILL ||
	    WTERMSIG(status) == SIGBUS)
		return OUTCOME_KILLED;
	return OUTCOME_KILLED + WTERMSIG(status);
}

static void print_file(const struct elf_file *file)
{
	Elf32_Ehdr header;

	memcpy(&header, file->bytes, sizeof(header));
	printf("size %zu type %#x machine %#x entry %#x phoff %#x phentsize %u phnum %u\n",
	       file->size, header.e_type, header.e_machine, header.e_entry, header.e_phoff,
	       header.e_phentsize, header.e_phnum);
	for (int i = 0; i < 3; i++) {
		Elf32_Phdr segment;

		memcpy(&segment, file->bytes + sizeof(header) + i * sizeof(segment),
		       sizeof(segment));
		printf("  %#x offset %#x vaddr %#x filesz %#x memsz %#x flags %#x align %#x\n",
		       segment.p_type, segment.p_offset, segment.p_vaddr, segment.p_filesz,
		       segment.p_memsz, segment.p_flags, segment.p_align);
	}
}

int main(int argc, char **argv)
{
	const size_t count = ARRAY_SIZE(by_hand) + RANDOM_FILES;
	bool record = argc > 1 && strcmp(argv[1], "--record") == 0;
	size_t shown = argc > 2 ? (size_t)atoi(argv[2]) : SIZE_MAX;
	static struct elf_file file;
	int wrong = 0;

	if (record)
		printf("/* What Linux does with the files of hostile_elf.c; from its --record. */\n"
		       "#pragma once\n\nstatic const short hostile_expected[] = {");
	for (size_t number = 0; number < count; number++) {
		int expected = number < ARRAY_SIZE(hostile_expected) ? hostile_expected[number] :
			       -1;
		int outcome;

		if (shown != SIZE_MAX && number != shown)
			continue;
		make(&file, number);
		elf_save(&file, "hostile");
		outcome = outcome_of("./hostile");
		CHECK(unlink("hostile") == 0);
		if (record) {
			printf("%s%d,", number % 12 ? " " : "\n\t", outcome);
		} else if (shown != SIZE_MAX) {
			print_file(&file);
			printf("outcome %d\n", outcome);
		} else if (outcome != expected) {
			printf("file %zu: %d, on Linux %d\n", number, outcome, expected);
			print_file(&file);
			wrong++;
		}
	}
	if (record)
		printf("\n};\n");
	fflush(stdout);
	return wrong ? 1 : 0;
}

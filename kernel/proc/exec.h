/*
 * exec from the inside: the pieces that exec.c puts together.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/compiler.h"
#include "core/types.h"
#include "vm/address_space.h"
#include "vm/mmap.h"

struct credentials;
struct elf_image;
struct file;

/*
 * exec_strings.c: argument and environment strings, gathered in kernel memory one after another
 * with their NULs.
 */
struct exec_strings {
	char **pages; /* kmalloc'ed array of PAGE_SIZE pieces */
	size_t page_count, page_capacity;
	size_t size;	    /* bytes used */
	size_t limit;	    /* bytes allowed, pointers included */
	unsigned int count; /* strings */
};
void exec_strings_init(struct exec_strings *strings, size_t limit);
void exec_strings_fini(struct exec_strings *strings);
/* Errors: -E2BIG, -ENOMEM, -EFAULT. May sleep. */
must_check int exec_strings_add_user_vector(struct exec_strings *strings, user_addr vector);
must_check int exec_strings_add(struct exec_strings *strings, const char *string);
/* Forget the first string (a script's own argv[0]): *start moves behind it. */
void exec_strings_drop_first(struct exec_strings *strings, size_t *start);

/* Words on their way to `at` and up in the new space, some at a time. Errors: -ENOMEM, -EFAULT. */
struct exec_words {
	struct address_space *space;
	uintptr_t at;
	unsigned int count;
	uint32_t of[64];
};
must_check int exec_words_put(struct exec_words *words, uint32_t word);
must_check int exec_words_flush(struct exec_words *words);

/*
 * Copy the bytes from `start` on to `address` in `space`, and say to `pointers` where each string
 * begins. Errors: -ENOMEM, -EFAULT.
 */
must_check int exec_strings_write(const struct exec_strings *strings, size_t start,
				  struct address_space *space, uintptr_t address,
				  struct exec_words *pointers);

/* exec_layout.c: the addresses that chance decides, and the program's own random bytes. */
enum { EXEC_RANDOM_BYTES = 16 };
struct exec_layout {
	uintptr_t stack_top;
	uintptr_t mmap_top;
	uintptr_t program_base; /* of a position-independent program with an interpreter */
	uintptr_t lone_heap;	/* what counts as the end of bss of one without */
	uint32_t heap_skip;	/* bytes from there to the heap, whole pages */
	uint32_t stack_skip; /* bytes left out below the strings, a multiple of 16 */
	uint8_t random[EXEC_RANDOM_BYTES]; /* AT_RANDOM */
};
/* `personality` is the new program's, `stack_limit` its RLIMIT_STACK. */
void exec_layout_choose(struct exec_layout *layout, uint32_t personality, uint64_t stack_limit);

/* exec_stack.c: the first stack of a program. */
struct exec_stack {
	const struct exec_layout *layout;
	struct exec_strings *front; /* what a script's interpreter gets first */
	struct exec_strings *arguments, *environment;
	size_t arguments_start;		       /* bytes of `arguments` to leave out */
	const char *path;		       /* AT_EXECFN */
	const struct credentials *credentials; /* the new ones */
	bool secure;			       /* AT_SECURE */
};
/*
 * Map the stack and the vDSO into `space`, write everything; *sp is where the program starts.
 * Errors: -ENOMEM, -E2BIG.
 */
must_check int exec_stack_build(struct address_space *space, const struct exec_stack *stack,
				const struct elf_image *image, const struct vm_limits *limits,
				uintptr_t *sp);

/* elf.c: where everything of a program goes. */
enum { ELF_HEADER_BYTES = 256 }; /* first bytes of the file that exec looks at, as Linux */
struct elf_image {
	/* of the interpreter if there is one, else of the program */
	uintptr_t entry;
	uintptr_t program_entry;    /* AT_ENTRY */
	uintptr_t program_headers;  /* AT_PHDR, 0 if they are not in memory */
	unsigned int program_count; /* AT_PHNUM */
	uintptr_t interpreter_base; /* AT_BASE */
	uintptr_t code_start, code_end, data_start, data_end, brk;
	bool executable_stack;
	bool is_alone; /* position-independent, without an interpreter */
};

/*
 * Read and check `file`'s headers, then map it and its interpreter into `space`, which runs
 * nowhere yet and has its mmap_top. `base` is the wish of a position-independent program with an
 * interpreter. Errors: -ENOEXEC (not for us; nothing was mapped), -ENOMEM, -EIO, those of
 * opening the interpreter, -ELIBBAD; or -EINVAL, when the program is one that Linux begins to
 * run and then kills.
 */
must_check int elf_load(struct file *file, const uint8_t *header, size_t header_size,
			struct address_space *space, uintptr_t base,
			const struct vm_limits *limits, struct elf_image *out);

struct walk_context;
/*
 * Open a program (or its interpreter) for execution: a regular file on a mount that allows it,
 * with execute permission; writers are denied from now on (file_allow_write when done). Errors:
 * -EACCES, -ETXTBSY, open's.
 */
must_check int exec_open(const struct walk_context *context, const char *path, struct file **out);

/*
 * script.c: "#!interpreter argument" in the first `size` bytes of a file, which `header` has, of
 * ELF_HEADER_BYTES. 0: it is one, and both strings are cut out; the argument may be NULL.
 * Errors: -ENOEXEC.
 */
must_check int script_parse(char *header, size_t size, char **interpreter, char **argument);

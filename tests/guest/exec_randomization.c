/* test: timeout=180
 *
 * Address space randomisation: how much of a new program's layout is left to chance, over 200
 * execs; that a personality, the system's setting, and privilege turn it off and on as they should.
 *
 * The program that is started is a few instructions that write down where they find themselves: as
 * a program with fixed addresses, as a position-independent one, and as one with an interpreter.
 */
#include "elf_builder.h"
#include <elf.h>
#include <sys/personality.h>

#define SETTING "/proc/sys/kernel/randomize_va_space"
#define STACK_END 0xc0000000u

extern const uint8_t probe[], probe_end[];

/* Writes brk(0), the address of a new page, and the stack, beginning with the stack pointer. */
__asm__(".section .rodata\n"
	"probe:\n"
	"	mov %esp, %edi\n"
	"	push %esp\n"
	"	mov $45, %eax\n"
	"	xor %ebx, %ebx\n"
	"	int $0x80\n"
	"	push %eax\n"
	"	push %edi\n"
	"	mov $192, %eax\n"		/* mmap2(0, 4096, 0, anonymous, -1, 0) */
	"	xor %ebx, %ebx\n"
	"	mov $4096, %ecx\n"
	"	xor %edx, %edx\n"
	"	mov $0x22, %esi\n"
	"	mov $-1, %edi\n"
	"	xor %ebp, %ebp\n"
	"	int $0x80\n"
	"	pop %edi\n"
	"	push %eax\n"
	"	mov $4, %eax\n"
	"	mov $1, %ebx\n"
	"	mov %esp, %ecx\n"
	"	mov $1024, %edx\n"
	"	int $0x80\n"
	"	mov $1, %eax\n"
	"	xor %ebx, %ebx\n"
	"	int $0x80\n"
	"probe_end:\n"
	".text\n");

enum part { STACK, STACK_LOW, HEAP, MAPPING, VDSO, PROGRAM, INTERPRETER, RANDOM, PART_COUNT };

static const char *const part_names[PART_COUNT] = {
	"stack", "stack below the page", "heap", "mapping", "vDSO", "program", "interpreter",
	"AT_RANDOM",
};

struct layout {
	uint32_t at[PART_COUNT];
};

static void make_program(const char *path, int type, const char *interpreter)
{
	static struct elf_file file;
	uint32_t base = type == ET_EXEC ? ELF_BASE : 0;

	elf_begin(&file, interpreter ? 3 : 2);
	elf_put(&file, 0x200, probe, probe_end - probe);
	if (interpreter)
		elf_put(&file, 0x180, interpreter, strlen(interpreter) + 1);
	elf_header(&file)->e_type = type;
	elf_header(&file)->e_entry = base + 0x200;
	elf_load(&file, 0, 0, base, 0x1000, 0x1000, PF_R | PF_X);
	elf_stack(&file, 1);
	if (interpreter)
		*elf_segment(&file, 2) = (Elf32_Phdr){
			.p_type = PT_INTERP, .p_offset = 0x180, .p_flags = PF_R, .p_align = 1,
			.p_filesz = strlen(interpreter) + 1, .p_memsz = strlen(interpreter) + 1,
		};
	elf_save(&file, path);
}

/* The words that the probe wrote: mapping, brk, stack pointer, then the stack from there on. */
static struct layout understand(const uint32_t *words, size_t count)
{
	struct layout layout = { { 0 } };
	const uint32_t *aux = words + 3 + 1 + words[3] + 1;
	uint32_t sp = words[2];

	layout.at[MAPPING] = words[0];
	layout.at[HEAP] = words[1];
	layout.at[STACK] = sp & ~0xfffu;
	layout.at[STACK_LOW] = sp & 0xfff;
	while (*aux)
		aux++;
	for (aux++; aux + 1 < words + count && aux[0] != AT_NULL; aux += 2) {
		if (aux[0] == AT_ENTRY)
			layout.at[PROGRAM] = aux[1] & ~0xfffu;
		else if (aux[0] == AT_BASE)
			layout.at[INTERPRETER] = aux[1];
		else if (aux[0] == AT_SYSINFO_EHDR)
			layout.at[VDSO] = aux[1];
		else if (aux[0] == AT_RANDOM && aux[1] - sp + 4 <= (count - 3) * 4)
			memcpy(&layout.at[RANDOM], (const char *)(words + 3) + (aux[1] - sp), 4);
	}
	return layout;
}

static struct layout run(const char *path)
{
	uint32_t words[256];
	int ends[2];
	size_t size = 0;
	ssize_t got;
	pid_t pid;

	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	pid = FORK();
	if (pid == 0) {
		static char filler[2000] = "X=";	/* the probe's 1024 bytes are all stack */
		char *const arguments[] = { "probe", NULL };
		char *const environment[] = { filler, NULL };

		memset(filler + 2, 'x', sizeof(filler) - 3);
		MUST(dup2(ends[1], 1));
		execve(path, arguments, environment);
		FAIL("execve");
	}
	CHECK(close(ends[1]) == 0);
	while ((got = read(ends[0], (char *)words + size, sizeof(words) - size)) > 0)
		size += got;
	CHECK(close(ends[0]) == 0);
	CHECK_EQ(wait_exit_status(pid), 0);
	CHECK(size > 200);
	return understand(words, size / 4);
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int count_distinct(uint32_t *values, int count)
{
	int distinct = 1;

	qsort(values, count, sizeof(*values), by_value);
	for (int i = 1; i < count; i++)
		distinct += values[i] != values[i - 1];
	return distinct;
}

/*
 * `part` has about `bits` bits of chance in steps of `step`: its values are spread over nearly all
 * of the range and not beyond it, and nearly as many differ as should.
 */
static void expect_chance(const struct layout *runs, int count, enum part part, int bits,
			  uint32_t step)
{
	uint32_t *values = malloc(count * sizeof(*values));
	uint32_t range = step << bits;
	double expected = 0, missed = 1;

	for (int i = 0; i < count; i++) {
		values[i] = runs[i].at[part];
		expected += missed;		/* the chance that this one is new */
		missed *= 1 - 1.0 / (1u << bits);
	}
	int distinct = count_distinct(values, count);
	uint32_t spread = values[count - 1] - values[0];

	say("%s: %d of %d differ (%d expected), from %#x to %#x\n", part_names[part], distinct,
	    count, (int)expected, values[0], values[count - 1]);
	if (spread >= range + 2 * PAGE)
		FAIL("%s spreads over %#x, more than %d bits of %#x", part_names[part], spread,
		     bits, step);
	if (count >= 100)
		CHECK(spread >= range / 8 * 7);
	CHECK(distinct > expected * 3 / 4);
	free(values);
}

static void expect_fixed(const struct layout *runs, int count, enum part part)
{
	for (int i = 1; i < count; i++) {
		if (runs[i].at[part] != runs[0].at[part])
			FAIL("%s is at %#x, and was at %#x", part_names[part], runs[i].at[part],
			     runs[0].at[part]);
	}
}

static struct layout *runs_of(const char *path, int count)
{
	struct layout *runs = calloc(count, sizeof(*runs));

	for (int i = 0; i < count; i++) {
		uint32_t guard = 1 << 20;

		runs[i] = run(path);
		CHECK(runs[i].at[STACK] < STACK_END && runs[i].at[STACK] > STACK_END - (10 << 20));
		/* The stack can grow to its limit. */
		CHECK(runs[i].at[MAPPING] < runs[i].at[STACK] - (8 << 20) - guard);
	}
	return runs;
}

static void fixed_program(int count)
{
	struct layout *runs = runs_of("./fixed", count);

	expect_chance(runs, count, STACK, 11, PAGE);
	expect_chance(runs, count, HEAP, 13, PAGE);
	expect_chance(runs, count, MAPPING, 8, PAGE);
	expect_chance(runs, count, VDSO, 8, PAGE);
	expect_fixed(runs, count, PROGRAM);
	/* Sixteen bytes' multiples: the stack pointer's eight bits within its page. */
	expect_chance(runs, count, STACK_LOW, 8, 16);
	for (int i = 0; i < count; i++) {
		CHECK_EQ(runs[i].at[STACK_LOW] % 16, 0);
		CHECK(runs[i].at[HEAP] >= ELF_BASE + 0x1000);
		CHECK(runs[i].at[HEAP] < ELF_BASE + 0x1000 + (32 << 20));
	}
	uint32_t *random = malloc(count * sizeof(*random));

	for (int i = 0; i < count; i++)
		random[i] = runs[i].at[RANDOM];
	CHECK(count_distinct(random, count) >= count - 1);
	free(random);
	free(runs);
}

/* Stack, heap and mappings are thrown for apart from one another. */
static void parts_are_independent(int count)
{
	struct layout *runs = runs_of("./with_interpreter", count);
	static const enum part pairs[][2] = {
		{ STACK, MAPPING }, { STACK, PROGRAM }, { MAPPING, PROGRAM }, { HEAP, PROGRAM },
	};

	expect_chance(runs, count, PROGRAM, 8, PAGE);
	expect_chance(runs, count, INTERPRETER, 8, PAGE);
	for (int i = 0; i < count; i++) {
		CHECK(runs[i].at[PROGRAM] >= 0x400000 && runs[i].at[PROGRAM] < 0x500000);
		CHECK(runs[i].at[HEAP] > runs[i].at[PROGRAM]);
	}
	for (size_t pair = 0; pair < ARRAY_SIZE(pairs); pair++) {
		uint32_t *distances = malloc(count * sizeof(*distances));

		for (int i = 0; i < count; i++)
			distances[i] = runs[i].at[pairs[pair][0]] - runs[i].at[pairs[pair][1]];
		CHECK(count_distinct(distances, count) > count / 2);
		free(distances);
	}
	free(runs);
}

/* Without an interpreter, it lies among the mappings, and its heap far below. */
static void lone_program(int count)
{
	struct layout *runs = runs_of("./alone", count);

	expect_chance(runs, count, PROGRAM, 8, PAGE);
	expect_chance(runs, count, HEAP, 13, PAGE);
	for (int i = 0; i < count; i++) {
		CHECK(runs[i].at[PROGRAM] > 0xb0000000);
		CHECK(runs[i].at[HEAP] >= 0x400000 && runs[i].at[HEAP] < 0x400000 + (32 << 20));
	}
	free(runs);
}

static const enum part moving[] = { STACK, STACK_LOW, MAPPING, VDSO, PROGRAM, INTERPRETER };

static void expect_all_fixed(const char *path)
{
	struct layout *runs = runs_of(path, 5);

	for (size_t i = 0; i < ARRAY_SIZE(moving); i++)
		expect_fixed(runs, 5, moving[i]);
	expect_fixed(runs, 5, HEAP);
	CHECK(runs[0].at[RANDOM] != runs[1].at[RANDOM]);
	free(runs);
}

/* setarch -R: for the program and those that it starts. */
static void personality_turns_it_off(void)
{
	pid_t pid = FORK();

	if (pid == 0) {
		struct layout one;

		CHECK_EQ(personality(ADDR_NO_RANDOMIZE), 0);
		expect_all_fixed("./fixed");
		expect_all_fixed("./alone");
		expect_all_fixed("./with_interpreter");
		one = run("./with_interpreter");
		CHECK_EQ(one.at[PROGRAM], 0x400000);
		CHECK_EQ(one.at[HEAP], 0x401000);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
}

static bool all_the_same(const struct layout *runs, int count, enum part part)
{
	for (int i = 1; i < count; i++) {
		if (runs[i].at[part] != runs[0].at[part])
			return false;
	}
	return true;
}

/* A user does not choose how a privileged program is laid out. */
static void privilege_turns_it_on(void)
{
	pid_t pid;

	CHECK(chown("./fixed", 0, 0) == 0);
	CHECK(chmod("./fixed", 04755) == 0);
	pid = FORK();
	if (pid == 0) {
		struct layout *runs;

		become_user(OTHER_UID, OTHER_GID);
		CHECK_EQ(personality(ADDR_NO_RANDOMIZE), 0);
		expect_all_fixed("./alone");
		runs = runs_of("./fixed", 8);
		CHECK(!all_the_same(runs, 8, STACK));
		CHECK(!all_the_same(runs, 8, MAPPING));
		CHECK(!all_the_same(runs, 8, HEAP));
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
	CHECK(chmod("./fixed", 0755) == 0);
}

static void write_setting(const char *text)
{
	int fd = MUST(open(SETTING, O_WRONLY | O_CLOEXEC));

	CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
	CHECK(close(fd) == 0);
}

static char read_setting(void)
{
	char text[16];
	int fd = MUST(open(SETTING, O_RDONLY | O_CLOEXEC));

	CHECK_EQ(read(fd, text, sizeof(text)), 2);
	CHECK(close(fd) == 0);
	return text[0];
}

static void setting_changes_it(void)
{
	struct layout *runs;
	int fd;

	CHECK_EQ(read_setting(), '2');
	write_setting("0\n");
	CHECK_EQ(read_setting(), '0');
	expect_all_fixed("./fixed");
	expect_all_fixed("./with_interpreter");

	write_setting(" 1 ");
	CHECK_EQ(read_setting(), '1');
	runs = runs_of("./fixed", 8);
	expect_fixed(runs, 8, HEAP);
	CHECK_EQ(runs[0].at[HEAP], ELF_BASE + 0x1000);
	CHECK(!all_the_same(runs, 8, STACK));
	CHECK(!all_the_same(runs, 8, MAPPING));
	free(runs);
	/* The heap of one that lies among the mappings is elsewhere all the same. */
	runs = runs_of("./alone", 4);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(runs[i].at[HEAP], 0x400000);
	free(runs);

	fd = MUST(open(SETTING, O_WRONLY | O_CLOEXEC));
	CHECK_ERRNO(write(fd, "many\n", 5), EINVAL);
	CHECK(close(fd) == 0);
	CHECK_EQ(read_setting(), '1');
	write_setting("2\n");
}

int main(void)
{
	int count = scaled(200);

	make_program("fixed", ET_EXEC, NULL);
	make_program("alone", ET_DYN, NULL);
	make_program("with_interpreter", ET_DYN, "./alone");
	fixed_program(200);
	parts_are_independent(count);
	lone_program(count);
	personality_turns_it_off();
	privilege_turns_it_on();
	setting_changes_it();
	return 0;
}

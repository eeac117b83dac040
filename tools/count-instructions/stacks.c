/*
 * A QEMU plugin that counts the kernel's instructions by chain of callers.
 *
 *	-plugin build/tools/count-instructions-stacks.so,functions=FILE,start=ADDRESS,output=FILE
 *
 * `functions` holds the kernel's functions: a line each, its address in hexadecimal, in order. Counting
 * begins when the function at `start` runs for the first time. At QEMU's end `output` gets a line for
 * each chain: instructions, then functions' addresses from the outermost in. Address 0 is user mode.
 *
 * The callers are not read from the guest's stack but followed. A block that ended in `call` and led
 * where that leads puts its function on the stack; after `ret` the frame whose return address is the
 * next block's is looked for. If there is none, a switch of threads has happened, and the chain
 * begins anew. Anything else - a jump, an interrupt - changes the innermost function only. User mode
 * empties the stack. So a chain may lack its outermost callers after a switch; what each function
 * itself executes is exact.
 *
 * Only for one host thread at a time (-icount sees to that).
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "qemu_plugin.h"

#define LONGEST_INSTRUCTION 15

enum { CPUS_MAX = 8, DEPTH_MAX = 200 };

EXPORT int qemu_plugin_version = MACHINE_PLUGIN_VERSION;

/* A function reached by one chain of callers. */
struct node {
	uint32_t function;
	uint64_t instructions;
	struct node *parent, *children, *sibling;
};

enum ending { ENDS_OTHERWISE, ENDS_IN_CALL, ENDS_IN_RETURN };

/* What there is to know of a translated block. QEMU may translate it again; none is ever freed. */
struct block {
	uint32_t address, function, instructions;
	enum ending ending;
	uint32_t target;	/* of a call; 0: not known before */
	uint32_t next;		/* the address behind it */
};

struct frame {
	struct node *caller;
	uint32_t return_address;
};

static struct cpu {
	struct node *innermost;
	const struct block *last;	/* NULL after user mode */
	unsigned int depth;
	struct frame frames[DEPTH_MAX];
} cpus[CPUS_MAX];

static struct node root;
static uint32_t *functions;
static size_t function_count;
static uint32_t start;
static int started;
static const char *output;

static void *allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory) {
		fprintf(stderr, "profile: no memory\n");
		exit(1);
	}
	return memory;
}

static struct node *child_of(struct node *parent, uint32_t function)
{
	struct node *child;

	for (child = parent->children; child; child = child->sibling) {
		if (child->function == function)
			return child;
	}
	child = allocate(sizeof(*child));
	child->function = function;
	child->parent = parent;
	child->sibling = parent->children;
	parent->children = child;
	return child;
}

static void enter_callee(struct cpu *cpu, const struct block *block)
{
	if (cpu->depth == DEPTH_MAX)
		cpu->depth = 0;
	cpu->frames[cpu->depth++] = (struct frame){ cpu->innermost, cpu->last->next };
	cpu->innermost = child_of(cpu->innermost, block->function);
}

static void return_to_caller(struct cpu *cpu, const struct block *block)
{
	for (unsigned int depth = cpu->depth; depth-- > 0;) {
		if (cpu->frames[depth].return_address == block->address) {
			cpu->depth = depth;
			cpu->innermost = cpu->frames[depth].caller;
			return;
		}
	}
	cpu->depth = 0;
	cpu->innermost = child_of(&root, block->function);
}

static void block_executed(unsigned int index, void *data)
{
	const struct block *block = data;
	struct cpu *cpu = &cpus[index % CPUS_MAX];
	const struct block *last = cpu->last;

	if (block->address < KERNEL_START) {
		cpu->depth = 0;
		cpu->last = NULL;
		cpu->innermost = child_of(&root, 0);
	} else {
		if (block->address == start)
			started = 1;
		if (!last || !cpu->innermost)
			cpu->innermost = child_of(&root, block->function);
		else if (last->ending == ENDS_IN_CALL &&
			 (!last->target || last->target == block->address))
			enter_callee(cpu, block);
		else if (last->ending == ENDS_IN_RETURN)
			return_to_caller(cpu, block);
		else if (cpu->innermost->function != block->function)
			cpu->innermost = child_of(cpu->innermost->parent, block->function);
		cpu->last = block;
	}
	if (started)
		cpu->innermost->instructions += block->instructions;
}

static uint32_t function_of(uint32_t address)
{
	size_t low = 0, high = function_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (functions[middle] <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? functions[low - 1] : address;
}

/* The instruction's bytes; what `bytes` has beyond its size is not changed. */
static void read_bytes(const struct qemu_plugin_insn *instruction, uint8_t *bytes, size_t size)
{
#if MACHINE_PLUGIN_VERSION >= 3
	qemu_plugin_insn_data(instruction, bytes, size);
#else
	memcpy(bytes, qemu_plugin_insn_data(instruction), size);
#endif
}

static void look_at_ending(struct block *block, const struct qemu_plugin_insn *instruction)
{
	uint8_t bytes[LONGEST_INSTRUCTION] = {0};
	size_t size = qemu_plugin_insn_size(instruction);
	int32_t distance;

	read_bytes(instruction, bytes, size < sizeof(bytes) ? size : sizeof(bytes));
	block->next = (uint32_t)(qemu_plugin_insn_vaddr(instruction) + size);
	if (bytes[0] == 0xe8 && size == 5) {
		memcpy(&distance, bytes + 1, sizeof(distance));
		block->ending = ENDS_IN_CALL;
		block->target = block->next + (uint32_t)distance;
	} else if (bytes[0] == 0xff && size >= 2 && (bytes[1] >> 3 & 7) == 2) {
		block->ending = ENDS_IN_CALL;
	} else if (bytes[0] == 0xc3 || bytes[0] == 0xc2) {
		block->ending = ENDS_IN_RETURN;
	}
}

static void block_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *translated)
{
	struct block *block = allocate(sizeof(*block));
	size_t count = qemu_plugin_tb_n_insns(translated);

	(void)id;
	block->address = (uint32_t)qemu_plugin_tb_vaddr(translated);
	block->function = function_of(block->address);
	block->instructions = (uint32_t)count;
	look_at_ending(block, qemu_plugin_tb_get_insn(translated, count - 1));
	qemu_plugin_register_vcpu_tb_exec_cb(translated, block_executed, 0, block);
}

static void write_chain(FILE *file, const struct node *node)
{
	if (node->parent != &root)
		write_chain(file, node->parent);
	fprintf(file, " %" PRIx32, node->function);
}

/* Kernel stacks are small, and so is the depth of this recursion: DEPTH_MAX at most. */
static void write_nodes(FILE *file, const struct node *node)
{
	for (const struct node *child = node->children; child; child = child->sibling) {
		if (child->instructions > 0) {
			fprintf(file, "%" PRIu64, child->instructions);
			write_chain(file, child);
			fputc('\n', file);
		}
		write_nodes(file, child);
	}
}

static void machine_ends(qemu_plugin_id_t id, void *data)
{
	FILE *file = fopen(output, "w");

	(void)id;
	(void)data;
	if (!file)
		return;
	write_nodes(file, &root);
	fclose(file);
}

static int read_functions(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t room = 0;
	uint32_t address;

	if (!file)
		return -1;
	while (fscanf(file, "%" SCNx32, &address) == 1) {
		if (function_count == room) {
			room = room ? room * 2 : 1024;
			functions = realloc(functions, room * sizeof(functions[0]));
			if (!functions)
				break;
		}
		functions[function_count++] = address;
	}
	fclose(file);
	return functions ? 0 : -1;
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	const char *function_list = NULL;

	(void)info;
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "functions=", 10) == 0)
			function_list = argv[i] + 10;
		else if (strncmp(argv[i], "start=", 6) == 0)
			start = (uint32_t)strtoull(argv[i] + 6, NULL, 0);
		else if (strncmp(argv[i], "output=", 7) == 0)
			output = argv[i] + 7;
	}
	if (!function_list || !output || read_functions(function_list))
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, block_translated);
	qemu_plugin_register_atexit_cb(id, machine_ends, NULL);
	return 0;
}

/*
 * Where the parts of a new program go: address space randomisation as Linux on i386 has it.
 *
 *	part						start, and how far chance moves it
 *	stack's top					USER_END, 2^11 pages down
 *	stack pointer below the strings			512 steps of 16 bytes down
 *	mmap's top: libraries, vDSO, mappings		USER_END - gap, 2^mmap_bits pages down
 *	position-independent program			PROGRAM_BASE, 2^mmap_bits pages up
 *	heap						end of bss, 2^13 pages up
 *	position-independent one without interpreter	among the mappings; its heap as if its
 *							bss ended at PROGRAM_BASE
 *
 * The gap is what the stack may grow to (RLIMIT_STACK), room for its own chance and its guard
 * included. A program with fixed addresses stays where it is, so its text has the same addresses
 * in each process; what is shared is frames, and those do not depend on addresses.
 *
 * Nothing moves for a program with ADDR_NO_RANDOMIZE (debuggers set it), nor at level 0; the heap
 * moves at level 2 only. All chance of one exec, AT_RANDOM included, is drawn at once: one block
 * of the generator.
 */
#include "core/boot_args.h"
#include "core/random.h"
#include "lib/min_max.h"
#include "lib/string.h"
#include "proc/exec.h"
#include "proc/internal.h"
#include "proc/randomize.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/personality.h"

enum {
	STACK_BITS = 11,
	STACK_SKIP_BITS = 9, /* of 16 bytes */
	HEAP_BITS = 13,
	MMAP_BITS_MIN = 8, /* Linux's bounds, and the default is the least */
	MMAP_BITS_MAX = 16,
	PROGRAM_BASE = 0x400000,
	STACK_GUARD = 256 * PAGE_SIZE,
	GAP_MIN = 128 << 20,
};
#define GAP_MAX (USER_END / 6 * 5)

static atomic_int level = RANDOMIZE_ALL;	 /* relaxed: stands alone */
static atomic_uint mmap_bits = MMAP_BITS_MIN; /* relaxed */

void exec_layout_init(void)
{
	if (boot_args_get("norandmaps"))
		randomize_set_level(RANDOMIZE_NOTHING);
}

int randomize_level(void)
{
	return atomic_load_explicit(&level, memory_order_relaxed);
}

void randomize_set_level(int new)
{
	atomic_store_explicit(&level, new, memory_order_relaxed);
}

unsigned int randomize_mmap_bits(void)
{
	return atomic_load_explicit(&mmap_bits, memory_order_relaxed);
}

int randomize_set_mmap_bits(unsigned int bits)
{
	if (bits < MMAP_BITS_MIN || bits > MMAP_BITS_MAX)
		return -EINVAL;
	atomic_store_explicit(&mmap_bits, bits, memory_order_relaxed);
	return 0;
}

/* The lowest `bits` of *word, which are used up. */
static uint32_t take(uint32_t *word, unsigned int bits)
{
	uint32_t taken = *word & ((1u << bits) - 1);

	*word >>= bits;
	return taken;
}

static uintptr_t mmap_top(uint64_t stack_limit, bool moves)
{
	uint64_t gap = stack_limit;
	uint64_t pad = STACK_GUARD + (moves ? PAGE_SIZE << STACK_BITS : 0);

	if (gap + pad > gap)
		gap += pad;
	gap = clamp(gap, (uint64_t)GAP_MIN, (uint64_t)GAP_MAX);
	return (USER_END - (uintptr_t)gap) & PAGE_MASK;
}

void exec_layout_choose(struct exec_layout *layout, uint32_t personality, uint64_t stack_limit)
{
	struct {
		uint32_t stack, mappings, program, heap;
		uint8_t for_program[EXEC_RANDOM_BYTES];
	} chance;
	int at_level = personality & ADDR_NO_RANDOMIZE ? RANDOMIZE_NOTHING : randomize_level();
	unsigned int bits = randomize_mmap_bits();

	random_bytes(&chance, sizeof(chance));
	*layout = (struct exec_layout){
		.stack_top = USER_END,
		.mmap_top = mmap_top(stack_limit, at_level != RANDOMIZE_NOTHING),
		.program_base = PROGRAM_BASE,
		.lone_heap = PROGRAM_BASE,
	};
	memcpy(layout->random, chance.for_program, sizeof(layout->random));
	if (at_level != RANDOMIZE_NOTHING) {
		layout->stack_top -= take(&chance.stack, STACK_BITS) * PAGE_SIZE;
		layout->stack_skip = take(&chance.stack, STACK_SKIP_BITS) * 16;
		layout->mmap_top -= take(&chance.mappings, bits) * PAGE_SIZE;
		layout->program_base += take(&chance.program, bits) * PAGE_SIZE;
	}
	if (at_level >= RANDOMIZE_ALL)
		layout->heap_skip = take(&chance.heap, HEAP_BITS) * PAGE_SIZE;
}

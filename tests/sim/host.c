/* The simulated machine's host: memory, the sanitizers, and the end. */
#define _GNU_SOURCE
#include "host.h"
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "shared.h"

#define ARENA_SIZE ((size_t)256 << 20)

/* Leaks are counted by the kernel's own numbers, and stacks are ours. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0:detect_stack_use_after_return=0:exitcode=3:allocator_may_return_"
	       "null=0:quarantine_size_mb=4:malloc_context_size=4:"
	       "print_legend=0:print_module_map=0:handle_segv=1";
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1";
}

void host_map(void *place, size_t size)
{
	void *got = mmap(place, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (got != place) {
		perror("memory at its place");
		_exit(2);
	}
	/* A fifth fewer faults in a start, where the host grants it. */
	(void)madvise(place, size, MADV_HUGEPAGE);
}

void host_allow(void *start, size_t size)
{
	__asan_unpoison_memory_region(start, size);
}

void host_forbid(void *start, size_t size)
{
	__asan_poison_memory_region(start, size);
}

void *host_stack_leave(const void *next, size_t size)
{
	void *fake = NULL;

	__sanitizer_start_switch_fiber(&fake, next, size);
	return fake;
}

void host_stack_entered(void *fake)
{
	const void *previous;
	size_t size;

	__sanitizer_finish_switch_fiber(fake, &previous, &size);
}

void host_say(const char *text, size_t size)
{
	while (size > 0) {
		ssize_t done = write(2, text, size);

		if (done <= 0)
			return;
		text += done;
		size -= (size_t)done;
	}
}

void host_fail(const char *text)
{
	snprintf(shared->complaint, sizeof(shared->complaint), "%s", text);
	fprintf(stderr, "%s\n", text);
	__sanitizer_print_stack_trace();
	_exit(1);
}

void host_exit(void)
{
	_exit(0);
}

void host_name_place(char *buffer, size_t size, uintptr_t address)
{
	__sanitizer_symbolize_pc((void *)address, "%f", buffer, size);
}

/* Never given back, so the host's own allocator, which clears it all, would be a waste. */
void *host_memory(size_t size)
{
	static uint8_t *arena;
	static size_t used;
	void *memory;

	if (!arena)
		arena = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size = (size + 15) & ~(size_t)15;
	if (arena == MAP_FAILED || size > ARENA_SIZE - used)
		host_fail("the host has no memory");
	memory = arena + used;
	used += size;
	return memory;
}

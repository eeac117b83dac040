/* The frame cannot be written: SIGSEGV ends the process, even one that handles SIGSEGV there. */
#include "check.h"

static void handler(int signal)
{
	(void)signal;
	_exit(1);
}

static uintptr_t bad_stack;
static int segv_flags;

static void raise_on_bad_stack(void)
{
	long result;

	handle_signal(SIGUSR1, handler, 0);
	handle_signal(SIGSEGV, handler, segv_flags);
	__asm__ volatile("mov %%esp, %%edi\n\t"
			 "mov %4, %%esp\n\t"
			 "int $0x80\n\t"
			 "mov %%edi, %%esp"
			 : "=a"(result)
			 : "a"(SYS_kill), "b"(getpid()), "c"(SIGUSR1), "r"(bad_stack)
			 : "edi", "memory");
}

/* SIGUSR1 has nowhere to go, but the SIGSEGV that comes of it has. */
static void handle_on_good_stack(void)
{
	static char alternate[65536];
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };

	CHECK(sigaltstack(&stack, NULL) == 0);
	segv_flags = SA_ONSTACK;
	raise_on_bad_stack();
}

static void unhandled_alternate(void)
{
	/* The alternate stack itself is unmapped. */
	char *hole = map_pages(16);
	stack_t stack = { .ss_sp = hole, .ss_size = 16 * PAGE };

	CHECK(sigaltstack(&stack, NULL) == 0);
	CHECK(munmap(hole, 16 * PAGE) == 0);
	handle_signal(SIGUSR1, handler, SA_ONSTACK);
	raise(SIGUSR1);
}

int main(void)
{
	char *read_only = map_pages(4);
	uintptr_t places[] = {
		0, 4, 0x1000, 0xc0000000, 0xc0100000, 0xffffe000, 0xfffffffc,
		(uintptr_t)read_only + 4 * PAGE, (uintptr_t)map_page_before_hole() + PAGE,
	};

	CHECK(mprotect(read_only, 4 * PAGE, PROT_READ) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		bad_stack = places[i];
		dies_of(SIGSEGV, raise_on_bad_stack);
	}
	pid_t child = FORK();

	if (child == 0)
		handle_on_good_stack();
	CHECK_EQ(wait_exit_status(child), 1);
	dies_of(SIGSEGV, unhandled_alternate);
	return 0;
}

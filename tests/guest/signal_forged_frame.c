/* test: timeout=60
 * sigreturn trusts nothing: frames with foreign segments, privileged flags, wild pointers, and
 * plain noise give a process that dies of SIGSEGV or one that runs on without any privilege.
 */
#include "check.h"
#include <ucontext.h>

/* What the handler changes before it returns. */
static int changed_register;
static uint32_t changed_value;

static void change_register(int signal, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)signal;
	(void)info;
	user->uc_mcontext.gregs[changed_register] = changed_value;
}

static void change_fpu_pointer(int signal, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)signal;
	(void)info;
	user->uc_mcontext.fpregs = (fpregset_t)changed_value;
}

static void change_fpu_state(int signal, siginfo_t *info, void *context)
{
	ucontext_t *user = context;

	(void)signal;
	(void)info;
	memset(user->uc_mcontext.fpregs, (int)changed_value, 600);
}

static bool is_fault(int status)
{
	return WIFSIGNALED(status) && (WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS ||
				       WTERMSIG(status) == SIGILL || WTERMSIG(status) == SIGTRAP);
}

/* The handler changes something; if the program survives, it must be an ordinary one still. */
static void try_handler(void (*handler)(int, siginfo_t *, void *))
{
	pid_t pid = FORK();
	int status;

	if (pid == 0) {
		uint32_t flags;
		uint16_t code_segment;

		alarm(10);
		handle_signal_info(SIGUSR1, handler, 0);
		raise(SIGUSR1);
		__asm__ volatile("pushf; pop %0; mov %%cs, %1; cld"
				 : "=r"(flags), "=r"(code_segment));
		CHECK_EQ(code_segment & 3, 3);
		CHECK_EQ(flags & 0x3200, 0x200);	/* I/O privilege 0, interrupts on */
		CHECK_EQ(flags & 0x20000, 0);		/* no virtual 8086 mode */
		_exit(0);
	}
	status = wait_status(pid);
	if (is_fault(status))
		return;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		FAIL("register %d = %#x: status %#x", changed_register, changed_value, status);
}

/* sigreturn called with the stack pointer at `stack`. */
static void raw_return(int number, uintptr_t stack)
{
	pid_t pid = FORK();
	int status;

	if (pid == 0) {
		alarm(10);
		__asm__ volatile("mov %1, %%esp; int $0x80; hlt" :: "a"(number), "r"(stack));
		_exit(1);
	}
	status = wait_status(pid);
	if (!is_fault(status))
		FAIL("call %d at %#lx: status %#x", number, (unsigned long)stack, status);
}

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state ^ *state >> 15;
}

int main(void)
{
	static const uint32_t selectors[] = {
		0, 1, 3, 4, 7, 8, 0x10, 0x18, 0x20, 0x28, 0x30, 0x38, 0x40, 0x60, 0x68, 0x73, 0x7b,
		0x80, 0x88, 0xf8, 0xff, 0x100, 0x1000, 0xfff8, 0xfffb, 0xffff,
	};
	static const int segments[] = { REG_CS, REG_SS, REG_DS, REG_ES, REG_FS };
	static const uint32_t flags[] = {
		0, 0x200, 0x3000, 0x3202, 0x4000, 0x20000, 0x20202, 0x80000, 0x100000, 0x40000,
		0xfffffeff, 0x247fd5 & ~0x100,
	};
	static const uint32_t pointers[] = {
		1, 0x1000, 0xc0000000, 0xc0100000, 0xfffff000, 0xffffffff,
	};

	for (size_t s = 0; s < ARRAY_SIZE(segments); s++) {
		for (size_t i = 0; i < ARRAY_SIZE(selectors); i++) {
			changed_register = segments[s];
			changed_value = selectors[i];
			try_handler(change_register);
		}
	}
	changed_register = REG_EFL;
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		changed_value = flags[i];
		try_handler(change_register);
	}
	for (size_t i = 0; i < ARRAY_SIZE(pointers); i++) {
		changed_value = pointers[i];
		changed_register = REG_EIP;
		try_handler(change_register);
		changed_register = REG_ESP;
		try_handler(change_register);
		changed_register = -1;
		try_handler(change_fpu_pointer);
	}
	for (changed_value = 0; changed_value < 256; changed_value += 5)
		try_handler(change_fpu_state);

	/* Stacks that hold no frame at all. */
	static const int calls[] = { SYS_sigreturn, SYS_rt_sigreturn };
	char *end = map_page_before_hole();
	uint32_t random_state = 1;
	int rounds = scaled(200);

	for (size_t c = 0; c < ARRAY_SIZE(calls); c++) {
		for (size_t i = 0; i < ARRAY_SIZE(pointers); i++)
			raw_return(calls[c], pointers[i]);
		for (int before = 0; before < 800; before += 28)
			raw_return(calls[c], (uintptr_t)end - before);
		for (int round = 0; round < rounds; round++) {
			char *noise = end - PAGE;

			for (int at = 0; at < PAGE; at += 4)
				*(uint32_t *)(noise + at) = next_random(&random_state);
			raw_return(calls[c], (uintptr_t)noise + 64);
		}
	}
	return 0;
}

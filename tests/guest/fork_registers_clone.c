/* clone() keeps every register too; with a new stack, esp is that stack, in the child alone. */
#include "registers.h"

static char stack[4 * PAGE] __attribute__((aligned(16)));

int main(void)
{
	static struct registers in, out;

	/* As fork(): flags SIGCHLD, no stack. */
	in = registers_with_pattern(3);
	in.eax = SYS_clone;
	in.ebx = SIGCHLD;
	in.ecx = 0;
	in.edx = in.esi = in.edi = 0;
	registers_through_syscall(&in, &out);
	registers_check_same(&in, &out);
	if (out.eax == 0)
		_exit(41);
	CHECK_EQ(wait_exit_status(out.eax), 41);

	/* A new stack: the child must not return, so it only looks at esp. */
	char *top = stack + sizeof(stack);
	long result, child_esp;

	__asm__ volatile("int $0x80\n\t"
			 "test %%eax, %%eax\n\t"
			 "jnz 1f\n\t"
			 "mov %%esp, %%ebx\n\t"
			 "cmp %%ecx, %%esp\n\t"
			 "setne %%bl\n\t"
			 "movzbl %%bl, %%ebx\n\t"
			 "mov $1, %%eax\n\t"
			 "int $0x80\n\t"
			 "1:"
			 : "=a"(result), "=b"(child_esp)
			 : "a"(SYS_clone), "b"(SIGCHLD), "c"(top), "d"(0), "S"(0), "D"(0)
			 : "memory", "cc");
	CHECK(result > 0);
	CHECK_EQ(wait_exit_status(result), 0);
	return 0;
}

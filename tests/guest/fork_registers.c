/*
 * After fork() every general, segment, floating-point and vector register and every flag is the
 * same in the child and in the parent, except eax: the child's pid, and 0.
 */
#include "registers.h"

int main(void)
{
	static struct registers in, out;

	for (uint32_t seed = 0; seed < 8; seed++) {
		pid_t parent = getpid();

		in = registers_with_pattern(seed);
		in.eax = SYS_fork;
		registers_through_syscall(&in, &out);
		registers_check_same(&in, &out);
		if (out.eax == 0) {
			CHECK_EQ(getppid(), parent);
			_exit(40);
		}
		CHECK((pid_t)out.eax > 0);
		CHECK_EQ(wait_exit_status(out.eax), 40);
	}
	return 0;
}

/* A system call changes eax and nothing else, whether it succeeds, fails, or does not exist. */
#include "registers.h"

int main(void)
{
	static struct registers in, out;
	static const struct {
		uint32_t number;
		int32_t expected;
	} calls[] = {
		{ SYS_getuid, 0 },
		{ SYS_close, -EBADF },
		{ 100000, -ENOSYS },
		{ 0x7fffffff, -ENOSYS },
		{ 0xffffffff, -ENOSYS },
		{ SYS_sched_yield, 0 },
	};

	for (uint32_t seed = 0; seed < 4; seed++) {
		for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
			in = registers_with_pattern(seed);
			in.eax = calls[i].number;
			registers_through_syscall(&in, &out);
			CHECK_EQ((int32_t)out.eax, calls[i].expected);
			registers_check_same(&in, &out);
		}
	}
	return 0;
}

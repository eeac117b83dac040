/* System calls that nobody has are ENOSYS: the holes of Linux's table, and all beyond its end. */
#include "check.h"

int main(void)
{
	static const int holes[] = {
		17, 31, 32, 35, 44, 53, 56, 58, 98, 112, 127, 130, 137, 167, 188, 189, 222, 223,
		251, 273, 285,
	};

	for (size_t i = 0; i < ARRAY_SIZE(holes); i++)
		CHECK_EQ(raw_syscall(holes[i], 0, 0, 0, 0, 0, 0), -ENOSYS);
	for (int number = 480; number < 2000; number++)
		CHECK_EQ(raw_syscall(number, 0, 0, 0, 0, 0, 0), -ENOSYS);
	CHECK_EQ(raw_syscall(-1, 0, 0, 0, 0, 0, 0), -ENOSYS);
	CHECK_EQ(raw_syscall(0x80000000, 0, 0, 0, 0, 0, 0), -ENOSYS);
	CHECK_EQ(raw_syscall(0x40000000, 0, 0, 0, 0, 0, 0), -ENOSYS);
	return 0;
}

/* Text made writable and changed by one process changes for no other, and not in the file. */
#include "check.h"

static volatile int answer_calls;

__attribute__((noinline, aligned(64)))
static int answer(void)
{
	answer_calls = answer_calls + 1;
	return 0x11223344;
}

int main(void)
{
	char *page = (char *)((uintptr_t)answer & ~(uintptr_t)(PAGE - 1));
	pid_t child = FORK();

	if (child == 0) {
		char *code = (char *)(uintptr_t)answer;
		int value = 0x11223344;

		CHECK(mprotect(page, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
		for (int i = 0; i < 64; i++) {
			if (memcmp(code + i, &value, 4) == 0) {
				code[i] = 0x55;
				CHECK_EQ(answer(), 0x11223355);
				_exit(0);
			}
		}
		_exit(2);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(answer(), 0x11223344);
	return 0;
}

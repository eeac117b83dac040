/* Writing to text: SIGSEGV with SEGV_ACCERR, for the writer alone, and the text stays as it was. */
#include "faults.h"

static void overwrite_main(void);

int main(void)
{
	volatile char *text = (volatile char *)(uintptr_t)main;
	char before = *text;
	pid_t bystander = FORK();

	if (bystander == 0) {
		pause();
		_exit(0);
	}
	CHECK_FAULT(touch_write, text, SIGSEGV, SEGV_ACCERR);
	CHECK_EQ(*text, before);
	dies_of(SIGSEGV, overwrite_main);
	CHECK_EQ(kill(bystander, 0), 0);
	CHECK_EQ(waitpid(bystander, NULL, WNOHANG), 0);
	kill_and_reap(bystander);
	return 0;
}

static void overwrite_main(void)
{
	*(volatile char *)(uintptr_t)main = 0;
}

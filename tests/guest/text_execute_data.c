/* test: linux=here
 * Where the processor can forbid it, data and stack are not executable. (Linux 6.1 for i386 lets
 * them be executed all the same, see protect_data_execution.c.)
 */
#include "faults.h"

static char return_instruction[16] = { (char)0xc3 };

int main(void)
{
	char flags[8192];
	char *page = map_pages(1);

	page[0] = (char)0xc3;
	read_text("/proc/cpuinfo", flags, sizeof(flags));
	if (!strstr(flags, " nx ") && !strstr(flags, " nx\n"))
		SKIP("the processor has no NX");
	CHECK_FAULT(touch_execute, page, SIGSEGV, SEGV_ACCERR);
	CHECK_FAULT(touch_execute, return_instruction, SIGSEGV, SEGV_ACCERR);
	CHECK(mprotect(page, PAGE, PROT_READ | PROT_EXEC) == 0);
	CHECK_NO_FAULT(touch_execute, page);
	return 0;
}

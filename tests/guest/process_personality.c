/* A personality is inherited by fork and kept by exec of an ordinary program. */
#include "check.h"
#include <sys/personality.h>

#define ASK 0xffffffff

int main(int count, char **arguments)
{
	pid_t child;

	if (count > 1 && strcmp(arguments[1], "again") == 0)
		return personality(ASK) == ADDR_NO_RANDOMIZE ? 0 : 1;
	CHECK_EQ(personality(ASK), 0);
	CHECK_EQ(personality(ADDR_NO_RANDOMIZE), 0);
	child = FORK();
	if (child == 0) {
		CHECK_EQ(personality(ASK), ADDR_NO_RANDOMIZE);
		execl("/proc/self/exe", "again", "again", NULL);
		_exit(1);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(personality(0), ADDR_NO_RANDOMIZE);
	return 0;
}

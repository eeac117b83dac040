/* test: timeout=60
 * A program gets a quarter of a million arguments, each of them right, and its environment behind
 * them: as many pointers as no single block of kernel memory should have to hold.
 */
#include "check.h"
#include <sys/auxv.h>

#define COUNT 250000

static char *argument(int number, char *text)
{
	sprintf(text, "%d", number % 10);
	return text;
}

int main(int argc, char **argv)
{
	static char *arguments[COUNT + 2];
	static char digits[10][2];
	static char *environment[] = { "FIRST=1", "LAST=2", NULL };
	char expected[2];

	if (argc > 1) {
		CHECK_EQ(argc, COUNT + 1);
		for (int i = 1; i <= COUNT; i++) {
			if (strcmp(argv[i], argument(i, expected)) != 0)
				FAIL("argument %d is '%s'", i, argv[i]);
			CHECK(i == 1 || argv[i] == argv[i - 1] + 2);
		}
		CHECK(argv[argc] == NULL);
		CHECK(strcmp(getenv("FIRST"), "1") == 0 && strcmp(getenv("LAST"), "2") == 0);
		CHECK_EQ(getauxval(AT_PAGESZ), PAGE);
		return 0;
	}
	arguments[0] = argv[0];
	for (int i = 1; i <= COUNT; i++)
		arguments[i] = argument(i, digits[i % 10]);
	execve("/proc/self/exe", arguments, environment);
	FAIL("exec: %s", strerror(errno));
}

/* test: timeout=60
 * Tens of thousands of regions: until the limit says ENOMEM, each in its place, and all gone at the
 * end.
 */
#include "check.h"

int main(void)
{
	int count = scaled(20000);
	char *window = mmap(NULL, count * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(window != MAP_FAILED);
	for (int page = 1; page < count; page += 2)
		CHECK(mprotect(window + page * PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
	for (int page = 1; page < count; page += 2)
		window[page * PAGE] = page;
	pid_t child = FORK();

	if (child == 0) {
		for (int page = 1; page < count; page += 2) {
			CHECK_EQ(window[page * PAGE], (char)page);
			CHECK_EQ(window[page * PAGE - PAGE], 0);
		}
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
	/* Back to one protection: one region again. */
	CHECK(mprotect(window, count * PAGE, PROT_READ) == 0);
	for (int page = 1; page < count; page += 2)
		CHECK_EQ(window[page * PAGE], (char)page);
	CHECK(munmap(window, count * PAGE) == 0);
	return 0;
}

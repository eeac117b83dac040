/* Strings that end exactly at the end of memory are fine; ones that run out of it are EFAULT. */
#include "check.h"

int main(void)
{
	char *end = map_page_before_hole();
	struct stat status;
	char long_name[PATH_MAX];

	make_file("name", "x");
	memcpy(end - 5, "name", 5);
	CHECK(stat(end - 5, &status) == 0);
	CHECK(close(MUST(open(end - 5, O_RDONLY))) == 0);
	memcpy(end - 4, "name", 4);
	CHECK_ERRNO(stat(end - 4, &status), EFAULT);
	CHECK_ERRNO(open(end - 4, O_RDONLY), EFAULT);
	CHECK_ERRNO(stat(end, &status), EFAULT);
	end[-1] = '\0';
	CHECK_ERRNO(stat(end - 1, &status), ENOENT);

	/* Longer than any path, ending in the hole: the length or the hole, but an error. */
	char *page = map_pages(4);

	CHECK(munmap(page + 3 * PAGE, PAGE) == 0);
	memset(page, 'y', 3 * PAGE);
	CHECK_ERRNO(stat(page, &status), ENAMETOOLONG);
	CHECK_ERRNO(stat(page + 3 * PAGE - PATH_MAX + 1, &status), EFAULT);
	memset(long_name, 'z', sizeof(long_name));
	CHECK_ERRNO(stat(long_name, &status), ENAMETOOLONG);

	/* Arguments of exec: the array, or a string, runs out of memory. */
	char **arguments = (char **)(end - 8);

	arguments[0] = "x";
	arguments[1] = "y";
	CHECK_EQ(raw_syscall(SYS_execve, "/proc/self/exe", arguments, 0), -EFAULT);
	memcpy(page + 3 * PAGE - 3, "abc", 3);
	char *last[] = { page + 3 * PAGE - 3, NULL };

	CHECK_EQ(raw_syscall(SYS_execve, "/proc/self/exe", last, 0), -EFAULT);
	return 0;
}

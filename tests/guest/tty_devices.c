/*
 * The terminals that must be there: consoles 1 to 4, the serial line, /dev/console, /dev/tty,
 * /dev/tty0.
 */
#include "check.h"
#include <sys/sysmacros.h>

int main(void)
{
	static const struct {
		const char *path;
		unsigned int device_major, device_minor;
	} devices[] = {
		{ "/dev/tty", 5, 0 }, { "/dev/console", 5, 1 }, { "/dev/tty0", 4, 0 },
		{ "/dev/tty1", 4, 1 }, { "/dev/tty2", 4, 2 }, { "/dev/tty3", 4, 3 },
		{ "/dev/tty4", 4, 4 }, { "/dev/ttyS0", 4, 64 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		struct stat status;

		if (stat(devices[i].path, &status) < 0)
			SKIP("no %s here", devices[i].path);
		CHECK(S_ISCHR(status.st_mode));
		CHECK_EQ(major(status.st_rdev), devices[i].device_major);
		CHECK_EQ(minor(status.st_rdev), devices[i].device_minor);
	}
	return 0;
}

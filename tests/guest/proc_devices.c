/*
 * /proc/devices: the majors of character devices and of block devices, each in their order; those
 * of the disks that are there, and the one of partitions for which their disk has no minors.
 */
#include "check.h"
#include <dirent.h>

static char text[8192];

/* The lines from behind `title` to an empty one: in order, with a name; is `wanted` one of them? */
static bool has_line(const char *title, const char *wanted)
{
	const char *line = strstr(text, title);
	unsigned int last = 0;
	bool is_there = false;

	CHECK(line != NULL);
	for (line += strlen(title); *line != '\0' && *line != '\n'; line = strchr(line, '\n') + 1) {
		unsigned int number;
		char name[64];

		CHECK(sscanf(line, "%3u %63s\n", &number, name) == 2);
		CHECK(line[3] == ' ' && name[0] != '\0');
		CHECK(number >= last);
		last = number;
		is_there |= strncmp(line, wanted, strlen(wanted)) == 0;
	}
	return is_there;
}

/* Those without a medium have a major, too. */
static void has_all_disks(void)
{
	DIR *directory = opendir("/sys/class/block");
	struct dirent *entry;
	int count = 0;

	CHECK(directory != NULL);
	while ((entry = readdir(directory)) != NULL) {
		char path[PATH_MAX], number[32], wanted[16];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/sys/class/block/%s/dev", entry->d_name);
		read_text(path, number, sizeof(number));
		snprintf(wanted, sizeof(wanted), "%3d ", atoi(number));
		if (!has_line("\nBlock devices:\n", wanted))
			FAIL("nothing of major %d of %s", atoi(number), entry->d_name);
		count++;
	}
	CHECK(closedir(directory) == 0);
	CHECK(count > 0);
}

int main(void)
{
	read_text("/proc/devices", text, sizeof(text));
	CHECK(has_line("Character devices:\n", "  1 mem\n"));
	CHECK(has_line("Character devices:\n", "  5 /dev/tty\n"));
	CHECK(has_line("\nBlock devices:\n", "259 blkext\n"));
	has_all_disks();
	return 0;
}

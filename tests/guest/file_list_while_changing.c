/* Entries that stay are listed exactly once although others come and go meanwhile. */
#include "check.h"
#include <dirent.h>

#define STAYING 300

int main(void)
{
	char name[32], seen[STAYING];
	DIR *directory;
	struct dirent *entry;

	enter_disk_directory();
	CHECK(mkdir("changing", 0755) == 0);
	CHECK(chdir("changing") == 0);
	for (int i = 0; i < STAYING; i++) {
		sprintf(name, "stay%d", i);
		make_file(name, "");
		sprintf(name, "go%d", i);
		make_file(name, "");
	}
	memset(seen, 0, sizeof(seen));
	directory = opendir(".");
	CHECK(directory != NULL);
	for (int step = 0; (entry = readdir(directory)); step++) {
		int number;

		if (sscanf(entry->d_name, "stay%d", &number) == 1) {
			CHECK(number < STAYING && !seen[number]);
			seen[number] = 1;
		}
		sprintf(name, "go%d", step % STAYING);
		if (step < STAYING)
			CHECK(unlink(name) == 0);
	}
	for (int i = 0; i < STAYING; i++)
		CHECK(seen[i]);
	rewinddir(directory);
	entry = readdir(directory);
	CHECK(entry != NULL);
	closedir(directory);
	for (int i = 0; i < STAYING; i++) {
		sprintf(name, "stay%d", i);
		CHECK(unlink(name) == 0);
	}
	CHECK(chdir("..") == 0);
	CHECK(rmdir("changing") == 0);
	return 0;
}

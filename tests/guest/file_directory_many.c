/* test: timeout=120
 * A directory with ten thousand entries: all are found, listed once, renamed, removed; it is empty
 * then.
 */
#include "check.h"
#include <dirent.h>

static void name_of(int number, char *name)
{
	sprintf(name, "entry-%d-%.*s", number, number % 40,
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnop");
}

static int list(int count, char *seen)
{
	DIR *directory = opendir("many");
	struct dirent *entry;
	int found = 0;

	CHECK(directory != NULL);
	memset(seen, 0, count);
	while ((entry = readdir(directory))) {
		int number;

		if (entry->d_name[0] == '.')
			continue;
		CHECK(sscanf(entry->d_name, "entry-%d-", &number) == 1);
		CHECK(number >= 0 && number < count);
		CHECK(!seen[number]);
		seen[number] = 1;
		found++;
	}
	closedir(directory);
	return found;
}

int main(void)
{
	int count = scaled(10000);
	char name[64], other[128];
	char *seen = malloc(count);
	struct stat status;

	enter_disk_directory();
	CHECK(mkdir("many", 0755) == 0);
	CHECK(chdir("many") == 0);
	for (int i = 0; i < count; i++) {
		name_of(i, name);
		CHECK(close(MUST(open(name, O_CREAT | O_EXCL | O_WRONLY, 0644))) == 0);
	}
	for (int i = 0; i < count; i += 7) {
		name_of(i, name);
		CHECK(stat(name, &status) == 0);
		snprintf(other, sizeof(other), "%s-missing", name);
		CHECK_ERRNO(stat(other, &status), ENOENT);
	}
	CHECK(chdir("..") == 0);
	CHECK_EQ(list(count, seen), count);
	CHECK_ERRNO(rmdir("many"), ENOTEMPTY);

	/* Every second goes; its place is used again. */
	CHECK(chdir("many") == 0);
	for (int i = 0; i < count; i += 2) {
		name_of(i, name);
		CHECK(unlink(name) == 0);
	}
	for (int i = 1; i < count; i += 4) {
		name_of(i, name);
		name_of(i - 1, other);
		CHECK(rename(name, other) == 0);
	}
	CHECK(chdir("..") == 0);
	CHECK_EQ(list(count, seen), count / 2);
	CHECK(chdir("many") == 0);
	for (int i = 0; i < count; i++) {
		name_of(i, name);
		if (seen[i])
			CHECK(unlink(name) == 0);
		else
			CHECK_ERRNO(unlink(name), ENOENT);
	}
	CHECK(chdir("..") == 0);
	CHECK_EQ(list(count, seen), 0);
	CHECK(rmdir("many") == 0);
	return 0;
}

/*
 * Names: 255 bytes, any byte but '/' and NUL, paths up to PATH_MAX, slashes at the end, "." and
 * "..".
 */
#include "check.h"

int main(void)
{
	char name[300], path[PATH_MAX + 100];
	struct stat status;

	enter_disk_directory();
	memset(name, 'n', sizeof(name));
	name[255] = '\0';
	make_file(name, "long");
	CHECK(file_has_text(name, "long"));
	CHECK(unlink(name) == 0);
	name[255] = 'n';
	name[256] = '\0';
	CHECK_ERRNO(open(name, O_CREAT | O_WRONLY, 0644), ENAMETOOLONG);
	CHECK_ERRNO(stat(name, &status), ENAMETOOLONG);
	CHECK_ERRNO(mkdir(name, 0755), ENAMETOOLONG);

	/* A path of PATH_MAX - 1 is good, one longer is not. */
	memset(path, '/', sizeof(path));
	path[PATH_MAX - 1] = '\0';
	CHECK(stat(path, &status) == 0);
	path[PATH_MAX - 1] = '/';
	path[PATH_MAX] = '\0';
	CHECK_ERRNO(stat(path, &status), ENAMETOOLONG);

	for (int byte = 1; byte < 256; byte++) {
		if (byte == '/')
			continue;
		snprintf(name, sizeof(name), "x%cy", byte);
		make_file(name, "odd");
		CHECK(file_has_text(name, "odd"));
		CHECK(unlink(name) == 0);
	}
	make_file("file", "x");
	CHECK(mkdir("directory", 0755) == 0);
	CHECK_ERRNO(stat("file/", &status), ENOTDIR);
	CHECK_ERRNO(stat("file/.", &status), ENOTDIR);
	CHECK_ERRNO(stat("file/..", &status), ENOTDIR);
	CHECK(stat("directory///", &status) == 0);
	CHECK(stat("./././directory/../file", &status) == 0);
	CHECK_ERRNO(stat("", &status), ENOENT);
	CHECK_ERRNO(stat("missing/..", &status), ENOENT);
	CHECK_ERRNO(unlink("file/"), ENOTDIR);
	CHECK_ERRNO(unlink(""), ENOENT);
	CHECK_ERRNO(rename("file", ""), ENOENT);
	CHECK(unlink("file") == 0);
	CHECK(rmdir("directory") == 0);
	return 0;
}

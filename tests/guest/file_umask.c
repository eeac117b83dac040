/* The umask: returned and replaced, applied to files, directories and FIFOs, kept to nine bits. */
#include "check.h"

static mode_t mode_of(const char *path)
{
	struct stat status;

	CHECK(stat(path, &status) == 0);
	return status.st_mode & 07777;
}

int main(void)
{
	umask(0);
	CHECK_EQ(umask(0777), 0);
	CHECK_EQ(umask(07070), 0777);
	CHECK_EQ(umask(026), 0070);
	make_file("file", "");
	CHECK_EQ(mode_of("file"), 0640);
	CHECK(mkdir("directory", 0777) == 0);
	CHECK_EQ(mode_of("directory"), 0751);
	CHECK(mkfifo("fifo", 0666) == 0);
	CHECK_EQ(mode_of("fifo"), 0640);
	CHECK(chmod("file", 0777) == 0);
	CHECK_EQ(mode_of("file"), 0777);
	return 0;
}

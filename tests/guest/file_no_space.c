/*
 * A full file system says ENOSPC, writes what still fits, keeps all it has, and has space again
 * when something is removed. On a tmpfs of a megabyte made for this, and with few inodes.
 */
#include "check.h"
#include <sys/mount.h>
#include <sys/statfs.h>

static long long write_until_full(const char *path)
{
	static char block[PAGE];
	int fd = MUST(open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644));
	long long total = 0;
	ssize_t written;

	memset(block, 'b', sizeof(block));
	while ((written = write(fd, block, sizeof(block))) > 0)
		total += written;
	CHECK_EQ(written, -1);
	CHECK_EQ(errno, ENOSPC);
	struct stat status;

	CHECK(fstat(fd, &status) == 0);
	CHECK_EQ(status.st_size, total);
	CHECK(close(fd) == 0);
	return total;
}

int main(void)
{
	struct statfs space;
	long long total;

	CHECK(mkdir("small", 0755) == 0);
	if (mount("tmpfs", "small", "tmpfs", 0, "size=1m,nr_inodes=20") < 0)
		SKIP("cannot mount a tmpfs: %s", strerror(errno));
	CHECK(chdir("small") == 0);
	make_file("kept", "precious");
	total = write_until_full("big");
	CHECK(total > 900 * 1024 && total <= 1024 * 1024);
	CHECK(file_has_text("kept", "precious"));
	CHECK(statfs(".", &space) == 0);
	CHECK_EQ(space.f_bavail, 0);

	/* A shared map of a hole cannot be filled: SIGBUS. (A separate process, which dies.) */
	int fd = MUST(open("hole", O_CREAT | O_RDWR, 0644));

	CHECK(ftruncate(fd, PAGE) == 0);
	pid_t child = FORK();

	if (child == 0) {
		char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

		CHECK(map != MAP_FAILED);
		map[0] = 1;
		_exit(0);
	}
	expect_signal_death(child, SIGBUS);
	CHECK(close(fd) == 0);

	CHECK(truncate("big", total / 2) == 0);
	CHECK(write_until_full("second") > total / 4);
	CHECK(unlink("big") == 0);
	CHECK(unlink("second") == 0);
	CHECK_EQ(write_until_full("big"), total);
	CHECK(unlink("big") == 0);

	/* No inodes left. */
	int made = 0;
	char name[16];

	for (;; made++) {
		snprintf(name, sizeof(name), "f%d", made);
		fd = open(name, O_CREAT | O_WRONLY, 0644);
		if (fd < 0)
			break;
		CHECK(close(fd) == 0);
	}
	CHECK_EQ(errno, ENOSPC);
	CHECK(made > 5 && made < 20);
	CHECK_ERRNO(mkdir("directory", 0755), ENOSPC);
	CHECK_ERRNO(symlink("x", "symbolic"), ENOSPC);
	CHECK(unlink("f0") == 0);
	CHECK(mkdir("directory", 0755) == 0);

	CHECK(chdir("..") == 0);
	CHECK(umount("small") == 0);
	return 0;
}

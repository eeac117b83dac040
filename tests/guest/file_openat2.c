/* openat2(): its structure's sizes, flags that open() ignores and this refuses, and RESOLVE_. */
#include "check.h"
#include <linux/openat2.h>

static int open_how(int fd, const char *path, struct open_how how, size_t size)
{
	return syscall(SYS_openat2, fd, path, &how, size);
}

static int with(int fd, const char *path, uint64_t flags, uint64_t resolve)
{
	return open_how(fd, path, (struct open_how){ .flags = flags, .resolve = resolve },
			sizeof(struct open_how));
}

#define OPENS(call) do { int fd_ = (call); if (fd_ < 0) FAIL("%s", #call); close(fd_); } while (0)

static void structure(void)
{
	struct {
		struct open_how how;
		uint64_t more;
	} longer = { { .flags = O_RDONLY }, 0 };

	CHECK_ERRNO(open_how(AT_FDCWD, "file", longer.how, 0), EINVAL);
	CHECK_ERRNO(open_how(AT_FDCWD, "file", longer.how, 23), EINVAL);
	OPENS(syscall(SYS_openat2, AT_FDCWD, "file", &longer, sizeof(longer)));
	longer.more = 1;
	CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, "file", &longer, sizeof(longer)), E2BIG);
	CHECK_ERRNO(syscall(SYS_openat2, AT_FDCWD, "file", &longer, PAGE + 1), E2BIG);
}

static void flags(void)
{
	struct open_how how = { .flags = O_RDONLY, .mode = 0600 };

	CHECK_ERRNO(open_how(AT_FDCWD, "file", how, sizeof(how)), EINVAL);
	how = (struct open_how){ .flags = O_CREAT | O_RDWR, .mode = 010600 };
	CHECK_ERRNO(open_how(AT_FDCWD, "new", how, sizeof(how)), EINVAL);
	how.mode = 0640;
	OPENS(open_how(AT_FDCWD, "new", how, sizeof(how)));
	CHECK_ERRNO(with(AT_FDCWD, "file", 1ULL << 40, 0), EINVAL);
	CHECK_ERRNO(with(AT_FDCWD, "file", 1 << 30, 0), EINVAL);
	CHECK_ERRNO(with(AT_FDCWD, "file", O_PATH | O_RDWR, 0), EINVAL);
	CHECK_ERRNO(with(AT_FDCWD, "file", 0, 0x40), EINVAL);
	CHECK_ERRNO(with(AT_FDCWD, "file", 0, RESOLVE_BENEATH | RESOLVE_IN_ROOT), EINVAL);
	OPENS(with(AT_FDCWD, "file", O_PATH | O_CLOEXEC, 0));
}

static void resolve(void)
{
	int root = MUST(open("tree", O_PATH));
	char here[PATH_MAX];

	CHECK(getcwd(here, sizeof(here)) != NULL);
	OPENS(with(root, "inside/leaf", 0, RESOLVE_BENEATH));
	OPENS(with(root, "inside/../inside/leaf", 0, RESOLVE_BENEATH));
	CHECK_ERRNO(with(root, "../file", 0, RESOLVE_BENEATH), EXDEV);
	CHECK_ERRNO(with(root, "/file", 0, RESOLVE_BENEATH), EXDEV);
	CHECK_ERRNO(with(root, "out", 0, RESOLVE_BENEATH), EXDEV);
	CHECK_ERRNO(with(root, "absolute", 0, RESOLVE_BENEATH), EXDEV);
	OPENS(with(root, "absolute", 0, RESOLVE_IN_ROOT));
	OPENS(with(root, "/inside/leaf", 0, RESOLVE_IN_ROOT));
	OPENS(with(root, "../../inside/leaf", 0, RESOLVE_IN_ROOT));
	CHECK_ERRNO(with(root, "out", 0, RESOLVE_IN_ROOT), ENOENT);
	CHECK_ERRNO(with(root, "link/leaf", 0, RESOLVE_NO_SYMLINKS), ELOOP);
	CHECK_ERRNO(with(root, "absolute", 0, RESOLVE_NO_SYMLINKS), ELOOP);
	OPENS(with(root, "absolute", O_PATH | O_NOFOLLOW, RESOLVE_NO_SYMLINKS));
	OPENS(with(root, "link/leaf", 0, RESOLVE_NO_MAGICLINKS));
	CHECK_ERRNO(with(AT_FDCWD, "/proc/self/exe", 0, RESOLVE_NO_MAGICLINKS), ELOOP);
	CHECK_ERRNO(with(AT_FDCWD, "/proc/self/exe", 0, RESOLVE_NO_SYMLINKS), ELOOP);
	CHECK_ERRNO(with(MUST(open("/", O_PATH)), "proc/version", 0, RESOLVE_NO_XDEV), EXDEV);
	OPENS(with(root, "inside/leaf", 0, RESOLVE_NO_XDEV));
	CHECK_ERRNO(with(root, "new", O_CREAT | O_RDWR, RESOLVE_CACHED), EAGAIN);
	OPENS(with(root, "inside/leaf", 0, 0));
	OPENS(with(root, "inside/leaf", 0, RESOLVE_CACHED));
	/* A file is made where the walk may go, and nowhere else. */
	CHECK_ERRNO(with(root, "../outside", O_CREAT | O_RDWR, RESOLVE_BENEATH), EXDEV);
	CHECK_ERRNO(access("outside", F_OK), ENOENT);
	OPENS(with(root, "inside/made", O_CREAT | O_RDWR, RESOLVE_BENEATH));
}

int main(void)
{
	make_file("file", "text");
	CHECK(mkdir("tree", 0755) == 0);
	CHECK(mkdir("tree/inside", 0755) == 0);
	make_file("tree/inside/leaf", "leaf");
	CHECK(symlink("../file", "tree/out") == 0);
	CHECK(symlink("/inside/leaf", "tree/absolute") == 0);
	CHECK(symlink("inside", "tree/link") == 0);
	structure();
	flags();
	resolve();
	return 0;
}

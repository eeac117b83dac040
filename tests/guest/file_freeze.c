/*
 * A frozen file system (FIFREEZE) can be read, but whoever would change something on it sleeps
 * until it is thawed, and then goes on as if nothing had been. What goes through it and changes
 * nothing of it (FIFOs) goes on, and sync has nothing to do.
 */
#include "file_freeze.h"
#include <stddef.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/un.h>
#include <sys/xattr.h>

static int file;		/* "file", open for reading and writing */
static volatile char *mapped;	/* "mapped", shared; its first page was written to before */

static void do_write(void) { CHECK_EQ(write(file, "wxyz", 4), 4); }
static void do_pwrite(void) { CHECK_EQ(pwrite(file, "p", 1, 5000), 1); }
static void do_truncate(void) { CHECK(truncate("longer", 10) == 0); }
static void do_ftruncate(void) { CHECK(ftruncate(file, 9000) == 0); }
static void do_create(void) { MUST(open("created", O_CREAT | O_WRONLY, 0600)); }
static void do_open_truncate(void) { MUST(open("emptied", O_WRONLY | O_TRUNC)); }
static void do_unnamed(void) { MUST(open(".", O_TMPFILE | O_RDWR, 0600)); }
static void do_mkdir(void) { CHECK(mkdir("made", 0700) == 0); }
static void do_rmdir(void) { CHECK(rmdir("removed") == 0); }
static void do_unlink(void) { CHECK(unlink("unlinked") == 0); }
static void do_rename(void) { CHECK(rename("old", "new") == 0); }
static void do_link(void) { CHECK(link("file", "hard") == 0); }
static void do_symlink(void) { CHECK(symlink("file", "soft") == 0); }
static void do_mkfifo(void) { CHECK(mkfifo("made-fifo", 0600) == 0); }
static void do_chmod(void) { CHECK(chmod("file", 0640) == 0); }
static void do_fchown(void) { CHECK(fchown(file, OTHER_UID, OTHER_GID) == 0); }
static void do_utimes(void) { CHECK(utimensat(AT_FDCWD, "longer", NULL, 0) == 0); }
static void do_setxattr(void)
{
	if (setxattr("file", "user.name", "value", 5, 0) != 0)
		CHECK_EQ(errno, EOPNOTSUPP);
}
static void do_map_written(void) { mapped[1] = 'W'; }
static void do_map_new(void) { mapped[PAGE] = 'N'; }
/* A call that changes nothing itself, but writes its result to a page of the file. */
static void do_map_read(void)
{
	CHECK_EQ(read(MUST(open("read", O_RDONLY)), (char *)mapped + 2 * PAGE, 3), 3);
}

static void do_bind(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "socket" };

	CHECK(bind(MUST(socket(AF_UNIX, SOCK_STREAM, 0)), (void *)&name, sizeof(name)) == 0);
}

static void (*const changes[])(void) = {
	do_write, do_pwrite, do_truncate, do_ftruncate, do_create, do_open_truncate, do_unnamed,
	do_mkdir, do_rmdir, do_unlink, do_rename, do_link, do_symlink, do_mkfifo, do_chmod,
	do_fchown, do_utimes, do_setxattr, do_map_written, do_map_new, do_map_read, do_bind,
};

static void prepare(void)
{
	int fd;

	CHECK(mkdir("freeze", 0755) == 0);
	CHECK(chdir("freeze") == 0);
	make_file("file", "abcd");
	make_file("longer", "0123456789abcdef");
	make_file("emptied", "text");
	make_file("unlinked", "text");
	make_file("old", "text");
	make_file("read", "read me");
	CHECK(mkdir("removed", 0700) == 0);
	CHECK(mkfifo("fifo", 0600) == 0);
	file = MUST(open("file", O_RDWR));
	fd = MUST(open("mapped", O_CREAT | O_RDWR, 0600));
	CHECK(ftruncate(fd, 3 * PAGE) == 0);
	mapped = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(mapped != MAP_FAILED);
	CHECK(close(fd) == 0);
	mapped[0] = 'M';
}

static void clear(void)
{
	static const char *const names[] = { "file", "longer", "emptied", "old", "new", "read",
					     "fifo", "mapped", "created", "hard", "soft",
					     "made-fifo", "socket", "unlinked" };

	CHECK(munmap((void *)mapped, 3 * PAGE) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		unlink(names[i]);
	CHECK(rmdir("made") == 0);
	CHECK(chdir("..") == 0);
	CHECK(rmdir("freeze") == 0);
}

static void check_that_reading_goes_on(void)
{
	struct statfs fs;
	struct stat status;
	char text[8] = "";
	int fd = MUST(open("read", O_RDONLY));

	CHECK_EQ(read(fd, text, sizeof(text)), 7);
	CHECK(strcmp(text, "read me") == 0);
	CHECK(fsync(fd) == 0);
	CHECK(close(fd) == 0);
	CHECK(fstat(file, &status) == 0);
	CHECK_EQ(status.st_size, 4);
	CHECK(statfs(".", &fs) == 0);
	CHECK_EQ(mapped[0], 'M');
	CHECK_EQ(mapped[PAGE], 0);
	CHECK(access("created", F_OK) != 0);
	CHECK(access("unlinked", F_OK) == 0);
	CHECK(syncfs(frozen_fd) == 0);
	sync();
	/* Opening to write is no change yet. */
	fd = MUST(open("read", O_RDWR));
	CHECK(close(fd) == 0);
	CHECK_ERRNO(mkdir("removed/x/y", 0700), ENOENT);
}

static void check_that_fifos_go_on(void)
{
	int fd = MUST(open("fifo", O_RDWR | O_NONBLOCK));
	char byte;

	CHECK_EQ(write(fd, "f", 1), 1);
	CHECK_EQ(read(fd, &byte, 1), 1);
	CHECK_EQ(byte, 'f');
	CHECK(close(fd) == 0);
}

static void check_results(void)
{
	struct stat status;

	CHECK(fstat(file, &status) == 0);
	CHECK_EQ(status.st_uid, OTHER_UID);
	CHECK_EQ(status.st_mode & 0777, 0640);
	CHECK_EQ(status.st_nlink, 2);
	CHECK(stat("longer", &status) == 0);
	CHECK_EQ(status.st_size, 10);
	CHECK(stat("emptied", &status) == 0);
	CHECK_EQ(status.st_size, 0);
	CHECK(access("created", F_OK) == 0);
	CHECK(access("made", F_OK) == 0);
	CHECK(access("socket", F_OK) == 0);
	CHECK(access("removed", F_OK) != 0);
	CHECK(access("unlinked", F_OK) != 0);
	CHECK(access("old", F_OK) != 0);
	CHECK_EQ(mapped[1], 'W');
	CHECK_EQ(mapped[PAGE], 'N');
	CHECK(memcmp((char *)mapped + 2 * PAGE, "rea", 3) == 0);
}

static void body(void)
{
	pid_t children[ARRAY_SIZE(changes)];
	struct stat before, after;

	prepare();
	CHECK(stat("read", &before) == 0);
	CHECK_ERRNO(ioctl(frozen_fd, FITHAW, 0), EINVAL);
	freeze_disk();
	CHECK_ERRNO(ioctl(frozen_fd, FIFREEZE, 0), EBUSY);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		children[i] = FORK();
		if (children[i] == 0) {
			changes[i]();
			_exit(0);
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		if (changes[i] != do_setxattr)
			wait_process_state(children[i], 'D');
	}
	check_that_reading_goes_on();
	check_that_fifos_go_on();
	CHECK(stat("read", &after) == 0);
	CHECK(memcmp(&before.st_atim, &after.st_atim, sizeof(before.st_atim)) == 0);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		if (changes[i] != do_setxattr)
			CHECK_EQ(process_state(children[i]), 'D');
	}
	thaw_disk();
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		if (wait_exit_status(children[i]) != 0)
			FAIL("change %zu failed", i);
	}
	CHECK_ERRNO(ioctl(frozen_fd, FITHAW, 0), EINVAL);
	check_results();
	clear();
}

int main(void)
{
	return run_freezing(body);
}

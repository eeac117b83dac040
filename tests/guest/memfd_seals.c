/* memfd_create(): names and flags, and what each seal forbids, for writes, sizes and mappings. */
#include "check.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

static int create(unsigned int flags)
{
	return MUST(memfd_create("test", flags));
}

static intptr_t map_writable(int fd)
{
	return (intptr_t)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

static void names_and_flags(void)
{
	char name[300], link[64], target[64];
	struct stat status;
	int fd;

	memset(name, 'n', sizeof(name));
	name[249] = '\0';
	fd = MUST(memfd_create(name, MFD_CLOEXEC));
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK(close(fd) == 0);
	name[249] = 'n';
	name[250] = '\0';
	CHECK_ERRNO(memfd_create(name, 0), EINVAL);
	CHECK_ERRNO(memfd_create("x", 0x20), EINVAL);
	CHECK_ERRNO(memfd_create("x", 0x18), EINVAL);	/* MFD_NOEXEC_SEAL | MFD_EXEC */
	CHECK_ERRNO(memfd_create((char *)1, 0), EFAULT);
	fd = create(0);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	CHECK_EQ(readlink(link, target, sizeof(target)), strlen("/memfd:test (deleted)"));
	CHECK(strncmp(target, "/memfd:test (deleted)", 21) == 0);
	CHECK(fstat(fd, &status) == 0);
	CHECK_EQ(status.st_mode, S_IFREG | 0777);
	CHECK_EQ(status.st_nlink, 0);
	CHECK_EQ(status.st_size, 0);
	CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	CHECK_EQ(write(fd, "hello", 5), 5);
	int again = MUST(open(link, O_RDONLY));
	char text[8];

	CHECK_EQ(read(again, text, sizeof(text)), 5);
	close(again);
	close(fd);
}

static void who_can_be_sealed(void)
{
	int fds[2];
	int fd = create(0);

	CHECK_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_SEAL);
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), EPERM);
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, 0x100), EINVAL);
	close(fd);
	CHECK(pipe(fds) == 0);
	CHECK_ERRNO(fcntl(fds[0], F_GET_SEALS), EINVAL);
	CHECK_ERRNO(fcntl(fds[1], F_ADD_SEALS, F_SEAL_GROW), EINVAL);
	CHECK_ERRNO(fcntl(fds[0], F_ADD_SEALS, F_SEAL_GROW), EPERM);
	close(fds[0]);
	close(fds[1]);
	fd = create(MFD_ALLOW_SEALING);
	CHECK_EQ(fcntl(fd, F_GET_SEALS), 0);
	CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL) == 0);
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), EPERM);
	close(fd);
}

static void sizes(void)
{
	char buffer[3 * PAGE] = { 0 };
	int fd = create(MFD_ALLOW_SEALING);

	CHECK(ftruncate(fd, PAGE + 100) == 0);
	CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) == 0);
	CHECK_ERRNO(ftruncate(fd, 2 * PAGE), EPERM);
	CHECK(ftruncate(fd, PAGE + 100) == 0);
	CHECK_EQ(pwrite(fd, buffer, 100, PAGE), 100);
	CHECK_ERRNO(pwrite(fd, buffer, 101, PAGE), EPERM);
	/* What comes before the page that would grow is written. */
	CHECK_EQ(pwrite(fd, buffer, sizeof(buffer), 0), PAGE);
	CHECK_ERRNO(fallocate(fd, 0, 0, 2 * PAGE), EPERM);
	CHECK(fallocate(fd, 0, 0, PAGE) == 0);
	CHECK(ftruncate(fd, 100) == 0);
	CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
	CHECK_ERRNO(ftruncate(fd, 99), EPERM);
	CHECK_EQ(fcntl(fd, F_GET_SEALS), F_SEAL_GROW | F_SEAL_SHRINK);
	CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 50) == 0);
	close(fd);
}

static void writes_and_mappings(void)
{
	int fd = create(MFD_ALLOW_SEALING);
	char *map;

	CHECK_EQ(write(fd, "0123456789", 10), 10);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	CHECK_EQ(fcntl(fd, F_GET_SEALS), 0);
	CHECK(munmap(map, PAGE) == 0);
	/* One that could become writable counts. */
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	CHECK_ERRNO(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	CHECK(munmap(map, PAGE) == 0);
	CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0);
	CHECK_ERRNO(write(fd, "x", 1), EPERM);
	CHECK_ERRNO(map_writable(fd), EPERM);
	CHECK_ERRNO(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE), EPERM);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(map != MAP_FAILED);
	map[0] = 'p';
	CHECK(munmap(map, PAGE) == 0);
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	CHECK_EQ(map[0], '0');
	CHECK_ERRNO(mprotect(map, PAGE, PROT_READ | PROT_WRITE), EACCES);
	CHECK(munmap(map, PAGE) == 0);
	close(fd);
}

static void future_writes(void)
{
	int fd = create(MFD_ALLOW_SEALING);
	char *map, *other;
	char byte;

	CHECK(ftruncate(fd, PAGE) == 0);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) == 0);
	map[0] = 'm';	/* what was there goes on */
	CHECK_EQ(pread(fd, &byte, 1, 0), 1);
	CHECK_EQ(byte, 'm');
	CHECK_ERRNO(write(fd, "x", 1), EPERM);
	CHECK_ERRNO(map_writable(fd), EPERM);
	other = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(other != MAP_FAILED);
	CHECK_ERRNO(mprotect(other, PAGE, PROT_READ | PROT_WRITE), EACCES);
	close(fd);
}

/* Sealing and mapping at once: never both. */
static void race(void)
{
	for (int round = 0; round < scaled(200); round++) {
		int fd = create(MFD_ALLOW_SEALING);
		pid_t pid;

		CHECK(ftruncate(fd, PAGE) == 0);
		pid = FORK();
		if (pid == 0) {
			char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

			if (map == MAP_FAILED)
				_exit(errno == EPERM ? 1 : CHECK_FAILED);
			for (int i = 0; i < 50; i++)
				sched_yield();
			_exit((fcntl(fd, F_GET_SEALS) & F_SEAL_WRITE) ? CHECK_FAILED : 0);
		}
		/* It may come before the mapping, fail beside it, or succeed after its end. */
		(void)!fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
		int status = wait_exit_status(pid);

		CHECK(status == 0 || status == 1);
		close(fd);
	}
}

int main(void)
{
	names_and_flags();
	who_can_be_sealed();
	sizes();
	writes_and_mappings();
	future_writes();
	race();
	return 0;
}

/*
 * Nothing is written through a descriptor that is only for reading: not by mmap, not by mprotect
 * later, not after mremap, not by the kernel on one's behalf, and not while another thread throws
 * the page away at that moment.
 */
#include "faults.h"
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>

#define READ_WRITE (PROT_READ | PROT_WRITE)

static char *map(int fd, int protection, int flags)
{
	return mmap(NULL, 2 * PAGE, protection, flags, fd, 0);
}

static void refuse_writing(int fd)
{
	char *shared, *moved;
	int from = MUST(open("/dev/zero", O_RDONLY));

	CHECK_ERRNO((long)map(fd, READ_WRITE, MAP_SHARED), EACCES);
	CHECK_ERRNO((long)map(fd, PROT_WRITE, MAP_SHARED), EACCES);
	CHECK_ERRNO((long)map(fd, READ_WRITE, MAP_SHARED_VALIDATE), EACCES);
	shared = map(fd, PROT_READ, MAP_SHARED);
	CHECK(shared != MAP_FAILED);
	CHECK_ERRNO(mprotect(shared, PAGE, READ_WRITE), EACCES);
	CHECK_ERRNO(mprotect(shared, PAGE, PROT_WRITE), EACCES);
	CHECK_ERRNO(mprotect(shared + PAGE, PAGE, READ_WRITE | PROT_EXEC), EACCES);
	CHECK_FAULT(touch_write, shared, SIGSEGV, SEGV_ACCERR);
	CHECK_ERRNO(read(from, shared, 1), EFAULT);

	/* After a split, a move and with its descriptor gone it is as it was. */
	CHECK(mprotect(shared, PAGE, PROT_NONE) == 0);
	CHECK(mprotect(shared, PAGE, PROT_READ) == 0);
	moved = mremap(shared, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE);
	CHECK(moved != MAP_FAILED);
	CHECK(close(fd) == 0);
	CHECK_ERRNO(mprotect(moved, PAGE, READ_WRITE), EACCES);
	CHECK_FAULT(touch_write, moved, SIGSEGV, SEGV_ACCERR);
	CHECK(munmap(moved, 3 * PAGE) == 0);
	close(from);
}

/* Through other descriptors: for writing alone nothing can be mapped, through O_PATH neither. */
static void refuse_descriptors(void)
{
	int writer = MUST(open("file", O_WRONLY));
	int path = MUST(open("file", O_PATH));

	CHECK_ERRNO((long)map(writer, PROT_READ, MAP_SHARED), EACCES);
	CHECK_ERRNO((long)map(writer, PROT_WRITE, MAP_SHARED), EACCES);
	CHECK_ERRNO((long)map(writer, PROT_WRITE, MAP_PRIVATE), EACCES);
	CHECK_ERRNO((long)map(path, PROT_READ, MAP_PRIVATE), EBADF);
	close(writer);
	close(path);
}

/* What a debugger may write over in private memory is its own copy; in shared memory it may not. */
static void refuse_debugger(void)
{
	int fd = MUST(open("file", O_RDONLY)), memory = MUST(open("/proc/self/mem", O_RDWR));
	char *shared = map(fd, PROT_READ, MAP_SHARED), *own = map(fd, PROT_READ, MAP_PRIVATE);
	struct iovec from = { (char *)"DEBUGGER", 8 }, to = { own, 8 };
	pid_t child;

	CHECK(shared != MAP_FAILED && own != MAP_FAILED);
	CHECK_ERRNO(pwrite64(memory, "DEBUGGER", 8, (uintptr_t)shared), EIO);
	CHECK_EQ(pwrite64(memory, "DEBUGGER", 8, (uintptr_t)own), 8);
	CHECK(memcmp(own, "DEBUGGER", 8) == 0);
	CHECK_ERRNO(process_vm_writev(getpid(), &from, 1, &to, 1, 0), EFAULT);
	to.iov_base = shared;
	CHECK_ERRNO(process_vm_writev(getpid(), &from, 1, &to, 1, 0), EFAULT);

	child = FORK();
	if (child == 0) {
		CHECK(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
		raise(SIGSTOP);
		_exit(0);
	}
	CHECK(WIFSTOPPED(wait_status(child)));
	CHECK_ERRNO(ptrace(PTRACE_POKEDATA, child, shared + 8, 0x41414141), EIO);
	CHECK(ptrace(PTRACE_POKEDATA, child, own + 8, 0x41414141) == 0);
	CHECK(ptrace(PTRACE_CONT, child, 0, 0) == 0);
	CHECK_EQ(wait_exit_status(child), 0);
	close(memory);
	close(fd);
	CHECK(munmap(shared, 2 * PAGE) == 0 && munmap(own, 2 * PAGE) == 0);
}

/* One thread writes over private memory as a debugger does, the other throws the copy away. */
static struct {
	char *own;
	volatile bool done;
} race;

static void *throw_away(void *unused)
{
	(void)unused;
	while (!race.done)
		CHECK(madvise(race.own, PAGE, MADV_DONTNEED) == 0);
	return NULL;
}

static void write_while_thrown_away(void)
{
	int fd = MUST(open("file", O_RDONLY)), memory = MUST(open("/proc/self/mem", O_RDWR));
	pthread_t thread;
	int rounds = scaled(20000);

	race.own = map(fd, PROT_READ, MAP_PRIVATE);
	CHECK(race.own != MAP_FAILED);
	CHECK(pthread_create(&thread, NULL, throw_away, NULL) == 0);
	for (int i = 0; i < rounds; i++)
		CHECK_EQ(pwrite64(memory, "DEBUGGER", 8, (uintptr_t)race.own), 8);
	race.done = true;
	CHECK(pthread_join(thread, NULL) == 0);
	CHECK(munmap(race.own, 2 * PAGE) == 0);
	close(memory);
	close(fd);
}

static void check_contents(void)
{
	int fd = MUST(open("file", O_RDONLY));
	char byte;

	for (size_t i = 0; i < 2 * PAGE; i++) {
		CHECK_EQ(read(fd, &byte, 1), 1);
		if (byte != pattern_byte(i))
			FAIL("byte %zu of the file was changed", i);
	}
	close(fd);
}

static void as_user(void)
{
	/* Who changes his user is no longer dumpable, and /proc/self/mem not his. */
	CHECK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
	refuse_writing(MUST(open("file", O_RDONLY)));
	refuse_debugger();
	write_while_thrown_away();
}

int main(void)
{
	enter_disk_directory();
	CHECK(chmod(".", 0777) == 0);
	make_pattern_file("file", 2 * PAGE);
	refuse_writing(MUST(open("file", O_RDONLY)));
	refuse_descriptors();
	run_as(OTHER_UID, as_user);
	refuse_debugger();
	write_while_thrown_away();
	check_contents();
	return 0;
}

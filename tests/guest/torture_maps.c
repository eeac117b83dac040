/* test: timeout=120
 * Threads and their children map, move, protect, advise, touch and unmap pieces of one range at
 * once, whose edges are those of page tables; a file under it is cut and grown meanwhile. What any
 * of them finds there is chance, so nothing is compared: the kernel's own checks are the test.
 */
#include "torture.h"
#include <setjmp.h>
#include <sys/uio.h>

enum {
	RANGE = 16 << 20,
	TABLE = 2 << 20,	/* what one page table of PAE covers */
	FILE_SIZE = 1 << 20,
	TOUCH_LIMIT = 3 << 20,
	THREADS = 4,
};

static char *range;
static int file;
static __thread sigjmp_buf back;
static __thread volatile bool touching;

static void on_fault(int signal)
{
	if (touching)
		siglongjmp(back, 1);
	FAIL("signal %d outside of a touch", signal);
}

/* Mostly at the edge of a page table, or one page beside it. */
static char *some_address(struct torturer *self)
{
	uint32_t edge = torture_random(self, RANGE / TABLE) * TABLE;

	switch (torture_random(self, 4)) {
	case 0:
		return range + torture_random(self, RANGE / PAGE) * PAGE;
	case 1:
		return range + edge + PAGE;
	case 2:
		return range + edge + TABLE - PAGE;
	default:
		return range + edge;
	}
}

static size_t some_size(struct torturer *self)
{
	static const size_t sizes[] = { 0, PAGE, 2 * PAGE, 16 * PAGE, TABLE - PAGE, TABLE,
					TABLE + PAGE, 2 * TABLE };
	uint32_t choice = torture_random(self, 12);

	return choice < ARRAY_SIZE(sizes) ? sizes[choice] : torture_random(self, 64) * PAGE;
}

/* All within the range; what reaches beyond its end is cut. */
static size_t size_from(struct torturer *self, const char *address)
{
	size_t size = some_size(self), room = range + RANGE - address;

	return size < room ? size : room;
}

static void map_something(struct torturer *self, char *at, size_t size)
{
	static const int flags[] = { MAP_PRIVATE | MAP_ANONYMOUS, MAP_SHARED | MAP_ANONYMOUS,
				     MAP_PRIVATE, MAP_SHARED,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN };
	int chosen = flags[torture_random(self, ARRAY_SIZE(flags))];

	(void)mmap(at, size, PROT_READ | PROT_WRITE, chosen | MAP_FIXED,
		   chosen & MAP_ANONYMOUS ? -1 : file,
		   chosen & MAP_ANONYMOUS ? 0 : torture_random(self, 8) * PAGE);
}

static void move_something(struct torturer *self, char *from, size_t size)
{
	static const int flags[] = { MREMAP_FIXED, MREMAP_FIXED, MREMAP_FIXED | MREMAP_DONTUNMAP };
	int chosen = flags[torture_random(self, ARRAY_SIZE(flags))];
	char *to = some_address(self);
	size_t new_size = chosen & MREMAP_DONTUNMAP ? size : size_from(self, to);

	/* An old size of 0 makes a second mapping of what is shared. */
	if (torture_random(self, 8) == 0)
		size = 0;
	if (new_size > (size_t)(range + RANGE - to))
		return;
	(void)mremap(from, size, new_size, MREMAP_MAYMOVE | chosen, to);
}

static void advise(struct torturer *self, char *at, size_t size)
{
	(void)madvise(at, size, torture_random(self, 26));
}

static void touch(struct torturer *self, char *at, size_t size)
{
	bool write = torture_random(self, 2);
	size_t stride = (1 + torture_random(self, 3)) * PAGE;

	if (sigsetjmp(back, 1) == 0) {
		touching = true;
		for (size_t i = 0; i < size && i < TOUCH_LIMIT; i += stride) {
			if (write)
				*(volatile char *)(at + i) = 'w';
			else
				(void)*(volatile char *)(at + i);
		}
	}
	touching = false;
}

static void copy_somewhere(struct torturer *self, char *at, size_t size)
{
	char *other = some_address(self);
	struct iovec to = { other, size_from(self, other) }, from = { at, size };

	(void)!process_vm_readv(getpid(), &to, 1, &from, 1, 0);
}

static void change_something(struct torturer *self)
{
	char *at = some_address(self);
	size_t size = size_from(self, at);

	switch (torture_random(self, 14)) {
	case 0:
	case 1:
		map_something(self, at, size);
		break;
	case 2:
		(void)munmap(at, size);
		break;
	case 3:
		(void)mprotect(at, size, torture_random(self, 4));
		break;
	case 4:
	case 5:
		move_something(self, at, size);
		break;
	case 6:
	case 7:
		advise(self, at, size);
		break;
	case 8:
		(void)(torture_random(self, 2) ? mlock(at, size) : munlock(at, size));
		break;
	case 9:
		copy_somewhere(self, at, size);
		break;
	case 10:
		(void)!ftruncate(file, torture_random(self, 2 * FILE_SIZE / PAGE) * PAGE);
		break;
	case 11:
		(void)msync(at, size, MS_SYNC);
		break;
	default:
		touch(self, at, size);
	}
}

/* A child does some of it in tables that it shares, and may be killed in the middle. */
static void fork_child(struct torturer *self)
{
	pid_t pid = FORK();

	if (pid == 0) {
		for (uint32_t left = torture_random(self, 20); left > 0; left--)
			change_something(self);
		_exit(0);
	}
	if (torture_random(self, 4) == 0)
		CHECK(kill(pid, SIGKILL) == 0);
	CHECK(waitpid(pid, NULL, 0) == pid);
}

static void step(struct torturer *self)
{
	if (torture_random(self, 30) == 0)
		fork_child(self);
	else
		change_something(self);
}

int main(void)
{
	struct torturer torturers[THREADS];
	pthread_t threads[THREADS];

	enter_disk_directory();
	handle_signal(SIGSEGV, on_fault, 0);
	handle_signal(SIGBUS, on_fault, 0);
	file = MUST(open("torture", O_CREAT | O_TRUNC | O_RDWR, 0600));
	CHECK(unlink("torture") == 0);
	CHECK(ftruncate(file, FILE_SIZE) == 0);
	range = mmap(NULL, RANGE + TABLE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(range != MAP_FAILED);
	range = (char *)(((uintptr_t)range + TABLE - 1) & ~(uintptr_t)(TABLE - 1));
	torture_begin();
	for (int i = 0; i < THREADS; i++)
		threads[i] = torture_thread(&torturers[i], step, i);
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	return 0;
}

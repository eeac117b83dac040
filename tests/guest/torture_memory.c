/* test: timeout=120
 * Fork against faults against unmapping against truncation, by threads that share their memory, on
 * all CPUs: what a thread has unmapped or protected no other one still reaches, what a child reads
 * is what its parent had, and a file's page is the file's.
 */
#include "torture.h"
#include "faults.h"

enum { WINDOWS = 8, WINDOW_PAGES = 16, FILE_PAGES = 8, THREADS = 4 };

static struct {
	pthread_mutex_t lock;
	char *memory;			/* WINDOW_PAGES, or NULL */
} windows[WINDOWS];
static int file;
static char *file_map;
static volatile int *counter;		/* shared by all: never unmapped */

/* A window that nobody else changes: private pages with a byte that tells whose they are. */
static void use_window(struct torturer *self)
{
	int number = torture_random(self, WINDOWS);
	char *memory;

	if (pthread_mutex_trylock(&windows[number].lock) != 0)
		return;
	if (!windows[number].memory)
		windows[number].memory = map_pages(WINDOW_PAGES);
	memory = windows[number].memory;
	switch (torture_random(self, 6)) {
	case 0:
		CHECK(munmap(memory, WINDOW_PAGES * PAGE) == 0);
		windows[number].memory = NULL;
		break;
	case 1:
		for (int i = 0; i < WINDOW_PAGES; i++)
			memory[i * PAGE] = (char)number;
		CHECK(madvise(memory, WINDOW_PAGES * PAGE / 2, MADV_DONTNEED) == 0);
		for (int i = 0; i < WINDOW_PAGES; i++)
			CHECK_EQ(memory[i * PAGE], i < WINDOW_PAGES / 2 ? 0 : number);
		break;
	case 2:
		memory[5 * PAGE] = 42;
		CHECK(mprotect(memory + 5 * PAGE, PAGE, PROT_READ) == 0);
		/* The call that would write must see it, on whichever CPU it runs. */
		CHECK_ERRNO(pread(file, memory + 5 * PAGE, 1, 0), EFAULT);
		CHECK_EQ(memory[5 * PAGE], 42);
		CHECK(mprotect(memory + 5 * PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
		memory[5 * PAGE] = (char)number;
		break;
	case 3:
		memory = mremap(memory, WINDOW_PAGES * PAGE, WINDOW_PAGES * PAGE,
				MREMAP_MAYMOVE);
		CHECK(memory != MAP_FAILED);
		break;
	default:
		for (int i = 0; i < WINDOW_PAGES; i++)
			memory[i * PAGE + 1] += 1;
	}
	CHECK(pthread_mutex_unlock(&windows[number].lock) == 0);
}

/* A child sees the windows as they are, writes all over them, and the parent's stay. */
static void fork_child(struct torturer *self)
{
	int number = torture_random(self, WINDOWS);
	char *memory;
	pid_t pid;

	CHECK(pthread_mutex_lock(&windows[number].lock) == 0);
	memory = windows[number].memory;
	if (memory)
		memset(memory, 7, WINDOW_PAGES * PAGE);
	pid = FORK();
	if (pid == 0) {
		for (int i = 0; memory && i < WINDOW_PAGES; i++) {
			CHECK_EQ(memory[i * PAGE + 9], 7);
			memory[i * PAGE + 9] = 8;
		}
		__sync_fetch_and_add(counter, 1);
		_exit(0);
	}
	for (int i = 0; memory && i < WINDOW_PAGES; i++)
		memory[i * PAGE + 9] += i % 2;
	CHECK_EQ(wait_exit_status(pid), 0);
	for (int i = 0; memory && i < WINDOW_PAGES; i++)
		CHECK_EQ(memory[i * PAGE + 9], 7 + i % 2);
	CHECK(pthread_mutex_unlock(&windows[number].lock) == 0);
}

/* The file grows and shrinks under everybody's maps of it. */
static void change_file(struct torturer *self)
{
	uint32_t page = torture_random(self, FILE_PAGES);
	char byte = 'f';

	switch (torture_random(self, 3)) {
	case 0:
		/* Never empty: use_window() reads its first byte. */
		CHECK(ftruncate(file, page * PAGE + 1 + torture_random(self, PAGE - 1)) == 0);
		break;
	case 1:
		CHECK_EQ(pwrite(file, &byte, 1, page * PAGE + 10), 1);
		break;
	default:
		CHECK(ftruncate(file, FILE_PAGES * PAGE) == 0);
	}
}

/* Reading through the map: 'f', or zero, or behind the end. The kernel reads, so nothing traps. */
static void read_file_map(struct torturer *self)
{
	uint32_t page = torture_random(self, FILE_PAGES);
	struct iovec to, from = { file_map + page * PAGE + 10, 1 };
	char byte = 0;
	ssize_t got;

	to.iov_base = &byte;
	to.iov_len = 1;
	got = process_vm_readv(getpid(), &to, 1, &from, 1, 0);
	if (got < 0)
		CHECK_EQ(errno, EFAULT);
	else
		CHECK(byte == 0 || byte == 'f');
	if (torture_random(self, 4) == 0)
		CHECK(madvise(file_map + page * PAGE, PAGE, MADV_DONTNEED) == 0);
	if (torture_random(self, 16) == 0) {
		from.iov_base = file_map + page * PAGE + 10;
		byte = 'f';
		(void)!process_vm_writev(getpid(), &to, 1, &from, 1, 0);
	}
}

static void many_threads(void)
{
	static void (*const steps[THREADS + 2])(struct torturer *) = {
		use_window, use_window, fork_child, change_file, read_file_map, use_window,
	};
	static struct torturer torturers[ARRAY_SIZE(steps)];
	pthread_t threads[ARRAY_SIZE(steps)];
	unsigned int forks;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		threads[i] = torture_thread(&torturers[i], steps[i], i);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		CHECK(pthread_join(threads[i], NULL) == 0);
		CHECK(torturers[i].steps > 0);
	}
	forks = torturers[2].steps;
	CHECK_EQ(*counter, forks);
}

int main(void)
{
	enter_disk_directory();
	for (int i = 0; i < WINDOWS; i++)
		pthread_mutex_init(&windows[i].lock, NULL);
	counter = shared_memory(PAGE);
	file = MUST(open("torture", O_CREAT | O_TRUNC | O_RDWR, 0600));
	CHECK(ftruncate(file, FILE_PAGES * PAGE) == 0);
	file_map = mmap(NULL, FILE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	CHECK(file_map != MAP_FAILED);
	torture_begin();
	many_threads();
	CHECK(unlink("torture") == 0);
	return 0;
}

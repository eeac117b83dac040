/* test: timeout=60
 * While system calls use a buffer, another thread keeps unmapping and mapping it: success or
 * EFAULT, and nothing worse.
 */
#include "check.h"
#include <pthread.h>

static char *volatile buffer;
static volatile bool stop;

static void *remap(void *argument)
{
	(void)argument;
	while (!stop) {
		munmap(buffer, 4 * PAGE);
		CHECK(mmap(buffer, 4 * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == buffer);
		mprotect(buffer + PAGE, PAGE, PROT_READ);
	}
	return NULL;
}

static void check(long result)
{
	CHECK(result >= 0 || errno == EFAULT || errno == ENOENT || errno == EINVAL ||
	      errno == ERANGE || errno == ENOTDIR || errno == EAGAIN);
}

int main(void)
{
	int rounds = scaled(3000);
	pthread_t thread;
	int file, fds[2];

	make_pattern_file("file", 8 * PAGE);
	file = MUST(open("file", O_RDWR));
	CHECK(pipe2(fds, O_NONBLOCK) == 0);
	buffer = map_pages(4);
	CHECK(pthread_create(&thread, NULL, remap, NULL) == 0);
	for (int round = 0; round < rounds; round++) {
		check(pread(file, buffer + 100, 3 * PAGE, round % PAGE));
		check(pwrite(file, buffer + 100, 3 * PAGE, 0));
		check(write(fds[1], buffer + PAGE - 50, 100));
		check(read(fds[0], buffer + PAGE - 50, 100));
		check(stat(buffer, (struct stat *)(buffer + PAGE - 20)));
		check(raw_syscall(SYS_getcwd, buffer + PAGE - 5, 100) < 0 ? 0 : 1);
		check(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, buffer + 2 * PAGE - 4, 8));
	}
	stop = true;
	CHECK(pthread_join(thread, NULL) == 0);
	return 0;
}

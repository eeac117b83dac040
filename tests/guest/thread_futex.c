/*
 * futex: wait and wake, the value checked, timeouts, requeue, shared between processes, and errors.
 */
#include "check.h"
#include <linux/futex.h>

static long futex(volatile int *word, int operation, int value, void *timeout, volatile int *second,
		  int third)
{
	return syscall(SYS_futex, word, operation, value, timeout, second, third);
}

/*
 * What the word is: nothing, where nobody may reach it or nobody can ever change it; the file's,
 * where a private mapping that cannot be written shows it.
 */
static void mappings(void)
{
	int file, *none = (int *)map_pages(1), *constant = (int *)map_pages(1);
	volatile int *shared, *private;
	pid_t pid;

	CHECK(mprotect(none, PAGE, PROT_NONE) == 0);
	CHECK(mprotect(constant, PAGE, PROT_READ) == 0);
	CHECK_ERRNO(futex(none, FUTEX_WAKE, 1, NULL, NULL, 0), EFAULT);
	CHECK_ERRNO(futex(constant, FUTEX_WAKE, 1, NULL, NULL, 0), EFAULT);
	CHECK_ERRNO(futex(constant, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT);
	/* A private word is its address, whatever is there. */
	CHECK_EQ(futex(constant, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);

	make_pattern_file("words", PAGE);
	file = MUST(open("words", O_RDWR));
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	private = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 0);
	CHECK(shared != MAP_FAILED && private != MAP_FAILED);
	pid = FORK();
	if (pid == 0) {
		CHECK_EQ(futex(private, FUTEX_WAIT, *private, NULL, NULL, 0), 0);
		_exit(0);
	}
	wait_until_blocked(pid);
	CHECK_EQ(futex(shared, FUTEX_WAKE, 10, NULL, NULL, 0), 1);
	CHECK_EQ(wait_exit_status(pid), 0);
}

int main(void)
{
	volatile int *words = shared_memory(PAGE);
	struct timespec short_time = { 0, 20000000 }, wrong = { 0, -1 };
	pid_t pids[4];
	long long start;

	CHECK_ERRNO(futex(&words[0], FUTEX_WAIT, 1, NULL, NULL, 0), EAGAIN);
	start = now_ns();
	CHECK_ERRNO(futex(&words[0], FUTEX_WAIT, 0, &short_time, NULL, 0), ETIMEDOUT);
	CHECK(now_ns() - start >= 20000000);
	CHECK_EQ(futex(&words[0], FUTEX_WAKE, 10, NULL, NULL, 0), 0);
	CHECK_ERRNO(futex(&words[0], FUTEX_WAIT, 0, &wrong, NULL, 0), EINVAL);
	CHECK_ERRNO(futex((int *)((char *)words + 1), FUTEX_WAIT, 0, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO(futex((int *)16, FUTEX_WAIT, 0, NULL, NULL, 0), EFAULT);
	CHECK_ERRNO(futex(&words[0], 99, 0, NULL, NULL, 0), ENOSYS);

	for (int i = 0; i < 4; i++) {
		pids[i] = FORK();
		if (pids[i] == 0) {
			CHECK_EQ(futex(&words[0], FUTEX_WAIT, 0, NULL, NULL, 0), 0);
			_exit(0);
		}
	}
	for (int i = 0; i < 4; i++)
		wait_until_blocked(pids[i]);
	/* One is woken, one is moved to the other word, and so on. */
	CHECK_EQ(futex(&words[0], FUTEX_CMP_REQUEUE, 1, (void *)2, &words[1], 0), 3);
	CHECK_EQ(futex(&words[0], FUTEX_WAKE, 10, NULL, NULL, 0), 1);
	CHECK_EQ(futex(&words[1], FUTEX_WAKE, 1, NULL, NULL, 0), 1);
	CHECK_EQ(futex(&words[1], FUTEX_WAKE, 10, NULL, NULL, 0), 1);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(wait_exit_status(pids[i]), 0);
	CHECK_ERRNO(futex(&words[0], FUTEX_CMP_REQUEUE, 1, (void *)1, &words[1], 5), EAGAIN);

	/* Masks choose whom to wake. */
	pids[0] = FORK();
	if (pids[0] == 0) {
		CHECK_EQ(futex(&words[2], FUTEX_WAIT_BITSET, 0, NULL, NULL, 2), 0);
		_exit(0);
	}
	wait_until_blocked(pids[0]);
	CHECK_EQ(futex(&words[2], FUTEX_WAKE_BITSET, 10, NULL, NULL, 1), 0);
	CHECK_EQ(futex(&words[2], FUTEX_WAKE_BITSET, 10, NULL, NULL, 3), 1);
	CHECK_EQ(wait_exit_status(pids[0]), 0);

	/* Private memory after fork() is not the same word. */
	static volatile int private_word;

	pids[0] = FORK();
	if (pids[0] == 0) {
		struct timespec time = { 100, 0 };

		futex(&private_word, FUTEX_WAIT, 0, &time, NULL, 0);
		_exit(0);
	}
	wait_until_blocked(pids[0]);
	CHECK_EQ(futex(&private_word, FUTEX_WAKE, 10, NULL, NULL, 0), 0);
	kill_and_reap(pids[0]);
	mappings();
	return 0;
}

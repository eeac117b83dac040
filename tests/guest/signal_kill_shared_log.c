/*
 * Two processes wait for the kernel's next message through one open file: SIGKILL ends either's
 * wait while the other's lasts.
 */
#include "check.h"

static pid_t start_reader(int fd)
{
	char record[8192];
	pid_t pid = FORK();

	if (pid == 0) {
		for (;;)
			if (read(fd, record, sizeof(record)) < 0 && errno != EPIPE)
				_exit(CHECK_FAILED);
	}
	return pid;
}

int main(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_CLOEXEC);
	pid_t readers[2];

	if (fd < 0)
		SKIP("no /dev/kmsg");
	CHECK(lseek(fd, 0, SEEK_END) >= 0);
	for (int i = 0; i < 2; i++)
		readers[i] = start_reader(fd);
	sleep_ms(300);
	for (int i = 1; i >= 0; i--) {
		int waited;

		CHECK(kill(readers[i], SIGKILL) == 0);
		for (waited = 0; waited < 500 && process_state(readers[i]) != 'Z'; waited++)
			sleep_ms(10);
		if (waited == 500)
			FAIL("reader %d is in state %c", i, process_state(readers[i]));
		expect_signal_death(readers[i], SIGKILL);
	}
	return 0;
}

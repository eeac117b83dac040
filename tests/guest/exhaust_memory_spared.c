/* test: linux=no memory=32 timeout=60
 * Who dies when memory runs out is the one that /proc/PID/oom_score_adj points at, not a larger one
 * that it spares; and of a crowd of small ones those that it points at, not who started them.
 */
#include "check.h"

static size_t free_bytes(void)
{
	char text[8192];

	read_text("/proc/meminfo", text, sizeof(text));
	return strtoul(strstr(text, "MemFree:") + 8, NULL, 10) * 1024;
}

static void write_adjustment(pid_t pid, int value)
{
	char path[64], text[16];
	int file, length;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	file = MUST(open(path, O_WRONLY));
	length = snprintf(text, sizeof(text), "%d", value);
	CHECK_EQ(write(file, text, length), length);
	CHECK(close(file) == 0);
}

static void hog(void)
{
	write_adjustment(getpid(), 1000);
	for (;;) {
		char *more = mmap(NULL, 1 << 18, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (more != MAP_FAILED)
			memset(more, 0x55, 1 << 18);
	}
}

/* How many children die of SIGKILL until for a time none does. */
static int reap_until_quiet(void)
{
	int count = 0, status;

	for (int waits = 0; waits < 20; waits++) {
		while (waitpid(-1, &status, WNOHANG) > 0) {
			CHECK_EQ(status, SIGKILL);
			count++;
			waits = 0;
		}
		sleep_ms(10);
	}
	return count;
}

/*
 * Many small children that offer to die, in one process group with their parent, who does not. They
 * die together: the kernel looks at the crowd, and does not just take one small process after
 * another.
 */
static void crowd(void)
{
	enum { MOST = 5000 };
	int died = 0, started = 0, killed = 0, status;
	pid_t child;

	CHECK(setpgid(0, 0) == 0);
	for (int i = 0; i < MOST && died == 0; i++) {
		child = fork();
		if (child == 0) {
			write_adjustment(getpid(), 1000);
			memset(map_pages(64), 1, 64 * PAGE);
			for (;;)
				pause();
		}
		started += child > 0;
		/* They touch their memory when they run: the parent gives way to them. */
		sched_yield();
		died = child < 0 ? 0 : waitpid(-1, &status, WNOHANG);
	}
	if (died == 0)
		died = MUST(waitpid(-1, &status, 0));
	CHECK(died > 0);
	CHECK_EQ(status, SIGKILL);
	killed = 1 + reap_until_quiet();	/* the others are being killed, too */
	signal(SIGTERM, SIG_IGN);
	CHECK(kill(0, SIGTERM) == 0);
	while (wait(&status) > 0)
		CHECK_EQ(status, SIGTERM);
	if (killed < started / 2)
		FAIL("of %d that offered to die, %d died", started, killed);
	_exit(0);
}

int main(void)
{
	pid_t parent;

	struct gate ready = gate_create();
	pid_t large = FORK();

	if (large == 0) {
		size_t most = free_bytes() / 10 * 6;
		char *memory = map_pages(most / PAGE);

		write_adjustment(getpid(), -1000);
		memset(memory, 1, most / PAGE * PAGE);
		gate_open(&ready);
		for (;;)
			pause();
	}
	gate_pass(&ready);
	for (int round = 0; round < 3; round++)
		dies_of(SIGKILL, hog);
	CHECK(kill(large, 0) == 0);
	CHECK_EQ(waitpid(large, NULL, WNOHANG), 0);
	kill_and_reap(large);

	for (int round = 0; round < 3; round++) {
		parent = FORK();
		if (parent == 0)
			crowd();
		CHECK_EQ(wait_exit_status(parent), 0);
	}
	return 0;
}

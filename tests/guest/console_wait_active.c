/*
 * VT_WAITACTIVE ends when its console came to the front, although it is behind another one again
 * before the waiter runs: a thread of real time keeps him from that until both have changed.
 * Linux keeps only the last change for who waits, and goes on waiting.
 *
 * test: linux=no cpus=4
 */
#include "check.h"
#include <linux/vt.h>
#include <stdatomic.h>
#include <sys/ioctl.h>

enum { WAITED_FOR = 5, AFTERWARDS = 6 };

static atomic_int *done;
static int fd;

static void stay_on(int cpu)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	MUST(sched_setaffinity(0, sizeof(cpus), &cpus));
}

static int active(void)
{
	struct vt_stat state;

	MUST(ioctl(fd, VT_GETSTATE, &state));
	return state.v_active;
}

static void switch_to(int number)
{
	MUST(ioctl(fd, VT_ACTIVATE, number));
	while (active() != number)
		sched_yield();
}

static pid_t start_waiter(void)
{
	pid_t pid = FORK();

	if (pid == 0) {
		stay_on(0);
		MUST(ioctl(fd, VT_WAITACTIVE, WAITED_FOR));
		_exit(0);
	}
	wait_until_blocked(pid);
	return pid;
}

/* Returns when it has processor 0 for itself. */
static pid_t start_hog(void)
{
	const struct sched_param priority = { .sched_priority = 10 };
	pid_t pid = FORK();

	if (pid == 0) {
		stay_on(0);
		MUST(sched_setscheduler(0, SCHED_FIFO, &priority));
		atomic_store(done, 1);
		while (atomic_load(done) != 2)
			continue;
		_exit(0);
	}
	while (atomic_load(done) != 1)
		sched_yield();
	return pid;
}

int main(void)
{
	int before;
	pid_t waiter, hog;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP("one processor");
	fd = open("/dev/tty0", O_RDWR | O_NOCTTY);
	if (fd < 0)
		SKIP("no consoles");
	done = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(done != MAP_FAILED);
	before = active();
	stay_on(1);
	waiter = start_waiter();
	hog = start_hog();
	switch_to(WAITED_FOR);
	switch_to(AFTERWARDS);
	atomic_store(done, 2);
	CHECK_EQ(wait_exit_status(hog), 0);
	CHECK_EQ(wait_exit_status(waiter), 0);
	switch_to(before);
	ioctl(fd, VT_DISALLOCATE, WAITED_FOR);
	ioctl(fd, VT_DISALLOCATE, AFTERWARDS);
	return 0;
}

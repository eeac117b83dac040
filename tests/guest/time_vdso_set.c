/*
 * Setting the clock while the vDSO reads it, between any two instructions: what is read is the old
 * clock or the new one, never half of each; also by another processor, in the middle of setting.
 * And times that do not fit 32 bits of seconds.
 */
#include "vdso.h"
#include <sys/ptrace.h>

#define NS_PER_SECOND 1000000000LL

/*
 * Two times whose distance has 1 in the upper half of nanoseconds and half of what goes into the
 * lower one: halves of both make a time two seconds off, and a reading takes less.
 */
#define OFF_NS (2 * NS_PER_SECOND)
#define EARLY_SECONDS 1700000000LL
#define EARLY_NS (EARLY_SECONDS * NS_PER_SECOND)
#define LATE_NS (EARLY_NS + (3LL << 31))

struct shared {
	int result;
	struct timespec32 narrow;
	struct timespec64 wide;
};

static struct shared *shared;
static int (*vdso_clock32)(int, struct timespec32 *);
static int (*vdso_clock64)(int, struct timespec64 *);

static void set_clock(long long ns)
{
	struct timespec64 time = { ns / NS_PER_SECOND, (int32_t)(ns % NS_PER_SECOND), 0 };

	CHECK_EQ(raw_syscall(SYS_clock_settime64, CLOCK_REALTIME, &time), 0);
}

static void read_narrow(void)
{
	shared->result = vdso_clock32(CLOCK_REALTIME, &shared->narrow);
	shared->wide = (struct timespec64){ shared->narrow.tv_sec, shared->narrow.tv_nsec, 0 };
}

static void read_wide(void)
{
	shared->result = vdso_clock64(CLOCK_REALTIME, &shared->wide);
}

static void read_coarse(void)
{
	shared->result = vdso_clock64(CLOCK_REALTIME_COARSE, &shared->wide);
}

/*
 * The clock goes from early to late before the reader's `chosen`th step. `was_set`: there is such a
 * step. False: it took too long to say anything.
 */
static bool set_before_step(int chosen, void (*read)(void), bool *was_set)
{
	long long begin, elapsed, ns;
	int status;
	pid_t reader = FORK();

	if (reader == 0) {
		MUST(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
		/* Straight to the kernel: each step costs two switches. */
		raw_syscall(SYS_kill, raw_syscall(SYS_getpid), SIGSTOP);
		read();
		raw_syscall(SYS_exit, 0);
	}
	CHECK(WIFSTOPPED(wait_status(reader)));
	*was_set = false;
	begin = now_ns();
	set_clock(EARLY_NS);
	for (int step = 0;; step++) {
		if (step == chosen) {
			set_clock(LATE_NS);
			*was_set = true;
		}
		MUST(ptrace(PTRACE_SINGLESTEP, reader, NULL, NULL));
		status = wait_status(reader);
		if (WIFEXITED(status))
			break;
		CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
	}
	CHECK_EQ(WEXITSTATUS(status), 0);
	CHECK_EQ(shared->result, 0);
	ns = shared->wide.tv_sec * NS_PER_SECOND + shared->wide.tv_nsec;
	elapsed = now_ns() - begin;
	if (elapsed >= OFF_NS)
		return false;
	if ((ns < EARLY_NS || ns > EARLY_NS + elapsed) && (ns < LATE_NS || ns > LATE_NS + elapsed))
		FAIL("set before step %d: %lld ns from the early time, the late one is %lld",
		     chosen, ns - EARLY_NS, LATE_NS - EARLY_NS);
	return true;
}

static void set_before_each_step(void (*read)(void))
{
	int stride = 100 / scaled(100);		/* each step, but where that takes minutes */
	bool was_set = true;
	int step = 0;

	stride = stride ? stride : 1;
	while (was_set) {
		if (set_before_step(step, read, &was_set))
			step += stride;
		else
			was_set = true;
	}
	CHECK(step > 20);
}

/* Both clocks come again and again, from another processor if there is one. */
static void set_meanwhile(void (*read)(void))
{
	pid_t setter;

	set_clock(EARLY_NS);
	setter = FORK();
	if (setter == 0) {
		for (;;) {
			set_clock(LATE_NS);
			set_clock(EARLY_NS);
		}
	}
	for (int i = 0; i < scaled(50000); i++) {
		long long ns;

		read();
		CHECK_EQ(shared->result, 0);
		ns = shared->wide.tv_sec * NS_PER_SECOND + shared->wide.tv_nsec;
		CHECK(ns >= EARLY_NS && ns < LATE_NS + OFF_NS);
		CHECK(ns < EARLY_NS + OFF_NS || ns >= LATE_NS);
	}
	CHECK(kill(setter, SIGKILL) == 0);
	CHECK_EQ(waitpid(setter, NULL, 0), setter);
}

/* Beyond 2106 seconds have more than 32 bits. */
static void far_away(void)
{
	struct timespec64 time;

	set_clock(5000000000LL * NS_PER_SECOND);
	CHECK_EQ(vdso_clock64(CLOCK_REALTIME, &time), 0);
	CHECK(time.tv_sec >= 5000000000LL && time.tv_sec < 5000000060LL);
	CHECK(time.tv_nsec >= 0 && time.tv_nsec < NS_PER_SECOND);
}

int main(void)
{
	struct vdso_image image = vdso_find();

	vdso_clock32 = vdso_symbol(&image, "__vdso_clock_gettime");
	vdso_clock64 = vdso_symbol(&image, "__vdso_clock_gettime64");
	shared = shared_memory(sizeof(*shared));
	set_before_each_step(read_narrow);
	set_before_each_step(read_wide);
	set_before_each_step(read_coarse);
	set_meanwhile(read_narrow);
	set_meanwhile(read_wide);
	set_meanwhile(read_coarse);
	far_away();
	set_clock(EARLY_NS);
	return 0;
}

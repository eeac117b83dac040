/* test: timeout=120
 * SIGKILL ends a process that makes one system call over and over, with arguments with which the
 * call does its work, for every call that has a row in bad_pointers.h or plain_calls.h and is not
 * looped_apart. Where the work used something up (a file that was unlinked), it is set up anew. On
 * a disk, in the middle of a write and of each kind of fsync() as well.
 */
#include "bad_pointers_setup.h"
#include "plain_calls.h"

enum { ROUNDS = 3, HOME_FD = 900 };

struct progress {
	bool is_set_up;
	int rounds;
	long first_result;
	int object;
};

static volatile struct progress *progress;
static int tried, worked;

static void set_up_all(const struct call *call)
{
	struct call known = *call;

	known.flags &= ~NEEDS_MAP;
	set_up(&known);
	alarm(0);
	if (call->flags & NEEDS_MAP)
		CHECK(mmap((void *)MAP_ADDRESS, MAP_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
}

/* Objects that have to be removed, and children, are made once. */
static bool can_be_renewed(const struct call *call)
{
	return !(call->flags & (NEEDS_ZOMBIE | NEEDS_TRACEE | NEEDS_MESSAGES | NEEDS_SEMAPHORES |
				NEEDS_SEGMENT));
}

static void renew(const struct call *call)
{
	CHECK(close_range(3, HOME_FD - 1, 0) == 0);
	CHECK(fchdir(HOME_FD) == 0);
	set_up_all(call);
}

__attribute__((noreturn))
static void call_for_ever(const struct call *call)
{
	long arguments[6];

	set_up_all(call);
	progress->object = bad_pointers_object;
	progress->is_set_up = true;
	for (;;) {
		for (int i = 0; i < 6; i++)
			arguments[i] = good_value(&call->arguments[i]);
		long result = raw_syscall(call->number, arguments[0], arguments[1], arguments[2],
					  arguments[3], arguments[4], arguments[5]);
		bool failed = result < 0 && result > -4096;

		if (progress->rounds++ == 0)
			progress->first_result = failed ? result : 0;
		else if (failed && can_be_renewed(call))
			renew(call);
	}
}

static void nap(int us)
{
	nanosleep(&(struct timespec){ 0, us * 1000 }, NULL);
}

/* Until it has come round a few times, or sleeps in the call, or is dead already. */
static void wait_for_progress(pid_t pid)
{
	int turns = 0, asleep = 0, rounds = 0;

	while (progress->rounds < ROUNDS && asleep < 3) {
		char state = ++turns % 3 == 0 ? process_state(pid) : 'R';

		if (state == 'Z')
			break;
		/* Once may be a short sleep within the first call. */
		if (rounds != progress->rounds)
			asleep = 0;
		else if (state == 'S' && progress->is_set_up)
			asleep++;
		rounds = progress->rounds;
		nap(100);
	}
}

static void kill_calling(const struct call *call)
{
	pid_t pid;
	int status;

	progress->is_set_up = false;
	progress->rounds = 0;
	progress->first_result = -EINTR;
	progress->object = -1;
	pid = FORK();
	if (pid == 0)
		call_for_ever(call);
	wait_for_progress(pid);
	CHECK(kill(pid, SIGKILL) == 0);
	status = wait_status(pid);
	bad_pointers_object = progress->object;
	if (bad_pointers_object >= 0)
		remove_object(call->flags & ~NEEDS_MAP);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		FAIL("%s (%d): status %#x", call->name, call->number, status);
	tried++;
	worked += progress->first_result == 0;
}

static void kill_calling_each(const struct call *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!is_looped_apart(list[i].number))
			kill_calling(&list[i]);
}

/* On a disk; each time waits for the disk below the machine, too, so a few times have to do. */
__attribute__((noreturn))
static void synchronize_for_ever(int (*synchronize)(int fd))
{
	static char bytes[16 * PAGE];
	int fd = MUST(open("synchronized", O_CREAT | O_RDWR, 0600));

	for (;;) {
		bytes[0]++;
		CHECK_EQ(pwrite(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
		CHECK(synchronize(fd) == 0);
		progress->rounds++;
	}
}

static void kill_synchronizing(int (*synchronize)(int fd))
{
	for (int i = 0; i < 2; i++) {
		progress->rounds = 0;
		pid_t pid = FORK();

		if (pid == 0)
			synchronize_for_ever(synchronize);
		while (progress->rounds < ROUNDS)
			nap(100);
		nap(i * 1000);
		kill_and_reap(pid);
	}
}

int main(void)
{
	progress = shared_memory(PAGE);
	select_block[4] = (uintptr_t)zero_time;
	CHECK_EQ(dup2(MUST(open(".", O_RDONLY)), HOME_FD), HOME_FD);
	kill_calling_each(calls, ARRAY_SIZE(calls));
	kill_calling_each(plain_calls, ARRAY_SIZE(plain_calls));
	raw_syscall(SYS_mq_unlink, "bad-pointers");
	raw_syscall(SYS_mq_unlink, "bad-pointers-2");
	enter_disk_directory();
	kill_synchronizing(fsync);
	kill_synchronizing(fdatasync);
	kill_synchronizing(syncfs);
	/* Some rows are meant to fail: what would harm the machine is asked for wrongly. */
	if (worked < tried * 9 / 10)
		FAIL("only %d of %d calls worked", worked, tried);
	return 0;
}

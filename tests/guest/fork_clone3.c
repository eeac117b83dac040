/* clone3(2): the size of its structure, its flags, and what it alone can do. */
#include "pidfd.h"

/* As long as it is in Linux 6.1, and what a later one may have behind it. */
struct arguments {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	uint64_t set_tid, set_tid_size, cgroup;
	uint64_t later[2];
};
enum { FIRST_SIZE = 64, SECOND_SIZE = 80, THIRD_SIZE = 88 };

#define CLEAR_SIGHAND 0x100000000ULL
#define INTO_CGROUP 0x200000000ULL

static long clone3_raw(const struct arguments *arguments, size_t size)
{
	long pid = raw_syscall(NR_CLONE3, arguments, size);

	if (pid == 0)
		_exit(5);
	return pid;
}

static void works(const struct arguments *arguments, size_t size)
{
	long pid = clone3_raw(arguments, size);

	CHECK(pid > 0);
	CHECK_EQ(wait_exit_status(pid), 5);
}

static void fails(struct arguments arguments, size_t size, int error)
{
	CHECK_EQ(clone3_raw(&arguments, size), -error);
}

static void sizes(void)
{
	struct arguments plain = { .exit_signal = SIGCHLD };
	struct arguments *page_end = (struct arguments *)map_page_before_hole() - 1;
	char *big = map_pages(2);

	works(&plain, FIRST_SIZE);
	works(&plain, FIRST_SIZE + 4);
	works(&plain, SECOND_SIZE);
	works(&plain, THIRD_SIZE);
	works(&plain, sizeof(plain));
	memcpy(big, &plain, sizeof(plain));
	works((void *)big, PAGE);
	fails(plain, PAGE + 1, E2BIG);
	fails(plain, FIRST_SIZE - 1, EINVAL);
	fails(plain, 0, EINVAL);
	plain.later[1] = 1ULL << 63;
	fails(plain, sizeof(plain), E2BIG);
	works(&plain, sizeof(plain) - 8);
	plain.flags = 1;
	fails(plain, sizeof(plain), E2BIG);
	/* Behind the end of what is mapped. */
	memset(page_end, 0, sizeof(*page_end));
	page_end->exit_signal = SIGCHLD;
	works(page_end, sizeof(*page_end));
	CHECK_EQ(clone3_raw(page_end, sizeof(*page_end) + 1), -EFAULT);
	CHECK_EQ(clone3_raw((void *)16, FIRST_SIZE), -EFAULT);
	CHECK_EQ(clone3_raw((void *)16, FIRST_SIZE - 1), -EINVAL);
}

static void refused(void)
{
	const size_t all = THIRD_SIZE;
	pid_t ids[2] = { 1, 1 };
	const uintptr_t list = (uintptr_t)ids;

	fails((struct arguments){ .exit_signal = 65 }, all, EINVAL);
	fails((struct arguments){ .exit_signal = 1ULL << 32 }, all, EINVAL);
	fails((struct arguments){ .flags = 1ULL << 34 }, all, EINVAL);
	fails((struct arguments){ .flags = SIGCHLD }, all, EINVAL);
	fails((struct arguments){ .flags = CLONE_DETACHED }, all, EINVAL);
	fails((struct arguments){ .flags = CLONE_SIGHAND }, all, EINVAL);
	fails((struct arguments){ .flags = CLONE_SIGHAND | CLONE_VM | CLEAR_SIGHAND }, all, EINVAL);
	fails((struct arguments){ .flags = CLONE_PARENT, .exit_signal = SIGCHLD }, all, EINVAL);
	fails((struct arguments){ .flags = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM,
				  .exit_signal = SIGCHLD }, all, EINVAL);
	fails((struct arguments){ .flags = CLONE_NEWNS | CLONE_FS, .exit_signal = SIGCHLD }, all,
	      EINVAL);
	fails((struct arguments){ .flags = CLONE_SETTLS, .exit_signal = SIGCHLD, .tls = 16 }, all,
	      EFAULT);
	fails((struct arguments){ .flags = CLONE_PIDFD, .exit_signal = SIGCHLD, .pidfd = 16 }, all,
	      EFAULT);
	fails((struct arguments){ .flags = CLONE_PIDFD | CLONE_PARENT_SETTID, .pidfd = list,
				  .parent_tid = list, .exit_signal = SIGCHLD }, all, EINVAL);
	/* A stack is an address and a size, or neither. */
	fails((struct arguments){ .stack = 0x10000 }, all, EINVAL);
	fails((struct arguments){ .stack_size = 4096 }, all, EINVAL);
	fails((struct arguments){ .stack = 0xbffff000, .stack_size = 0x10000 }, all, EINVAL);
	/* So is the list of wished ids. */
	fails((struct arguments){ .set_tid = list }, all, EINVAL);
	fails((struct arguments){ .set_tid_size = 1 }, all, EINVAL);
	fails((struct arguments){ .set_tid = list, .set_tid_size = 33 }, all, EINVAL);
	fails((struct arguments){ .set_tid = 16, .set_tid_size = 1 }, all, EFAULT);
	fails((struct arguments){ .set_tid = list, .set_tid_size = 2 }, all, EINVAL);
	fails((struct arguments){ .set_tid = list, .set_tid_size = 1 }, all, EEXIST);
	ids[0] = 0;
	fails((struct arguments){ .set_tid = list, .set_tid_size = 1 }, all, EINVAL);
	ids[0] = -5;
	fails((struct arguments){ .set_tid = list, .set_tid_size = 1 }, all, EINVAL);
	ids[0] = 1 << 30;
	fails((struct arguments){ .set_tid = list, .set_tid_size = 1 }, all, EINVAL);
	/* What is no control group. */
	fails((struct arguments){ .flags = INTO_CGROUP, .cgroup = 1ULL << 32 }, all, EINVAL);
	fails((struct arguments){ .flags = INTO_CGROUP, .cgroup = 0 }, SECOND_SIZE, EINVAL);
	fails((struct arguments){ .flags = INTO_CGROUP, .cgroup = 1000 }, all, EBADF);
	fails((struct arguments){ .flags = INTO_CGROUP, .cgroup = 0 }, all, EBADF);
	CHECK_ERRNO(wait(NULL), ECHILD);
}

static void user_wishes_an_id(void)
{
	pid_t id = 1;
	struct arguments arguments = { .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&id,
				       .set_tid_size = 1 };

	fails(arguments, THIRD_SIZE, EPERM);
	id = 0;
	fails(arguments, THIRD_SIZE, EINVAL);
}

static void wished_id(void)
{
	pid_t id, pid = FORK();
	struct arguments arguments = { .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&id,
				       .set_tid_size = 1 };

	if (pid == 0)
		_exit(0);
	CHECK_EQ(wait_exit_status(pid), 0);
	id = pid;
	for (int i = 0; i < 3; i++) {
		pid = raw_syscall(NR_CLONE3, &arguments, SECOND_SIZE);
		if (pid == 0)
			_exit(raw_syscall(SYS_getpid) == id ? 6 : 7);
		CHECK_EQ(pid, id);
		CHECK_EQ(wait_exit_status(pid), 6);
	}
	run_as(OTHER_UID, user_wishes_an_id);
}

static void nothing(int signal)
{
	(void)signal;
}

static void *handler_of(int signal)
{
	struct sigaction action;

	CHECK(sigaction(signal, NULL, &action) == 0);
	return action.sa_handler;
}

static void cleared_handlers(void)
{
	struct arguments arguments = { .flags = CLEAR_SIGHAND, .exit_signal = SIGCHLD };
	pid_t pid;

	handle_signal(SIGUSR1, nothing, SA_RESTART);
	handle_signal(SIGUSR2, SIG_IGN, 0);
	pid = raw_syscall(NR_CLONE3, &arguments, FIRST_SIZE);
	if (pid == 0) {
		CHECK(handler_of(SIGUSR1) == SIG_DFL);
		CHECK(handler_of(SIGUSR2) == SIG_IGN);
		CHECK(handler_of(SIGTERM) == SIG_DFL);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
	CHECK(handler_of(SIGUSR1) == nothing);
}

/* On a stack of its own, with all its words written; the child only exits. */
static void everything(void)
{
	char *stack = map_pages(4);
	pid_t parent_tid = 0, child_tid = 0;
	int pidfd = -1, pid, status;
	struct arguments arguments = {
		.flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_PIDFD |
			 CLONE_PARENT_SETTID | CLONE_CHILD_SETTID,
		.pidfd = (uintptr_t)&pidfd,
		.parent_tid = (uintptr_t)&parent_tid,
		.child_tid = (uintptr_t)&child_tid,
		.exit_signal = 0,
		.stack = (uintptr_t)stack,
		.stack_size = 4 * PAGE,
	};
	siginfo_t info;

	/* The child has no frame to return to: it tells its stack pointer, and ends. */
	__asm__ volatile("int $0x80\n"
			 "	test %%eax, %%eax\n"
			 "	jnz 1f\n"
			 "	mov %%esp, -8(%%esp)\n"
			 "	mov $1, %%eax\n"
			 "	mov $44, %%ebx\n"
			 "	int $0x80\n"
			 "1:"
			 : "=a"(pid)
			 : "a"(NR_CLONE3), "b"(&arguments), "c"(FIRST_SIZE)
			 : "memory");
	CHECK(pid > 0);
	CHECK_EQ(parent_tid, pid);
	/* Without a signal at its end it is waited for as a clone. */
	CHECK_EQ(waitid_raw(KIND_PIDFD, pidfd, &info, WEXITED), -ECHILD);
	CHECK_EQ(waitid_raw(KIND_PIDFD, pidfd, &info, WEXITED | __WALL | WNOWAIT), 0);
	CHECK_EQ(info.si_status, 44);
	CHECK_EQ(waitpid(pid, &status, __WCLONE), pid);
	CHECK_EQ(child_tid, pid);
	CHECK_EQ(*(uintptr_t *)(stack + 4 * PAGE - 8), (uintptr_t)stack + 4 * PAGE);
	CHECK(close(pidfd) == 0);
}

int main(void)
{
	sizes();
	refused();
	wished_id();
	cleared_handlers();
	everything();
	return 0;
}

/*
 * What a worker of syscall_fuzz does: calls drawn at random, those that need more than arguments
 * (fork, clone, handlers), and starting again after a fault of its own.
 */
#pragma once
#include "fuzz_arguments.h"

/* ---- what the results are good for ----------------------------------------------------------- */

static bool returns_fd(const char *name)
{
	static const char *const makers[] = {
		"open",		  "openat",	  "creat",	   "dup",	   "dup2",
		"dup3",		  "socket",	  "accept4",	   "accept",	   "eventfd",
		"eventfd2",	  "epoll_create", "epoll_create1", "signalfd",	   "signalfd4",
		"timerfd_create", "inotify_init", "inotify_init1", "memfd_create", "pidfd_open",
		"openat2",	  "userfaultfd"
	};

	for (size_t i = 0; i < ARRAY_SIZE(makers); i++) {
		if (strcmp(name, makers[i]) == 0)
			return true;
	}
	return false;
}

static void keep_result(struct worker *worker, const struct call *call,
			const unsigned int *arguments, long result)
{
	if (returns_fd(call->name) ||
	    (strncmp(call->name, "fcntl", 5) == 0 && (arguments[1] == 0 || arguments[1] == 1030)))
		pool_add(worker, &worker->fds, (unsigned int)result);
	else if (strcmp(call->name, "semget") == 0 || strcmp(call->name, "shmget") == 0 ||
		 strcmp(call->name, "msgget") == 0)
		pool_add(worker, &worker->objects, (unsigned int)result);
	else if (strncmp(call->name, "mmap", 4) == 0 || strcmp(call->name, "mremap") == 0 ||
		 strcmp(call->name, "brk") == 0 || strcmp(call->name, "shmat") == 0)
		pool_add(worker, &worker->addresses, (unsigned int)result & ~(PAGE - 1));
	else if (strncmp(call->name, "pipe", 4) == 0 || strcmp(call->name, "socketpair") == 0) {
		const unsigned int *fds = (const unsigned int *)(uintptr_t)
			arguments[strcmp(call->name, "socketpair") ? 0 : 3];

		pool_add(worker, &worker->fds, fds[0]);
		pool_add(worker, &worker->fds, fds[1]);
	}
}

/* ---- calls that need more than arguments ----------------------------------------------------- */

static void fuzz_calls(struct worker *worker, unsigned int count);

__attribute__((noreturn)) static void leave(struct worker *worker)
{
	for (;;)
		raw(one_in(worker, 2) ? SYS_exit : SYS_exit_group, draw(worker), 0, 0, 0);
}

static int thread_main(void *argument)
{
	struct worker *worker = argument;

	fuzz_calls(worker, below(worker, BURST_CALLS));
	for (;;)
		raw(SYS_exit, 0, 0, 0, 0);
	return 0;
}

static long make_fork(struct worker *worker)
{
	uint64_t seed = worker->random ^ 0x9e3779b97f4a7c15ull;
	long pid;

	if (worker->depth >= DEEPEST_FORK)
		return -EAGAIN;
	pid = raw(SYS_fork, 0, 0, 0, 0);
	if (pid == 0) {
		worker->random = seed;
		worker->depth++;
		worker->tid = (pid_t)raw(SYS_gettid, 0, 0, 0, 0);
		if (sigsetjmp(worker->restart, 0) == 0)
			fuzz_calls(worker, below(worker, BURST_CALLS));
		leave(worker);
	}
	if (pid > 0)
		pool_add(worker, &worker->pids, (unsigned int)pid);
	return pid;
}

static long make_vfork(struct worker *worker)
{
	pid_t pid = vfork();

	if (pid == 0) {
		char *const arguments[] = { "true", NULL };

		if (one_in(worker, 2))
			execve("/bin/true", arguments, NULL);
		for (;;)
			raw(one_in(worker, 2) ? SYS_exit : SYS_exit_group, 0, 0, 0, 0);
	}
	return pid < 0 ? -errno : pid;
}

/*
 * A thread, or a process that shares some of ours. Its stack and its state are a mapping that it
 * never frees.
 */
static long make_clone(struct worker *worker)
{
	static const unsigned int wishes[] = { CLONE_VM,
					       CLONE_VM | CLONE_SIGHAND | CLONE_THREAD,
					       CLONE_VM | CLONE_SIGHAND,
					       CLONE_FILES,
					       CLONE_FS,
					       CLONE_SYSVSEM,
					       CLONE_PARENT_SETTID,
					       CLONE_CHILD_CLEARTID,
					       CLONE_CHILD_SETTID,
					       CLONE_VFORK,
					       CLONE_PARENT,
					       CLONE_SETTLS,
					       CLONE_PTRACE,
					       CLONE_UNTRACED,
					       CLONE_NEWNS,
					       CLONE_IO };
	unsigned int flags = 0;
	int error;

	if (worker->depth >= DEEPEST_FORK)
		return -EAGAIN;
	if (!one_in(worker, 3))
		flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD;
	for (unsigned int count = below(worker, 4); count > 0; count--)
		flags ^= wishes[below(worker, ARRAY_SIZE(wishes))];
	if (!(flags & CLONE_THREAD))
		flags |= one_in(worker, 4) ? below(worker, 65) : SIGCHLD;
	char *stack = mmap(NULL, THREAD_STACK + PAGE * 2, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (stack == MAP_FAILED)
		return -ENOMEM;
	_Static_assert(sizeof(struct worker) <= 2 * PAGE, "the state lies above the stack");
	struct worker *child = (struct worker *)(stack + THREAD_STACK);

	*child = *worker;
	child->depth = DEEPEST_FORK;
	child->tid = 0;
	child->random ^= 0xda942042e4dd58b5ull;
	int result = clone(thread_main, stack + THREAD_STACK - 64, (int)flags, child,
			   draw_address(worker), draw_address(worker), draw_address(worker));

	error = errno;
	if (result < 0)
		munmap(stack, THREAD_STACK + PAGE * 2);
	else
		pool_add(worker, &worker->pids, (unsigned int)result);
	return result < 0 ? -error : result;
}

static void on_signal(int signal)
{
	(void)signal;
	/* Sometimes a handler makes calls too. What it draws from does not matter. */
	if (one_in(&first_worker, 8))
		fuzz_calls(&first_worker, 2);
}

static void on_fault(int signal)
{
	(void)signal;
	if (first_worker.tid == (pid_t)raw(SYS_gettid, 0, 0, 0, 0))
		siglongjmp(first_worker.restart, 1);
	for (;;)
		raw(SYS_exit, 1, 0, 0, 0);
}

static bool is_fault(int signal)
{
	return signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE ||
	       signal == SIGTRAP;
}

static long make_sigaction(struct worker *worker)
{
	static const unsigned int flags[] = { SA_NOCLDSTOP, SA_NOCLDWAIT, SA_SIGINFO,  SA_ONSTACK,
					      SA_RESTART,   SA_NODEFER,	  SA_RESETHAND };
	struct sigaction action = { .sa_flags = 0 };
	int signal = 1 + (int)below(worker, 64);

	if (is_fault(signal) || signal == 32 || signal == 33)
		return -EINVAL;
	for (unsigned int count = below(worker, 4); count > 0; count--)
		action.sa_flags |= (int)flags[below(worker, ARRAY_SIZE(flags))];
	action.sa_flags &= ~SA_SIGINFO;
	action.sa_handler = one_in(worker, 4) ? SIG_IGN : one_in(worker, 4) ? SIG_DFL : on_signal;
	return sigaction(signal, &action, NULL) < 0 ? -errno : 0;
}

/* Exec of the fuzzer itself goes on fuzzing with the descriptors that it kept. */
static long make_execve(struct worker *worker)
{
	char seed[24], above[24];
	char *const arguments[] = { "fuzz", "--supervisor", above, "--continue", seed, NULL };

	snprintf(seed, sizeof(seed), "%u", draw(worker));
	snprintf(above, sizeof(above), "%d", (int)supervisor);
	execve(program, arguments, NULL);
	return -errno;
}

static long make_special(struct worker *worker, const struct call *call, bool *is_special)
{
	*is_special = true;
	switch (call->number) {
	case SYS_fork:
		return make_fork(worker);
	case SYS_vfork:
		return make_vfork(worker);
	case SYS_clone:
		return make_clone(worker);
	case SYS_rt_sigaction:
		if (!one_in(worker, 6))
			return make_sigaction(worker);
		break;
	case SYS_execve:
		if (one_in(worker, 2))
			return one_in(worker, 6) ? make_execve(worker) : -EAGAIN;
		break;
	}
	*is_special = false;
	return 0;
}

/* ---- a worker ------------------------------------------------------------------------------- */

/*
 * Would it signal the supervisor, init or everybody? What is drawn from lies in memory that calls
 * overwrite, so this is asked again, of root, who may.
 */
static bool signals_others(struct worker *worker, const struct call *call,
			   const unsigned int *arguments)
{
	static const char senders[] = "kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo";
	long long pid = (int)arguments[0];

	if (!is_named(call->name, senders))
		return false;
	return (worker->is_root || raw(SYS_geteuid32, 0, 0, 0, 0) == 0) && pid != 0 &&
	       llabs(pid) <= supervisor;
}

/* Signals that would end us, or a fault's handler that is gone, are not worth much. */
static bool is_worth_making(struct worker *worker, const struct call *call,
			    const unsigned int *arguments)
{
	int signal = (int)arguments[0];

	if (signals_others(worker, call, arguments))
		return false;
	if (strcmp(call->name, "signal") == 0 || strcmp(call->name, "sigaction") == 0 ||
	    strcmp(call->name, "rt_sigaction") == 0)
		return signal <= 0 || signal > 64 || !is_fault(signal);
	/* A shell that reads a terminal, a sleep for ever: the time is better used. */
	if (strncmp(call->name, "execve", 6) == 0)
		return one_in(worker, 4);
	/*
	 * An ordinary user hands it to root's worker, who gets at the supervisor's and init's open
	 * files by it: a lock on one outlives the worker.
	 */
	if (strcmp(call->name, "pidfd_open") == 0)
		return (int)arguments[0] > supervisor || (int)arguments[0] <= 0;
	/* Root may let a file signal whomever it likes: none but workers. */
	if (worker->is_root && strncmp(call->name, "fcntl", 5) == 0 &&
	    (arguments[1] == F_SETOWN || arguments[1] == F_SETOWN_EX))
		return arguments[1] == F_SETOWN && llabs((int)arguments[2]) > supervisor;
	/* The files of others cannot be told from a leak. */
	if (worker->is_root && strstr(call->name, "mount") != NULL)
		return is_at_home();
	return true;
}

/* Only if asked for: a journal that cannot be written makes its file system read-only. */
static bool block_errors;

static void arm_failpoint(struct worker *worker)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%s %u",
			      one_in(worker, 3)			      ? "frame"
			      : block_errors && one_in(worker, 6) ? "block_io"
								  : "slab",
			      below(worker, 12));
	long fd = raw(SYS_open, (unsigned int)(uintptr_t)FAILPOINT_FILE, O_WRONLY, 0, 0);

	if (fd < 0)
		return;
	raw(SYS_write, (unsigned int)fd, (unsigned int)(uintptr_t)text, (unsigned int)length, 0);
	raw(SYS_close, (unsigned int)fd, 0, 0, 0);
}

static void repair_arena(struct worker *worker)
{
	unsigned int page = one_in(worker, 2) ? 0 : below(worker, ARENA_PAGES);

	mmap(ARENA + page * PAGE, (ARENA_PAGES - page) * PAGE, PROT_READ | PROT_WRITE,
	     MAP_FIXED | MAP_ANONYMOUS | (one_in(worker, 3) ? MAP_SHARED : MAP_PRIVATE), -1, 0);
}

static const char *only;

static bool is_chosen(const char *name)
{
	const char *found = only;
	size_t length = strlen(name);

	if (!only)
		return true;
	while ((found = strstr(found, name)) != NULL) {
		if ((found == only || found[-1] == ',') &&
		    (found[length] == ',' || found[length] == '\0'))
			return true;
		found += length;
	}
	return false;
}

static void fuzz_one(struct worker *worker)
{
	unsigned int arguments[MOST_ARGUMENTS] = { 0 };
	unsigned int index = below(worker, ARRAY_SIZE(calls));
	const struct call *call = &calls[index];
	bool is_special;
	long result;

	if (below(worker, 8) >= call->weight || !is_chosen(call->name))
		return;
	if (worker->has_failpoints && one_in(worker, 8))
		arm_failpoint(worker);
	result = make_special(worker, call, &is_special);
	if (!is_special) {
		for (int i = 0; i < call->count; i++)
			arguments[i] = draw_argument(worker, call, i);
		if (!is_worth_making(worker, call, arguments))
			return;
		__atomic_fetch_add(&statistics->made[index], 1, __ATOMIC_RELAXED);
		result = enter(worker, call->number, arguments);
	} else {
		__atomic_fetch_add(&statistics->made[index], 1, __ATOMIC_RELAXED);
	}
	if ((unsigned long)result < (unsigned long)-4095) {
		__atomic_fetch_add(&statistics->done[index], 1, __ATOMIC_RELAXED);
		if (!is_special)
			keep_result(worker, call, arguments, result);
	}
}

static void fuzz_calls(struct worker *worker, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		fuzz_one(worker);
		if (one_in(worker, 200))
			repair_arena(worker);
	}
}

static void restore_handlers(void)
{
	struct sigaction fault = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };
	struct sigaction alarm_action = { .sa_handler = on_signal };
	struct itimerval often = { { 0, 20000 }, { 0, 20000 } };
	sigset_t none;

	for (int signal = 1; signal < 32; signal++) {
		if (is_fault(signal))
			sigaction(signal, &fault, NULL);
	}
	sigaction(SIGALRM, &alarm_action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
}

/* Names to stumble over, in the folder where we are. */
static void make_files(void)
{
	static const char garbage[] =
		"\177ELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\3\0\1\0\0\0\0\1\0\0\64\0\0\0";
	int fd;

	mkdir("dir", 0777);
	mkdir("dir/sub", 0777);
	symlink("a", "link");
	symlink("loop", "loop");
	mkfifo("fifo", 0666);
	fd = open("script", O_CREAT | O_WRONLY, 0755);
	if (write(fd, "#!/bin/true x\n", 14) < 0)
		perror("script");
	close(fd);
	fd = open("elf", O_CREAT | O_WRONLY, 0755);
	if (write(fd, garbage, sizeof(garbage)) < 0)
		perror("elf");
	close(fd);
	fd = open("big", O_CREAT | O_RDWR, 0666);
	if (ftruncate(fd, 1 << 20) < 0)
		perror("big");
	close(fd);
}

__attribute__((noreturn)) static void be_worker(uint32_t seed)
{
	struct worker *worker = &first_worker;

	worker->random = seed * 0x9e3779b97f4a7c15ull + 1;
	worker->is_root = getuid() == 0;
	worker->has_failpoints = worker->is_root && access(FAILPOINT_FILE, W_OK) == 0;
	mmap(ARENA, ARENA_PAGES * PAGE, PROT_READ | PROT_WRITE,
	     MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	sigsetjmp(worker->restart, 0);
	for (;;) {
		worker->tid = gettid();
		restore_handlers();
		repair_arena(worker);
		fuzz_calls(worker, 2000);
	}
}

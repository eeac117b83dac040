/* test: timeout=120
 * SIGKILL ends a process that does nothing but call one system call over and over, for every
 * number, known or not: here those that take no arguments or for which signal_kill_loops_working
 * has none that make sense, and those of looped_apart, each in its own way; also a process that
 * makes and joins threads, and one that only computes.
 *
 * Two calls cannot be made twice: exit() and exit_group() end the caller. reboot() and kexec_load()
 * are asked for what they refuse: nobody could ask again after what they do.
 */
#include "plain_calls.h"
#include <pthread.h>

enum { LAST_CALL = 460, ROUNDS = 3 };

struct progress {
	int rounds;		/* -1 until the loop begins */
	int semaphores, segment, messages;
};

static volatile struct progress *progress;

/* ---- calls that are no plain calls -------------------------------------------------------- */

static void fork_once(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	CHECK(pid > 0);
}

static void vfork_once(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	CHECK(pid > 0);
}

static void clone_once(void)
{
	long pid = raw_syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	CHECK(pid > 0);
}

static void clone3_once(void)
{
	long pid = raw_syscall(SYS_clone3, clone_arguments, sizeof(clone_arguments));

	if (pid == 0)
		_exit(0);
	CHECK(pid > 0);
}

/* The process that executed itself starts in main(); a file's size counts the rounds. */
static void execute(bool at)
{
	char *arguments[] = { "x", at ? "at" : "plain", NULL };
	int fd = MUST(open("executed", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));

	CHECK_EQ(write(fd, "x", 1), 1);
	if (at)
		raw_syscall(SYS_execveat, AT_FDCWD, "/proc/self/exe", arguments, exec_environment,
			    0);
	else
		raw_syscall(SYS_execve, "/proc/self/exe", arguments, exec_environment);
	FAIL("exec came back");
}

static void execve_once(void)
{
	execute(false);
}

static void execveat_once(void)
{
	execute(true);
}

static void nothing(int signal)
{
	(void)signal;
}

static void nothing_of_it(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)info;
	(void)context;
}

/* The old frame, and the one with all information. */
static void sigreturn_once(void)
{
	handle_signal(SIGUSR1, nothing, 0);
	CHECK(kill(getpid(), SIGUSR1) == 0);
}

static void rt_sigreturn_once(void)
{
	handle_signal_info(SIGUSR1, nothing_of_it, 0);
	CHECK(kill(getpid(), SIGUSR1) == 0);
}

/* Of the terminal of a session that has none. */
static void vhangup_once(void)
{
	if (progress->rounds == 0)
		CHECK(setsid() > 0);
	CHECK_EQ(raw_syscall(SYS_vhangup), 0);
}

static void semget_once(void)
{
	CHECK_EQ(raw_syscall(SYS_semget, getppid(), 1, 0), progress->semaphores);
}

static void shmget_once(void)
{
	CHECK_EQ(raw_syscall(SYS_shmget, getppid(), PAGE, 0), progress->segment);
}

static void msgget_once(void)
{
	CHECK_EQ(raw_syscall(SYS_msgget, getppid(), 0), progress->messages);
}

static void *end_at_once(void *argument)
{
	return argument;
}

static void thread_once(void)
{
	pthread_t thread;

	CHECK_EQ(pthread_create(&thread, NULL, end_at_once, NULL), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
}

static void compute_once(void)
{
}

static const struct special {
	int number;
	void (*once)(void);
} specials[] = {
	{ SYS_fork, fork_once },
	{ SYS_vfork, vfork_once },
	{ SYS_clone, clone_once },
	{ SYS_clone3, clone3_once },
	{ SYS_execve, execve_once },
	{ SYS_execveat, execveat_once },
	{ SYS_sigreturn, sigreturn_once },
	{ SYS_rt_sigreturn, rt_sigreturn_once },
	{ SYS_vhangup, vhangup_once },
	{ SYS_semget, semget_once },
	{ SYS_shmget, shmget_once },
	{ SYS_msgget, msgget_once },
	{ -1, thread_once },
	{ -2, compute_once },
};

/* ---- loops, and their ends ----------------------------------------------------------------- */

static int rounds_made(int number)
{
	struct stat status;

	if (number != SYS_execve && number != SYS_execveat)
		return progress->rounds;
	return stat("executed", &status) < 0 ? 0 : status.st_size;
}

/* It has come round a few times, or sleeps in the call, or seccomp() has killed it already. */
static bool has_got_far(pid_t pid, int number)
{
	char state;

	if (rounds_made(number) >= ROUNDS)
		return true;
	state = progress->rounds >= 0 ? process_state(pid) : 'R';
	return state == 'S' || state == 'Z';
}

static void kill_soon(pid_t pid, int number)
{
	int status;

	while (!has_got_far(pid, number))
		nanosleep(&(struct timespec){ 0, 100000 }, NULL);
	CHECK(kill(pid, SIGKILL) == 0);
	status = wait_status(pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		FAIL("call %d: status %#x", number, status);
}

__attribute__((noreturn))
static void loop_special(const struct special *special)
{
	handle_signal(SIGCHLD, SIG_IGN, 0);
	for (progress->rounds = 0;; progress->rounds++)
		special->once();
}

__attribute__((noreturn))
static void loop_zeros(int number)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	for (progress->rounds = 0;; progress->rounds++)
		raw_syscall(number, 0, 0, 0, 0, 0, 0);
}

static void kill_in_special(const struct special *special)
{
	pid_t pid;

	unlink("executed");
	progress->rounds = -1;
	pid = FORK();
	if (pid == 0)
		loop_special(special);
	kill_soon(pid, special->number);
}

static void kill_in_zeros(int number)
{
	pid_t pid;

	progress->rounds = -1;
	pid = FORK();
	if (pid == 0)
		loop_zeros(number);
	kill_soon(pid, number);
}

static void make_objects(void)
{
	progress->semaphores = MUST(semget(getpid(), 1, IPC_CREAT | IPC_EXCL | 0600));
	progress->segment = MUST(shmget(getpid(), PAGE, IPC_CREAT | IPC_EXCL | 0600));
	progress->messages = MUST(msgget(getpid(), IPC_CREAT | IPC_EXCL | 0600));
}

static void remove_objects(void)
{
	CHECK(semctl(progress->semaphores, 0, IPC_RMID) == 0);
	CHECK(shmctl(progress->segment, IPC_RMID, NULL) == 0);
	CHECK(msgctl(progress->messages, IPC_RMID, NULL) == 0);
}

int main(int argc, char **argv)
{
	size_t apart = 0;

	if (argc > 1)
		execute(strcmp(argv[1], "at") == 0);
	progress = shared_memory(PAGE);
	make_objects();
	for (size_t i = 0; i < ARRAY_SIZE(specials); i++) {
		apart += is_looped_apart(specials[i].number);
		kill_in_special(&specials[i]);
	}
	CHECK_EQ(apart, ARRAY_SIZE(looped_apart));
	remove_objects();

	for (int number = 0; number <= LAST_CALL; number++) {
		if (number == SYS_exit || number == SYS_exit_group)
			continue;
		/* Who has a row is the other test's, which gives it arguments that make sense. */
		if (!has_row(number) && !is_looped_apart(number))
			kill_in_zeros(number);
	}
	return 0;
}

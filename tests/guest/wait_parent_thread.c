/* A child belongs to the thread that made it: PR_SET_PDEATHSIG tells of that thread's end, and
 * __WNOTHREAD finds the child for whoever has it then, also after another thread's exec.
 */
#include "check.h"
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

static pid_t child;
static struct gate armed;

static void *make_child(void *argument)
{
	(void)argument;
	child = FORK();
	if (child == 0) {
		CHECK(prctl(PR_SET_PDEATHSIG, SIGUSR1) == 0);
		gate_open(&armed);
		for (;;)
			pause();
	}
	gate_pass(&armed);
	return NULL;
}

/* The main thread gets the child that its maker leaves behind. */
static void thread_ends(void)
{
	pthread_t maker;
	pid_t found;
	int status;

	armed = gate_create();
	CHECK(pthread_create(&maker, NULL, make_child, NULL) == 0);
	CHECK(pthread_join(maker, NULL) == 0);
	/* A thread can be joined a moment before its children are another's. */
	while ((found = waitpid(child, &status, __WNOTHREAD)) < 0 && errno == ECHILD)
		sched_yield();
	CHECK_EQ(found, child);
	CHECK(WIFSIGNALED(status));
	CHECK_EQ(WTERMSIG(status), SIGUSR1);
}

static void *exec_with_child(void *argument)
{
	char *const arguments[] = { "wait_parent_thread", "after", NULL };

	(void)argument;
	child = FORK();
	if (child == 0)
		_exit(7);
	execv("/proc/self/exe", arguments);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	pid_t middle;
	int status;

	(void)argv;
	if (argc > 1) {
		CHECK(waitpid(-1, &status, __WNOTHREAD) > 0);
		CHECK_EQ(WEXITSTATUS(status), 7);
		return 0;
	}
	thread_ends();
	middle = FORK();
	if (middle == 0) {
		CHECK(pthread_create(&thread, NULL, exec_with_child, NULL) == 0);
		for (;;)
			pause();
	}
	CHECK_EQ(wait_exit_status(middle), 0);
	return 0;
}

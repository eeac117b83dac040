/*
 * Robust lists with locks that inherit priority: their owner's end marks them, waited for or not;
 * and a robust lock in a page that is shared with a child since fork is marked as well.
 */
#include "futex.h"

struct list_head {
	struct list_head *next;
	long offset;
	struct list_head *pending;
};
struct lock {
	struct list_head *next;
	volatile unsigned int word;
};
enum { OFFSET = offsetof(struct lock, word) };

static struct lock *shared;

static uintptr_t tagged(struct lock *lock, bool is_pi)
{
	return (uintptr_t)lock | is_pi;
}

/* A child that dies with locks of both kinds on its list, and one that it was about to give up. */
static pid_t owner_of_all(void)
{
	static struct list_head head;
	pid_t pid = FORK();

	if (pid)
		return pid;
	head.offset = OFFSET;
	shared[0].next = (void *)tagged(&shared[1], true);
	shared[1].next = (void *)tagged(&shared[2], true);
	shared[2].next = (void *)&head;
	head.next = (void *)tagged(&shared[0], false);
	head.pending = (void *)tagged(&shared[3], true);
	CHECK_EQ(raw_syscall(SYS_set_robust_list, &head, 12), 0);
	shared[0].word = getpid();
	CHECK_EQ(pi_lock(&shared[1].word), 0);
	CHECK_EQ(pi_lock(&shared[3].word), 0);
	CHECK_EQ(pi_lock(&shared[2].word), 0);
	for (;;)
		pause();
}

static void marked(void)
{
	unsigned int id = own_id();
	pid_t owner = owner_of_all(), waiter;

	while (!shared[2].word)
		sched_yield();
	waiter = FORK();
	if (waiter == 0) {
		CHECK_EQ(pi_lock(&shared[2].word), 0);
		CHECK_EQ(shared[2].word, getpid() | WAITERS | OWNER_DIED);
		CHECK_EQ(pi_unlock(&shared[2].word), 0);
		_exit(0);
	}
	wait_until_blocked(waiter);
	kill_and_reap(owner);
	CHECK_EQ(wait_exit_status(waiter), 0);
	CHECK_EQ(shared[0].word, OWNER_DIED);
	CHECK_EQ(shared[1].word, OWNER_DIED);
	CHECK_EQ(shared[2].word, 0);
	CHECK_EQ(shared[3].word, OWNER_DIED);
	CHECK_EQ(pi_lock(&shared[1].word), 0);
	CHECK_EQ(shared[1].word, OWNER_DIED | id);
	CHECK_EQ(futex(&shared[3].word, TRYLOCK_PI, 0, NULL, NULL, 0), 0);
	CHECK_EQ(pi_unlock(&shared[3].word), 0);
	CHECK_EQ(pi_unlock(&shared[1].word), 0);
}

/* The lock's page has two owners since fork(): writing the mark must copy it, not fail. */
static struct lock private_lock;
static struct list_head private_head;

static void *end_with_lock(void *argument)
{
	pid_t child;

	private_head.offset = OFFSET;
	private_lock.next = (void *)&private_head;
	private_head.next = (void *)tagged(&private_lock, false);
	CHECK_EQ(raw_syscall(SYS_set_robust_list, &private_head, 12), 0);
	private_lock.word = own_id();
	child = FORK();
	if (child == 0) {
		pause();
		_exit(0);
	}
	*(pid_t *)argument = child;
	raw_syscall(SYS_exit, 0);
	return NULL;
}

static void private_after_fork(void)
{
	pthread_t thread;
	pid_t child = 0;

	CHECK_EQ(pthread_create(&thread, NULL, end_with_lock, &child), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(private_lock.word, OWNER_DIED);
	kill_and_reap(child);
}

/* An exec ends the owner's hold as well. */
static void by_exec(void)
{
	pid_t owner = FORK(), waiter;

	if (owner == 0) {
		CHECK_EQ(pi_lock(&shared[4].word), 0);
		while (!shared[5].word)
			sched_yield();
		execl("/proc/self/exe", "x", "exit", NULL);
		_exit(1);
	}
	while (!shared[4].word)
		sched_yield();
	waiter = FORK();
	if (waiter == 0) {
		CHECK_EQ(pi_lock(&shared[4].word), 0);
		_exit(shared[4].word & OWNER_DIED ? 0 : 1);
	}
	wait_until_blocked(waiter);
	shared[5].word = 1;
	CHECK_EQ(wait_exit_status(waiter), 0);
	CHECK_EQ(wait_exit_status(owner), 0);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return 0;
	shared = shared_memory(PAGE);
	marked();
	private_after_fork();
	by_exec();
	return 0;
}

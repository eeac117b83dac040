/*
 * FUTEX_LOCK_PI, LOCK_PI2, TRYLOCK_PI, UNLOCK_PI: what they do to the word, their errors, their
 * clocks, and what mixes with other operations.
 */
#include "futex.h"

static volatile unsigned int word __attribute__((aligned(16)));

static void lock_and_unlock(struct worker *worker)
{
	worker->result = pi_lock(worker->word);
	if (worker->result)
		return;
	CHECK_EQ(*worker->word & OWNER_MASK, worker->id);
	gate_pass(&worker->go);
	worker->result = pi_unlock(worker->word);
}

static void lock_and_end(struct worker *worker)
{
	worker->result = pi_lock(worker->word);
}

static void just_wait(struct worker *worker)
{
	worker->result = futex(worker->word, WAIT, *worker->word, NULL, NULL, 0);
}

static void alone(void)
{
	unsigned int id = own_id();
	char *read_only = map_pages(1);
	struct timespec bad = { 0, 1000000000 }, negative = { -1, 0 }, past = { 1, 0 };

	word = 0;
	CHECK_EQ(pi_lock(&word), 0);
	CHECK_EQ(word, id);
	CHECK_EQ(pi_lock(&word), -EDEADLK);
	CHECK_EQ(futex(&word, TRYLOCK_PI, 0, NULL, NULL, 0), -EDEADLK);
	CHECK_EQ(pi_unlock(&word), 0);
	CHECK_EQ(word, 0);
	CHECK_EQ(pi_unlock(&word), -EPERM);
	CHECK_EQ(futex(&word, TRYLOCK_PI | PRIVATE, 0, NULL, NULL, 0), 0);
	CHECK_EQ(word, id);
	CHECK_EQ(futex(&word, UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0), 0);
	CHECK_EQ(futex(&word, LOCK_PI2 | PRIVATE, 0, &past, NULL, 0), 0);
	CHECK_EQ(pi_unlock(&word), 0);

	/* The last owner died, so the new one hears of it; who unlocks forgets it. */
	word = OWNER_DIED;
	CHECK_EQ(pi_lock(&word), 0);
	CHECK_EQ(word, OWNER_DIED | id);
	CHECK_EQ(pi_unlock(&word), 0);
	CHECK_EQ(word, 0);
	word = OWNER_DIED | WAITERS;
	CHECK_EQ(futex(&word, TRYLOCK_PI, 0, NULL, NULL, 0), 0);
	CHECK_EQ(word, OWNER_DIED | id);
	word = WAITERS | id;
	CHECK_EQ(pi_unlock(&word), 0);
	CHECK_EQ(word, 0);

	/* Nobody has that number. */
	word = 0x3fffffff;
	CHECK_EQ(pi_lock(&word), -ESRCH);
	CHECK_EQ(word, 0x3fffffff | WAITERS);
	CHECK_EQ(futex(&word, TRYLOCK_PI, 0, NULL, NULL, 0), -ESRCH);
	CHECK_EQ(pi_unlock(&word), -EPERM);

	word = 0;
	CHECK_EQ(futex(&word, LOCK_PI, 0, &bad, NULL, 0), -EINVAL);
	CHECK_EQ(futex(&word, LOCK_PI2, 0, &negative, NULL, 0), -EINVAL);
	CHECK_EQ(futex(&word, LOCK_PI, 0, (void *)16, NULL, 0), -EFAULT);
	CHECK_EQ(futex(&word, TRYLOCK_PI, 0, (void *)16, NULL, 0), 0);
	CHECK_EQ(futex(&word, UNLOCK_PI, 0, (void *)16, NULL, 0), 0);
	CHECK_EQ(futex(&word, LOCK_PI | REALTIME, 0, NULL, NULL, 0), -ENOSYS);
	CHECK_EQ(futex(&word, TRYLOCK_PI | REALTIME, 0, NULL, NULL, 0), -ENOSYS);
	CHECK_EQ(futex(&word, UNLOCK_PI | REALTIME, 0, NULL, NULL, 0), -ENOSYS);
	CHECK_EQ(futex(&word, WAIT | REALTIME, 1, NULL, NULL, 0), -ENOSYS);
	CHECK_EQ(futex(&word, 14, 0, NULL, NULL, 0), -ENOSYS);
	CHECK_EQ(futex(&word, LOCK_PI2 | REALTIME, 0, NULL, NULL, 0), 0);
	CHECK_EQ(pi_unlock(&word), 0);
	CHECK_EQ(pi_lock((void *)((char *)&word + 2)), -EINVAL);
	CHECK_EQ(pi_lock((void *)16), -EFAULT);
	CHECK_EQ(pi_lock((void *)0xc0001000), -EFAULT);
	CHECK_EQ(pi_unlock((void *)16), -EFAULT);
	CHECK(mprotect(read_only, PAGE, PROT_READ) == 0);
	CHECK_EQ(pi_lock((void *)read_only), -EFAULT);
	CHECK_EQ(pi_unlock((void *)read_only), -EPERM);
}

static void handed_over(void)
{
	struct worker first = { .body = lock_and_unlock, .word = &word, .go = gate_create() };
	struct worker second = { .body = lock_and_unlock, .word = &word, .go = gate_create() };
	unsigned int id = own_id();

	word = 0;
	CHECK_EQ(pi_lock(&word), 0);
	start(&first);
	wait_thread_blocked(first.id);
	CHECK_EQ(word, WAITERS | id);
	CHECK_EQ(futex(&word, TRYLOCK_PI, 0, NULL, NULL, 0), -EDEADLK);
	start(&second);
	wait_thread_blocked(second.id);
	/* Who waits for such a lock cannot be woken or moved as others are. */
	CHECK_EQ(futex(&word, WAKE, 1, NULL, NULL, 0), -EINVAL);
	CHECK_EQ(pi_unlock(&word), 0);
	CHECK_EQ(word, WAITERS | first.id);
	CHECK_EQ(pi_unlock(&word), -EPERM);
	CHECK_EQ(futex(&word, TRYLOCK_PI, 0, NULL, NULL, 0), -EAGAIN);
	gate_open(&first.go);
	join(&first);
	CHECK_EQ(first.result, 0);
	CHECK_EQ(word, WAITERS | second.id);
	gate_open(&second.go);
	join(&second);
	CHECK_EQ(second.result, 0);
	CHECK_EQ(word, 0);
}

static void timed_out(int operation, clockid_t clock)
{
	struct timespec timeout;
	struct worker owner = { .body = lock_and_unlock, .word = &word, .go = gate_create() };
	long long before;

	word = 0;
	start(&owner);
	while (!word)
		sched_yield();
	before = now_ns();
	timeout = time_after(clock, 50);
	CHECK_EQ(futex(&word, operation, 0, &timeout, NULL, 0), -ETIMEDOUT);
	CHECK(now_ns() - before >= 49000000);
	/* A moment that is past. */
	timeout = (struct timespec){ 1, 0 };
	CHECK_EQ(futex(&word, operation, 0, &timeout, NULL, 0), -ETIMEDOUT);
	CHECK_EQ(word, WAITERS | owner.id);
	gate_open(&owner.go);
	join(&owner);
	CHECK_EQ(owner.result, 0);
	CHECK_EQ(word, 0);
}

static volatile int handled;

static void count(int signal)
{
	(void)signal;
	handled++;
}

/* A handler runs, and the call goes on: it is never EINTR, SA_RESTART or not. */
static void interrupted(void)
{
	struct worker waiter = { .body = lock_and_unlock, .word = &word, .go = gate_create() };

	handle_signal(SIGUSR1, count, 0);
	word = 0;
	CHECK_EQ(pi_lock(&word), 0);
	start(&waiter);
	for (int i = 1; i <= 3; i++) {
		wait_thread_blocked(waiter.id);
		CHECK_EQ(raw_syscall(SYS_tgkill, getpid(), waiter.id, SIGUSR1), 0);
		while (handled < i)
			sched_yield();
	}
	wait_thread_blocked(waiter.id);
	CHECK_EQ(waiter.result, -1000);
	gate_open(&waiter.go);
	CHECK_EQ(pi_unlock(&word), 0);
	join(&waiter);
	CHECK_EQ(waiter.result, 0);
}

/* The owner's thread ends with the lock: the waiter gets it, and is told. */
static void owner_ends(void)
{
	struct worker owner = { .body = lock_and_unlock, .word = &word, .go = gate_create() };
	struct worker waiter = { .body = lock_and_unlock, .word = &word, .go = gate_create() };
	struct worker second = { .body = lock_and_unlock, .word = &word, .go = gate_create() };

	word = 0;
	owner.body = lock_and_end;
	start(&owner);
	join(&owner);
	CHECK_EQ(owner.result, 0);
	CHECK_EQ(word, owner.id);
	CHECK_EQ(pi_lock(&word), -ESRCH);

	word = 0;
	CHECK_EQ(pi_lock(&word), 0);
	owner.word = &word;
	start(&owner);
	wait_thread_blocked(owner.id);
	start(&waiter);
	wait_thread_blocked(waiter.id);
	start(&second);
	wait_thread_blocked(second.id);
	CHECK_EQ(pi_unlock(&word), 0);
	join(&owner);
	while (word != (WAITERS | OWNER_DIED | waiter.id))
		sched_yield();
	gate_open(&waiter.go);
	join(&waiter);
	CHECK_EQ(waiter.result, 0);
	CHECK_EQ(word, WAITERS | second.id);
	gate_open(&second.go);
	join(&second);
	CHECK_EQ(word, 0);
}

/* Plain sleepers and lockers on one word, and words that the program has spoilt. */
static void mixed(void)
{
	struct worker sleeper = { .body = just_wait, .word = &word };
	struct worker waiter = { .body = lock_and_unlock, .word = &word, .go = gate_create() };
	unsigned int id = own_id();

	word = id;
	start(&sleeper);
	wait_thread_blocked(sleeper.id);
	CHECK_EQ(pi_unlock(&word), -EINVAL);
	word = 0;
	CHECK_EQ(pi_lock(&word), -EINVAL);
	CHECK_EQ(futex(&word, WAKE, 1, NULL, NULL, 0), 1);
	join(&sleeper);

	CHECK_EQ(pi_lock(&word), 0);
	start(&waiter);
	wait_thread_blocked(waiter.id);
	word = 0;
	CHECK_EQ(pi_lock(&word), -EINVAL);
	word = WAITERS | waiter.id;
	CHECK_EQ(pi_lock(&word), -EINVAL);
	word = WAITERS | id;
	CHECK_EQ(pi_unlock(&word), 0);
	gate_open(&waiter.go);
	join(&waiter);
	CHECK_EQ(waiter.result, 0);
}

/* Between processes, in shared memory; the owner is killed. */
static void between_processes(void)
{
	volatile unsigned int *shared = shared_memory(PAGE);
	pid_t owner = FORK(), waiter;

	if (owner == 0) {
		CHECK_EQ(pi_lock(shared), 0);
		for (;;)
			pause();
	}
	while (!*shared)
		sched_yield();
	CHECK_EQ(*shared, owner);
	waiter = FORK();
	if (waiter == 0) {
		CHECK_EQ(pi_lock(shared), 0);
		CHECK_EQ(*shared, WAITERS | OWNER_DIED | getpid());
		CHECK_EQ(pi_unlock(shared), 0);
		_exit(0);
	}
	wait_until_blocked(waiter);
	kill_and_reap(owner);
	CHECK_EQ(wait_exit_status(waiter), 0);
	CHECK_EQ(*shared, 0);
	/* A waiter that is killed leaves nothing behind. */
	CHECK_EQ(pi_lock(shared), 0);
	waiter = FORK();
	if (waiter == 0)
		_exit(pi_lock(shared));
	wait_until_blocked(waiter);
	kill_and_reap(waiter);
	CHECK_EQ(*shared, WAITERS | own_id());
	CHECK_EQ(pi_unlock(shared), 0);
	CHECK_EQ(*shared, 0);
}

int main(void)
{
	alone();
	handed_over();
	timed_out(LOCK_PI, CLOCK_REALTIME);
	timed_out(LOCK_PI2, CLOCK_MONOTONIC);
	timed_out(LOCK_PI2 | REALTIME | PRIVATE, CLOCK_REALTIME);
	interrupted();
	owner_ends();
	mixed();
	between_processes();
	return 0;
}

/*
 * Many threads on a few locks with priority inheritance: exclusion holds whatever happens at the
 * same time: time-outs, signals, changes of priority, owners that end with a lock.
 */
#include "futex.h"

enum { THREADS = 8, LOCKS = 3 };

static struct {
	volatile unsigned int word;
	volatile int inside;
	volatile unsigned int entries;
	char apart[116];
} locks[LOCKS] __attribute__((aligned(128)));
static volatile bool stop;

static void nothing(int signal)
{
	(void)signal;
}

/* Its owner ended while nobody waited. */
static void free_left_lock(volatile unsigned int *word)
{
	unsigned int seen = *word;

	if ((seen & OWNER_MASK) && thread_state(getpid(), seen & OWNER_MASK) == '?')
		__sync_bool_compare_and_swap(word, seen, OWNER_DIED);
}

static void *enter_and_leave(void *argument)
{
	unsigned int random = (uintptr_t)argument * 2654435761u + 1;
	unsigned int id = own_id(), entered = 0;

	while (!stop) {
		int chosen = (random = random * 1103515245 + 12345) >> 16 & 1023;
		struct timespec soon = time_after(CLOCK_MONOTONIC, chosen % 3);
		int which = chosen % LOCKS;
		int result = futex(&locks[which].word, LOCK_PI2 | PRIVATE, 0,
				   chosen & 64 ? &soon : NULL, NULL, 0);

		if (result == -ETIMEDOUT)
			continue;
		if (result == -ESRCH) {
			free_left_lock(&locks[which].word);
			continue;
		}
		CHECK_EQ(result, 0);
		CHECK_EQ(locks[which].word & OWNER_MASK, id);
		CHECK_EQ(__sync_fetch_and_add(&locks[which].inside, 1), 0);
		locks[which].entries++;
		entered++;
		if (chosen & 128)
			sched_yield();
		if (chosen % 61 == 0) {
			struct sched_param parameter = { .sched_priority = 1 + chosen % 5 };

			sched_setscheduler(0, chosen & 256 ? SCHED_RR : SCHED_OTHER,
					   chosen & 256 ? &parameter : &(struct sched_param){ 0 });
		}
		CHECK_EQ(__sync_fetch_and_sub(&locks[which].inside, 1), 1);
		/* Now and then the thread ends with it: the next one is told, or nobody waits. */
		if (chosen == 1000)
			break;
		/* Somebody came to wait between two looks at the word: it is to try again. */
		do
			result = futex(&locks[which].word, UNLOCK_PI | PRIVATE, 0, NULL, NULL, 0);
		while (result < 0 && errno == EAGAIN);
		CHECK_EQ(result, 0);
	}
	return (void *)(uintptr_t)entered;
}

int main(void)
{
	pthread_t threads[THREADS];
	unsigned int sum = 0, entries = 0;
	long long end = now_ns() + scaled(1500) * 1000000LL;

	handle_signal(SIGUSR1, nothing, 0);
	for (uintptr_t i = 0; i < THREADS; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, enter_and_leave, (void *)i), 0);
	while (now_ns() < end) {
		for (int i = 0; i < THREADS; i++)
			pthread_kill(threads[i], SIGUSR1);
		sleep_ms(1);
	}
	stop = true;
	for (int i = 0; i < THREADS; i++) {
		void *entered;

		CHECK_EQ(pthread_join(threads[i], &entered), 0);
		sum += (uintptr_t)entered;
	}
	for (int i = 0; i < LOCKS; i++)
		entries += locks[i].entries;
	CHECK_EQ(entries, sum);
	return 0;
}

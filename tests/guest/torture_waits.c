/* test: timeout=120
 * Everything that waits: futexes, pipes, poll, eventfd and semaphores, woken by each other, by time
 * limits and by signals at any moment. No byte, no wake-up and no count is lost.
 */
#include "torture.h"
#include <linux/futex.h>
#include <sys/eventfd.h>
#include <sys/sem.h>

enum { PAIRS = 3 };

static struct shared {
	int lock_word, guarded;		/* a futex lock, and what it guards */
	unsigned int locked_times;
	unsigned int given, taken;	/* by the semaphore */
	unsigned long long sent[PAIRS], received[PAIRS];	/* sums of the bytes */
	unsigned int noted, read_back;	/* by the eventfd */
} *shared;
static int pipes[PAIRS][2], event_fd, semaphore;

static void nothing(int signal)
{
	(void)signal;
}

static long futex(int *word, int operation, int value, int timeout_us)
{
	struct timespec limit = { 0, timeout_us * 1000 };

	return raw_syscall(SYS_futex, word, operation, value, timeout_us ? &limit : NULL, NULL, 0);
}

/* 0 free, 1 taken, 2 taken and somebody waits. */
static void lock_and_unlock(struct torturer *self)
{
	int *word = &shared->lock_word;
	int seen = __sync_val_compare_and_swap(word, 0, 1);

	while (seen != 0) {
		if (seen == 2 || __sync_val_compare_and_swap(word, 1, 2) != 0)
			futex(word, FUTEX_WAIT, 2, torture_random(self, 2) ? 500 : 0);
		seen = __sync_val_compare_and_swap(word, 0, 2);
	}
	CHECK_EQ(__sync_fetch_and_add(&shared->guarded, 1), 0);
	if (torture_random(self, 8) == 0)
		sched_yield();
	CHECK_EQ(__sync_fetch_and_sub(&shared->guarded, 1), 1);
	shared->locked_times++;
	if (__sync_fetch_and_sub(word, 1) != 1) {
		*(volatile int *)word = 0;
		futex(word, FUTEX_WAKE, 1, 0);
	}
}

static void send_bytes(struct torturer *self)
{
	char bytes[PIPE_BUF * 2];
	size_t size = 1 + torture_random(self, sizeof(bytes));
	ssize_t written;

	for (size_t i = 0; i < size; i++) {
		bytes[i] = torture_random(self, 128);
	}
	written = write(pipes[self->number][1], bytes, size);
	if (written < 0) {
		CHECK_EQ(errno, EINTR);
		return;
	}
	for (ssize_t i = 0; i < written; i++)
		shared->sent[self->number] += bytes[i];
}

static void take_bytes(int number, struct torturer *self)
{
	char bytes[3000];
	struct pollfd waiting = { pipes[number][0], POLLIN, 0 };
	ssize_t got;

	if (torture_random(self, 2) && poll(&waiting, 1, 1 + torture_random(self, 5)) <= 0)
		return;
	got = read(pipes[number][0], bytes, 1 + torture_random(self, sizeof(bytes)));
	if (got < 0)
		CHECK(errno == EINTR);
	for (ssize_t i = 0; i < got; i++)
		shared->received[number] += bytes[i];
}

/* Its end is when the pipe's other end is closed and it is empty. */
static void receive_all(int number)
{
	struct torturer self;
	char byte;

	torture_init(&self, NULL, number);
	close(pipes[number][1]);
	while (torture_goes_on())
		take_bytes(number, &self);
	for (;;) {
		ssize_t got = read(pipes[number][0], &byte, 1);

		if (got == 0)
			return;
		if (got > 0)
			shared->received[number] += byte;
	}
}

static void note(struct torturer *self)
{
	uint64_t one = 1 + torture_random(self, 3);

	if (write(event_fd, &one, sizeof(one)) == sizeof(one))
		shared->noted += one;
	if (torture_random(self, 3) == 0) {
		struct pollfd waiting = { event_fd, POLLIN, 0 };

		poll(&waiting, 1, 1);
		if (read(event_fd, &one, sizeof(one)) == sizeof(one))
			shared->read_back += one;
	}
}

static void give_and_take(struct torturer *self)
{
	struct sembuf give = { 0, 1, 0 }, take = { 0, -1, 0 };
	struct timespec limit = { 0, 300000 };

	if (torture_random(self, 2)) {
		CHECK(semop(semaphore, &give, 1) == 0);
		__sync_fetch_and_add(&shared->given, 1);
	} else if (semtimedop(semaphore, &take, 1, &limit) == 0) {
		__sync_fetch_and_add(&shared->taken, 1);
	} else {
		CHECK(errno == EAGAIN || errno == EINTR);
	}
}

static pid_t start(void (*step)(struct torturer *), int number, int closed_pipes)
{
	pid_t pid = FORK();

	if (pid == 0) {
		struct torturer self;

		handle_signal(SIGUSR1, nothing, 0);
		for (int i = 0; i < PAIRS; i++) {
			if (i != closed_pipes)
				close(pipes[i][1]);
		}
		torture_init(&self, step, number);
		torture_run(&self);
		_exit(0);
	}
	return pid;
}

/* Signals at any time, to everybody, until the time is over. */
static void disturb(const pid_t *pids, int count)
{
	struct torturer self;

	torture_init(&self, NULL, 99);
	while (torture_goes_on()) {
		kill(pids[torture_random(&self, count)], SIGUSR1);
		sleep_ms(torture_random(&self, 3));
	}
}

int main(void)
{
	pid_t pids[3 + 2 + 2 + 2 * PAIRS];
	int count = 0;

	shared = shared_memory(sizeof(*shared));
	handle_signal(SIGUSR1, nothing, 0);	/* inherited, before anybody sends any */
	for (int i = 0; i < PAIRS; i++)
		CHECK(pipe(pipes[i]) == 0);
	event_fd = MUST(eventfd(0, EFD_NONBLOCK));
	semaphore = MUST(semget(IPC_PRIVATE, 1, 0600));
	torture_begin();
	for (int i = 0; i < 3; i++)
		pids[count++] = start(lock_and_unlock, i, -1);
	pids[count++] = start(note, 0, -1);
	for (int i = 0; i < 2; i++)
		pids[count++] = start(give_and_take, i, -1);
	for (int i = 0; i < PAIRS; i++) {
		pids[count] = FORK();
		if (pids[count] == 0) {
			for (int other = 0; other < PAIRS; other++) {
				if (other != i)
					close(pipes[other][1]);
			}
			receive_all(i);
			_exit(0);
		}
		count++;
		pids[count++] = start(send_bytes, i, i);
	}
	for (int i = 0; i < PAIRS; i++)
		close(pipes[i][1]);
	disturb(pids, count);
	for (int i = 0; i < count; i++)
		CHECK_EQ(wait_exit_status(pids[i]), 0);

	for (int i = 0; i < PAIRS; i++) {
		CHECK(shared->sent[i] > 0);
		CHECK_EQ(shared->received[i], shared->sent[i]);
	}
	CHECK(shared->locked_times > 0);
	CHECK_EQ(shared->lock_word, 0);
	CHECK_EQ(semctl(semaphore, 0, GETVAL), shared->given - shared->taken);
	uint64_t rest = 0;

	(void)!read(event_fd, &rest, sizeof(rest));
	CHECK_EQ(shared->noted, shared->read_back + rest);
	CHECK(semctl(semaphore, 0, IPC_RMID) == 0);
	return 0;
}

/*
 * System V semaphores: values, arrays of operations that happen all or not at all, waiting in
 * order, undoing at the end, time limits, and what is refused.
 */
#include "check.h"
#include <sys/ipc.h>
#include <sys/sem.h>

#define KEY 0x51544d32

union semun {
	int val;
	struct semid_ds *buf;
	unsigned short *array;
	struct seminfo *info;
};

static int create(int count)
{
	return MUST(semget(IPC_PRIVATE, count, 0600));
}

static int value_of(int id, int number)
{
	return MUST(semctl(id, number, GETVAL));
}

static void set_value(int id, int number, int value)
{
	CHECK_EQ(semctl(id, number, SETVAL, (union semun){ .val = value }), 0);
}

static int operate(int id, int number, int change, int flags)
{
	struct sembuf operation = { number, change, flags };

	return semop(id, &operation, 1);
}

static void remove_set(int id)
{
	CHECK_EQ(semctl(id, 0, IPC_RMID), 0);
}

static void wait_for_waiters(int id, int number, int command, int count)
{
	long long give_up = now_ns() + 10000000000LL;

	while (semctl(id, number, command) != count) {
		if (now_ns() > give_up)
			FAIL("not %d waiters", count);
		sched_yield();
	}
}

static void making(void)
{
	struct semid_ds status;
	int id;

	CHECK_ERRNO(semget(KEY, 1, 0600), ENOENT);
	CHECK_ERRNO(semget(KEY, 0, IPC_CREAT | 0600), EINVAL);
	CHECK_ERRNO(semget(KEY, -1, IPC_CREAT | 0600), EINVAL);
	CHECK_ERRNO(semget(KEY, 32001, IPC_CREAT | 0600), EINVAL);
	id = MUST(semget(KEY, 3, IPC_CREAT | 0620));
	CHECK_EQ(semget(KEY, 0, 0), id);
	CHECK_EQ(semget(KEY, 3, 0), id);
	CHECK_ERRNO(semget(KEY, 4, 0), EINVAL);
	CHECK_ERRNO(semget(KEY, 3, IPC_CREAT | IPC_EXCL), EEXIST);
	CHECK_EQ(semctl(id, 0, IPC_STAT, (union semun){ .buf = &status }), 0);
	CHECK_EQ(status.sem_nsems, 3);
	CHECK_EQ(status.sem_perm.mode, 0620);
	CHECK_EQ(status.sem_otime, 0);
	remove_set(id);
	CHECK_ERRNO(semctl(id, 0, GETVAL), EINVAL);
	CHECK_ERRNO(semctl(-1, 0, GETVAL), EINVAL);
}

static void values(void)
{
	unsigned short array[3] = { 1, 2, 3 };
	int id = create(3);

	CHECK_EQ(semctl(id, 0, SETALL, (union semun){ .array = array }), 0);
	memset(array, 0, sizeof(array));
	CHECK_EQ(semctl(id, 0, GETALL, (union semun){ .array = array }), 0);
	CHECK(array[0] == 1 && array[1] == 2 && array[2] == 3);
	CHECK_EQ(semctl(id, 1, GETPID), getpid());
	CHECK_ERRNO(semctl(id, 3, GETVAL), EINVAL);
	CHECK_ERRNO(semctl(id, -1, GETVAL), EINVAL);
	CHECK_ERRNO(semctl(id, 3, SETVAL, (union semun){ .val = 1 }), EINVAL);
	CHECK_ERRNO(semctl(id, 0, SETVAL, (union semun){ .val = 32768 }), ERANGE);
	CHECK_ERRNO(semctl(id, 0, SETVAL, (union semun){ .val = -1 }), ERANGE);
	array[1] = 40000;
	CHECK_ERRNO(semctl(id, 0, SETALL, (union semun){ .array = array }), ERANGE);
	CHECK_ERRNO(semctl(id, 0, 77), EINVAL);
	CHECK_ERRNO(operate(id, 3, 1, 0), EFBIG);
	CHECK_ERRNO(semop(id, NULL, 0), EINVAL);
	CHECK_ERRNO(semop(id, NULL, 501), E2BIG);
	CHECK_ERRNO(semop(id, NULL, 1), EFAULT);
	CHECK_ERRNO(operate(id, 0, -2, IPC_NOWAIT), EAGAIN);
	CHECK_ERRNO(operate(id, 0, 0, IPC_NOWAIT), EAGAIN);
	set_value(id, 0, 32767);
	CHECK_ERRNO(operate(id, 0, 1, 0), ERANGE);
	remove_set(id);
}

static void all_or_nothing(void)
{
	int id = create(3);
	struct sembuf operations[] = { { 0, 1, 0 }, { 1, 2, 0 }, { 2, -1, IPC_NOWAIT } };
	struct sembuf twice[] = { { 0, 3, 0 }, { 0, -3, 0 }, { 0, 0, 0 }, { 0, 5, 0 } };

	CHECK_ERRNO(semop(id, operations, 3), EAGAIN);
	CHECK_EQ(value_of(id, 0), 0);
	CHECK_EQ(value_of(id, 1), 0);
	set_value(id, 2, 1);
	CHECK_EQ(semop(id, operations, 3), 0);
	CHECK(value_of(id, 0) == 1 && value_of(id, 1) == 2 && value_of(id, 2) == 0);
	set_value(id, 0, 0);
	CHECK_EQ(semop(id, twice, 4), 0);
	CHECK_EQ(value_of(id, 0), 5);
	remove_set(id);
}

static pid_t waiter(int id, const struct sembuf *operations, int count, int error)
{
	pid_t pid = FORK();

	if (pid == 0) {
		int result = semop(id, (struct sembuf *)operations, count);

		if (error ? result != -1 || errno != error : result != 0)
			FAIL("semop gave %d", result);
		_exit(0);
	}
	return pid;
}

static void waiting(void)
{
	int id = create(2);
	struct sembuf take = { 0, -1, 0 }, zero = { 1, 0, 0 };
	struct sembuf both[] = { { 0, -2, 0 }, { 1, 1, 0 } };
	pid_t first, second;

	set_value(id, 1, 1);
	first = waiter(id, &take, 1, 0);
	wait_for_waiters(id, 0, GETNCNT, 1);
	second = waiter(id, &zero, 1, 0);
	wait_for_waiters(id, 1, GETZCNT, 1);
	CHECK_EQ(semctl(id, 0, GETZCNT), 0);
	CHECK_EQ(operate(id, 0, 1, 0), 0);
	CHECK_EQ(wait_exit_status(first), 0);
	CHECK_EQ(value_of(id, 0), 0);
	CHECK_EQ(operate(id, 1, -1, 0), 0);
	CHECK_EQ(wait_exit_status(second), 0);
	/* A later one that can goes on, the earlier one stays. */
	first = waiter(id, both, 2, 0);
	wait_for_waiters(id, 0, GETNCNT, 1);
	second = waiter(id, &take, 1, 0);
	wait_for_waiters(id, 0, GETNCNT, 2);
	CHECK_EQ(operate(id, 0, 1, 0), 0);
	CHECK_EQ(wait_exit_status(second), 0);
	CHECK_EQ(semctl(id, 0, GETNCNT), 1);
	/* SETVAL wakes too. */
	set_value(id, 0, 2);
	CHECK_EQ(wait_exit_status(first), 0);
	CHECK_EQ(value_of(id, 1), 1);
	/* Killed while it waits: it is no waiter any more. */
	first = waiter(id, &take, 1, 0);
	wait_for_waiters(id, 0, GETNCNT, 1);
	kill_and_reap(first);
	CHECK_EQ(semctl(id, 0, GETNCNT), 0);
	/* Removed. */
	first = waiter(id, &take, 1, EIDRM);
	wait_for_waiters(id, 0, GETNCNT, 1);
	remove_set(id);
	CHECK_EQ(wait_exit_status(first), 0);
}

static void nothing(int signal)
{
	(void)signal;
}

static void time_and_signals(void)
{
	int id = create(1);
	struct sembuf take = { 0, -1, 0 };
	struct timespec limit = { 0, 30000000 };
	long long start = now_ns();
	pid_t pid;

	CHECK_ERRNO(semtimedop(id, &take, 1, &limit), EAGAIN);
	CHECK(now_ns() - start >= 29000000);
	limit.tv_nsec = 1000000000;
	CHECK_ERRNO(semtimedop(id, &take, 1, &limit), EINVAL);
	handle_signal(SIGUSR1, nothing, SA_RESTART);
	pid = waiter(id, &take, 1, EINTR);
	wait_for_waiters(id, 0, GETNCNT, 1);
	CHECK(kill(pid, SIGUSR1) == 0);
	CHECK_EQ(wait_exit_status(pid), 0);
	remove_set(id);
}

static void undoing(void)
{
	int id = create(2);
	struct sembuf take = { 0, -1, 0 };
	pid_t pid, blocked;

	set_value(id, 0, 5);
	pid = FORK();
	if (pid == 0) {
		CHECK_EQ(operate(id, 0, -3, SEM_UNDO), 0);
		CHECK_EQ(operate(id, 0, 1, 0), 0);
		CHECK_EQ(operate(id, 1, 2, SEM_UNDO), 0);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
	CHECK_EQ(value_of(id, 0), 6);
	CHECK_EQ(value_of(id, 1), 0);
	CHECK_EQ(semctl(id, 0, GETPID), pid);
	/* It wakes who waits; and a killed one is undone as well. */
	set_value(id, 0, 1);
	pid = FORK();
	if (pid == 0) {
		CHECK_EQ(operate(id, 0, -1, SEM_UNDO), 0);
		pause();
	}
	while (value_of(id, 0) != 0)
		sched_yield();
	blocked = waiter(id, &take, 1, 0);
	wait_for_waiters(id, 0, GETNCNT, 1);
	kill_and_reap(pid);
	CHECK_EQ(wait_exit_status(blocked), 0);
	/* Forked children undo nothing of their parent's; SETVAL forgets. */
	set_value(id, 0, 3);
	pid = FORK();
	if (pid == 0) {
		CHECK_EQ(operate(id, 0, -2, SEM_UNDO), 0);
		if (fork() == 0)
			_exit(0);
		wait(NULL);
		CHECK_EQ(value_of(id, 0), 1);
		set_value(id, 0, 10);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
	CHECK_EQ(value_of(id, 0), 10);
	/* A set that goes first. */
	pid = FORK();
	if (pid == 0) {
		int own = create(4);

		CHECK_EQ(operate(own, 1, 4, SEM_UNDO), 0);
		remove_set(own);
		own = create(4);
		CHECK_EQ(operate(own, 2, 4, SEM_UNDO), 0);
		remove_set(own);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(pid), 0);
	remove_set(id);
}

static int protected_set;

static void as_user(void)
{
	CHECK_ERRNO(operate(protected_set, 0, 1, 0), EACCES);
	CHECK_ERRNO(semctl(protected_set, 0, SETVAL, (union semun){ .val = 1 }), EACCES);
	CHECK_EQ(semctl(protected_set, 0, GETVAL), 0);
	CHECK_EQ(operate(protected_set, 0, 0, IPC_NOWAIT), 0);
	CHECK_ERRNO(semctl(protected_set, 0, IPC_RMID), EPERM);
}

/* Several take and give two of three semaphores at once; never more than there are. */
static void race(void)
{
	int id = create(3);
	volatile int *inside = shared_memory(PAGE);
	pid_t pids[4];

	for (int i = 0; i < 3; i++)
		set_value(id, i, 1);
	for (int i = 0; i < 4; i++) {
		int a = i % 3, b = (i + 1) % 3;
		struct sembuf take[] = { { a, -1, SEM_UNDO }, { b, -1, SEM_UNDO } };
		struct sembuf give[] = { { a, 1, SEM_UNDO }, { b, 1, SEM_UNDO } };

		pids[i] = FORK();
		if (pids[i] != 0)
			continue;
		for (int n = 0; n < scaled(300); n++) {
			CHECK_EQ(semop(id, take, 2), 0);
			CHECK_EQ(__atomic_add_fetch(&inside[a], 1, __ATOMIC_SEQ_CST), 1);
			CHECK_EQ(__atomic_add_fetch(&inside[b], 1, __ATOMIC_SEQ_CST), 1);
			__atomic_sub_fetch(&inside[a], 1, __ATOMIC_SEQ_CST);
			__atomic_sub_fetch(&inside[b], 1, __ATOMIC_SEQ_CST);
			CHECK_EQ(semop(id, give, 2), 0);
		}
		_exit(0);
	}
	for (int i = 0; i < 4; i++)
		CHECK_EQ(wait_exit_status(pids[i]), 0);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(value_of(id, i), 1);
	remove_set(id);
}

int main(void)
{
	making();
	values();
	all_or_nothing();
	waiting();
	time_and_signals();
	undoing();
	protected_set = create(1);
	CHECK_EQ(semctl(protected_set, 0, IPC_SET, (union semun){ .buf = &(struct semid_ds){
			 .sem_perm.mode = 0644 } }), 0);
	run_as(OTHER_UID, as_user);
	remove_set(protected_set);
	race();
	return 0;
}

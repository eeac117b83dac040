/* unshare(): descriptors, directories and undo lists for oneself. */
#include "check.h"
#include <pthread.h>
#include <sys/sem.h>

static int step;

static void wait_for(int value)
{
	while (__atomic_load_n(&step, __ATOMIC_SEQ_CST) < value)
		sched_yield();
}

static void reach(int value)
{
	__atomic_store_n(&step, value, __ATOMIC_SEQ_CST);
}

static void *other(void *argument)
{
	CHECK_EQ(raw_syscall(SYS_unshare, CLONE_FILES | CLONE_FS), 0);
	CHECK(close(50) == 0);
	CHECK(chdir("inner") == 0);
	umask(077);
	CHECK_EQ(dup2(0, 51), 51);
	reach(1);
	wait_for(2);
	CHECK_ERRNO(fcntl(52, F_GETFD), EBADF);
	/* What threads always share stays. */
	CHECK_EQ(raw_syscall(SYS_unshare, CLONE_VM), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_unshare, CLONE_SIGHAND), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_unshare, CLONE_THREAD), -EINVAL);
	return argument;
}

static void own_files(void)
{
	pthread_t thread;
	char before[256], after[256];

	CHECK(mkdir("inner", 0755) == 0);
	CHECK(getcwd(before, sizeof(before)) != NULL);
	umask(022);
	CHECK_EQ(dup2(0, 50), 50);
	CHECK(pthread_create(&thread, NULL, other, NULL) == 0);
	wait_for(1);
	CHECK(fcntl(50, F_GETFD) >= 0);
	CHECK_ERRNO(fcntl(51, F_GETFD), EBADF);
	CHECK(getcwd(after, sizeof(after)) != NULL);
	CHECK(!strcmp(before, after));
	CHECK_EQ(umask(022), 022);
	CHECK_EQ(dup2(0, 52), 52);
	reach(2);
	CHECK(pthread_join(thread, NULL) == 0);
}

static void alone(void)
{
	CHECK_EQ(raw_syscall(SYS_unshare, 0), 0);
	CHECK_EQ(raw_syscall(SYS_unshare, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD), 0);
	CHECK_EQ(raw_syscall(SYS_unshare, CLONE_PARENT), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_unshare, CLONE_FILES | CLONE_PTRACE), -EINVAL);
	CHECK_EQ(raw_syscall(SYS_setns, -1, 0), -EBADF);
	CHECK_EQ(raw_syscall(SYS_setns, 0, 0), -EINVAL);
	become_user(OTHER_UID, OTHER_GID);
	CHECK_EQ(raw_syscall(SYS_unshare, CLONE_NEWNS), -EPERM);
	CHECK_EQ(raw_syscall(SYS_unshare, CLONE_NEWUTS | CLONE_FS), -EPERM);
}

static void undone(void)
{
	int semaphore = MUST(semget(IPC_PRIVATE, 1, 0600));
	struct sembuf add = { .sem_op = 3, .sem_flg = SEM_UNDO };

	CHECK(semop(semaphore, &add, 1) == 0);
	CHECK_EQ(semctl(semaphore, 0, GETVAL), 3);
	CHECK_EQ(raw_syscall(SYS_unshare, CLONE_SYSVSEM), 0);
	CHECK_EQ(semctl(semaphore, 0, GETVAL), 0);
	CHECK(semop(semaphore, &add, 1) == 0);
	CHECK_EQ(semctl(semaphore, 0, GETVAL), 3);
	CHECK(semctl(semaphore, 0, IPC_RMID) == 0);
}

int main(void)
{
	in_child(own_files);
	in_child(alone);
	in_child(undone);
	return 0;
}

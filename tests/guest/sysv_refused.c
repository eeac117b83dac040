/* An object that is refused leaves nothing, not even the table's memory where it is the first. */
#include "check.h"
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>

int main(void)
{
	CHECK_ERRNO(semget(IPC_PRIVATE, 0, IPC_CREAT | 0600), EINVAL);
	CHECK_ERRNO(shmget(IPC_PRIVATE, 0, IPC_CREAT | 0600), EINVAL);
	return 0;
}

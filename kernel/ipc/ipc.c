/*
 * Start of System V IPC and of message queues.
 */
#include "ipc/ipc.h"

#include "ipc/mqueue.h"
#include "ipc/msg.h"
#include "ipc/sem.h"
#include "ipc/shm.h"

void ipc_init(void)
{
	shm_init();
	sem_init();
	msg_init();
	mqueue_init();
}

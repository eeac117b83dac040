/*
 * membarrier(2): memory barriers on the other CPUs, so that a program's fast side needs none.
 *
 * GLOBAL waits until every CPU has passed through the scheduler. The expedited ones interrupt all
 * other CPUs, whoever they run: that costs more than asking only those that run this memory, and
 * needs no account of who runs where, which every switch of threads would have to keep. Who asks
 * for the private kinds has to have said so before, as on Linux; the word is kept in the address
 * space. A global one is promised to those who registered: here everyone gets it, so that there is
 * nothing to note. The kinds for restartable sequences are refused, since rseq is not there.
 */
#include "arch/cpu.h"
#include "arch/smp.h"
#include "proc/process.h"
#include "sched/rcu.h"
#include "syscall/syscalls.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/membarrier.h"

static void barrier_here(void *argument)
{
	(void)argument;
	atomic_thread_fence(memory_order_seq_cst);
}

static void serialize_here(void *argument)
{
	(void)argument;
	cpu_serialize();
}

/* On every CPU: a thread that moves meanwhile meets a barrier in the switch, too. */
static int everywhere(void (*function)(void *))
{
	function(NULL);
	smp_call(smp_online_mask(), function, NULL);
	return 0;
}

static int private_barrier(struct address_space *space, uint32_t needed, void (*function)(void *))
{
	if (!(atomic_load(&space->membarrier_uses) & needed))
		return -EPERM;
	return everywhere(function);
}

int sys_membarrier(int command, uint32_t flags, int cpu)
{
	struct address_space *space = process_current()->space;

	(void)cpu; /* for a kind that is not there */
	if (flags)
		return -EINVAL;
	switch (command) {
	case MEMBARRIER_CMD_QUERY:
		return MEMBARRIER_CMD_ALL;
	case MEMBARRIER_CMD_GLOBAL:
		rcu_synchronize();
		return 0;
	case MEMBARRIER_CMD_GLOBAL_EXPEDITED:
		return everywhere(barrier_here);
	case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
		return 0;
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
		return private_barrier(space, MEMBARRIER_CMD_PRIVATE_EXPEDITED, barrier_here);
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
		return private_barrier(space, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE,
				       serialize_here);
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
		atomic_fetch_or(&space->membarrier_uses, MEMBARRIER_CMD_PRIVATE_EXPEDITED);
		return 0;
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
		atomic_fetch_or(&space->membarrier_uses,
				MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE);
		return 0;
	default:
		return -EINVAL;
	}
}

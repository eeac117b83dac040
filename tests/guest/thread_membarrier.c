/* membarrier(): who may ask, and that the other side needs no barrier of its own. */
#include "check.h"
#include <linux/membarrier.h>
#include <pthread.h>
#include <stdatomic.h>

/* The kinds without rseq, which not every kernel has. */
#define KINDS 0x7f

static long membarrier(int command, unsigned int flags)
{
	return raw_syscall(SYS_membarrier, command, flags, 0);
}

static void who_may(void)
{
	CHECK_EQ(membarrier(MEMBARRIER_CMD_QUERY, 0) & KINDS, KINDS);
	CHECK_EQ(membarrier(MEMBARRIER_CMD_QUERY, 1), -EINVAL);
	CHECK_EQ(membarrier(3, 0), -EINVAL);
	CHECK_EQ(membarrier(1 << 20, 0), -EINVAL);
	CHECK_EQ(membarrier(MEMBARRIER_CMD_GLOBAL, 0), 0);
	CHECK_EQ(membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0), 0);
	CHECK_EQ(membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0), 0);
	CHECK_EQ(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0), -EPERM);
	CHECK_EQ(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0), -EPERM);
	CHECK_EQ(membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0), 0);
	CHECK_EQ(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 1), -EINVAL);
	CHECK_EQ(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0), -EPERM);
	CHECK_EQ(membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0), 0);
	CHECK_EQ(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0), 0);
	pid_t child = FORK();

	if (child == 0) {
		CHECK_EQ(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0), 0);
		_exit(0);
	}
	CHECK_EQ(wait_exit_status(child), 0);
}

/*
 * Each says what it wants and looks at the other's word; the fast side has only the compiler told
 * to keep the order. Never may both find nothing.
 */
static atomic_int fast_wants, slow_wants, round_of_fast, round_of_slow;
static int fast_saw, slow_saw, rounds;

static void *fast_side(void *argument)
{
	for (int i = 1; i <= rounds; i++) {
		while (atomic_load(&round_of_slow) < i)
			sched_yield();
		atomic_store_explicit(&fast_wants, i, memory_order_relaxed);
		atomic_signal_fence(memory_order_seq_cst);
		fast_saw = atomic_load_explicit(&slow_wants, memory_order_relaxed);
		atomic_store(&round_of_fast, i);
	}
	return argument;
}

static void order(int command)
{
	pthread_t thread;

	rounds = scaled(2000);
	fast_wants = slow_wants = round_of_fast = round_of_slow = 0;
	CHECK(pthread_create(&thread, NULL, fast_side, NULL) == 0);
	for (int i = 1; i <= rounds; i++) {
		atomic_store(&round_of_slow, i);
		atomic_store_explicit(&slow_wants, i, memory_order_relaxed);
		CHECK_EQ(membarrier(command, 0), 0);
		slow_saw = atomic_load_explicit(&fast_wants, memory_order_relaxed);
		while (atomic_load(&round_of_fast) < i)
			sched_yield();
		if (slow_saw != i && fast_saw != i)
			FAIL("round %d: neither side saw the other", i);
	}
	CHECK(pthread_join(thread, NULL) == 0);
}

int main(void)
{
	who_may();
	order(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
	order(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE);
	return 0;
}

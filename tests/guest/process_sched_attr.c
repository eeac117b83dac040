/* sched_setattr and sched_getattr: sizes, flags, rights; and what the older calls see of it. */
#include "check.h"

#define NR_SETATTR 351
#define NR_GETATTR 352

struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t clamp_min, clamp_max;
	uint64_t later;
};
enum { FIRST_SIZE = 48, SECOND_SIZE = 56 };
enum { RESET_ON_FORK = 1, KEEP_POLICY = 8, KEEP_PARAMS = 16, CLAMP_MIN = 32 };
#define OTHER 0
#define FIFO 1
#define RR 2
#define BATCH 3
#define IDLE 5

static int set(const struct attributes *attributes)
{
	return raw_syscall(NR_SETATTR, 0, attributes, 0);
}

static int set_policy(uint32_t policy, uint64_t flags, int nice, uint32_t priority)
{
	return set(&(struct attributes){ .size = FIRST_SIZE, .policy = policy, .flags = flags,
					 .nice = nice, .priority = priority });
}

static void is_now(uint32_t policy, uint64_t flags, int nice, uint32_t priority)
{
	struct attributes got;

	memset(&got, 0x55, sizeof(got));
	CHECK_EQ(raw_syscall(NR_GETATTR, 0, &got, FIRST_SIZE, 0), 0);
	CHECK_EQ(got.size, FIRST_SIZE);
	CHECK_EQ(got.policy, policy);
	CHECK_EQ(got.flags, flags);
	CHECK_EQ(got.nice, nice);
	CHECK_EQ(got.priority, priority);
	CHECK_EQ(got.clamp_min, 0x55555555);
}

static void sizes(void)
{
	struct attributes plain = { .size = FIRST_SIZE };
	char *end = map_page_before_hole();
	uint32_t *big = (uint32_t *)map_pages(2);

	CHECK_EQ(raw_syscall(NR_SETATTR, 0, NULL, 0), -EINVAL);
	CHECK_EQ(raw_syscall(NR_SETATTR, -1, &plain, 0), -EINVAL);
	CHECK_EQ(raw_syscall(NR_SETATTR, 0, &plain, 1), -EINVAL);
	CHECK_EQ(raw_syscall(NR_SETATTR, 0x3fffffff, &plain, 0), -ESRCH);
	CHECK_EQ(set((void *)16), -EFAULT);
	CHECK_EQ(set(&plain), 0);
	plain.size = 0;
	CHECK_EQ(set(&plain), 0);
	CHECK_EQ(plain.size, 0);
	plain.size = FIRST_SIZE + 4;
	CHECK_EQ(set(&plain), 0);
	plain.size = SECOND_SIZE;
	CHECK_EQ(set(&plain), 0);
	/* What is too short or too long is told the right size. */
	plain.size = FIRST_SIZE - 1;
	CHECK_EQ(set(&plain), -E2BIG);
	CHECK_EQ(plain.size, SECOND_SIZE);
	plain.size = PAGE + 1;
	CHECK_EQ(set(&plain), -E2BIG);
	CHECK_EQ(plain.size, SECOND_SIZE);
	plain.size = sizeof(plain);
	CHECK_EQ(set(&plain), 0);
	plain.later = 1;
	CHECK_EQ(set(&plain), -E2BIG);
	CHECK_EQ(plain.size, SECOND_SIZE);
	big[0] = PAGE;
	CHECK_EQ(set((void *)big), 0);
	memset(end - SECOND_SIZE, 0, SECOND_SIZE);
	*(uint32_t *)(end - SECOND_SIZE) = SECOND_SIZE + 1;
	CHECK_EQ(set((void *)(end - SECOND_SIZE)), -EFAULT);

	CHECK_EQ(raw_syscall(NR_GETATTR, 0, NULL, FIRST_SIZE, 0), -EINVAL);
	CHECK_EQ(raw_syscall(NR_GETATTR, -1, &plain, FIRST_SIZE, 0), -EINVAL);
	CHECK_EQ(raw_syscall(NR_GETATTR, 0, &plain, FIRST_SIZE - 1, 0), -EINVAL);
	CHECK_EQ(raw_syscall(NR_GETATTR, 0, &plain, PAGE + 1, 0), -EINVAL);
	CHECK_EQ(raw_syscall(NR_GETATTR, 0, &plain, FIRST_SIZE, 1), -EINVAL);
	CHECK_EQ(raw_syscall(NR_GETATTR, 0x3fffffff, &plain, FIRST_SIZE, 0), -ESRCH);
	CHECK_EQ(raw_syscall(NR_GETATTR, 0, 16, FIRST_SIZE, 0), -EFAULT);
	CHECK_EQ(raw_syscall(NR_GETATTR, 0, 0xbfffff00, PAGE, 0), -EFAULT);
	CHECK_EQ(raw_syscall(NR_GETATTR, 0, big, PAGE, 0), 0);
	CHECK_EQ(big[0], SECOND_SIZE);
}

static void policies(void)
{
	struct sched_param parameter;

	is_now(OTHER, 0, 0, 0);
	CHECK_EQ(set_policy(OTHER, 0, 5, 0), 0);
	is_now(OTHER, 0, 5, 0);
	CHECK_EQ(getpriority(PRIO_PROCESS, 0), 5);
	CHECK_EQ(set_policy(BATCH, 0, -100, 0), 0);
	is_now(BATCH, 0, -20, 0);
	CHECK_EQ(set_policy(OTHER, 0, 3, 0), 0);
	CHECK_EQ(set_policy(IDLE, 0, 7, 0), 0);
	is_now(IDLE, 0, 3, 0);
	CHECK_EQ(set_policy(FIFO, 0, 9, 40), 0);
	is_now(FIFO, 0, 0, 40);
	CHECK(sched_getparam(0, &parameter) == 0);
	CHECK_EQ(parameter.sched_priority, 40);
	CHECK_EQ(set_policy(RR, RESET_ON_FORK, 0, 99), 0);
	is_now(RR, RESET_ON_FORK, 0, 99);
	CHECK_EQ(sched_getscheduler(0), SCHED_RR | 0x40000000);

	CHECK_EQ(set_policy(FIFO, 0, 0, 0), -EINVAL);
	CHECK_EQ(set_policy(FIFO, 0, 0, 100), -EINVAL);
	CHECK_EQ(set_policy(OTHER, 0, 0, 1), -EINVAL);
	CHECK_EQ(set_policy(4, 0, 0, 0), -EINVAL);
	CHECK_EQ(set_policy(77, 0, 0, 0), -EINVAL);
	CHECK_EQ(set_policy(-1, 0, 0, 0), -EINVAL);
	CHECK_EQ(set_policy(-1, KEEP_POLICY, 0, 0), -EINVAL);
	CHECK_EQ(set_policy(OTHER | 0x40000000, 0, 0, 0), -EINVAL);
	CHECK_EQ(set_policy(OTHER, 0x80, 0, 0), -EINVAL);
	CHECK_EQ(set_policy(OTHER, 1ULL << 40, 0, 0), -EINVAL);
	CHECK_EQ(set_policy(OTHER, CLAMP_MIN, 0, 0), -EINVAL);
	is_now(RR, RESET_ON_FORK, 0, 99);

	/* The policy is kept, and with it the flag; the parameters are kept, and with them all. */
	CHECK_EQ(set_policy(OTHER, KEEP_POLICY, 0, 50), 0);
	is_now(RR, RESET_ON_FORK, 0, 50);
	CHECK_EQ(set_policy(OTHER, KEEP_POLICY, 0, 0), -EINVAL);
	CHECK_EQ(set_policy(RR, KEEP_PARAMS, 0, 0), 0);
	is_now(RR, 0, 0, 50);
	CHECK_EQ(set_policy(OTHER, KEEP_POLICY | KEEP_PARAMS, 11, 0), 0);
	is_now(RR, 0, 0, 50);
	CHECK_EQ(set_policy(OTHER, 0, 4, 0), 0);
	CHECK_EQ(set_policy(OTHER, KEEP_PARAMS, 11, 0), 0);
	is_now(OTHER, 0, 4, 0);
	CHECK_EQ(set_policy(OTHER, 0, 0, 0), 0);
}

static void as_user(void)
{
	struct attributes attributes = { .size = FIRST_SIZE };

	CHECK_EQ(set_policy(OTHER, 0, 5, 0), 0);
	CHECK_EQ(set_policy(OTHER, 0, 4, 0), -EPERM);
	CHECK_EQ(set_policy(BATCH, 0, 5, 0), 0);
	CHECK_EQ(set_policy(FIFO, 0, 0, 1), -EPERM);
	CHECK_EQ(set_policy(FIFO, 0, 0, 100), -EINVAL);
	CHECK_EQ(set_policy(BATCH, RESET_ON_FORK, 6, 0), 0);
	CHECK_EQ(set_policy(BATCH, 0, 6, 0), -EPERM);
	CHECK_EQ(set_policy(BATCH, KEEP_POLICY, 7, 0), 0);
	is_now(BATCH, RESET_ON_FORK, 7, 0);
	CHECK_EQ(raw_syscall(NR_SETATTR, getppid(), &attributes, 0), -EPERM);
	CHECK_EQ(raw_syscall(NR_GETATTR, getppid(), &attributes, FIRST_SIZE, 0), 0);
}

int main(void)
{
	sizes();
	policies();
	run_as(OTHER_UID, as_user);
	return 0;
}

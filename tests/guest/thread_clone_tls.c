/*
 * clone() with CLONE_SETTLS and set_thread_area(): each thread's own segment, kept over switches.
 */
#include "check.h"
#include <asm/ldt.h>

#define STACK (8 * PAGE)
#define THREADS 4

static volatile int finished;
static volatile bool wrong;
static uint32_t areas[THREADS][4];

static uint32_t first_word_of(int selector)
{
	uint32_t value;

	__asm__ volatile("mov %1, %%fs\n\t"
			 "mov %%fs:0, %0\n\t"
			 : "=r"(value) : "r"(selector));
	return value;
}

static int run(void *argument)
{
	int number = (int)(intptr_t)argument;
	uint16_t selector;

	/* CLONE_SETTLS has set the entry; GS is what the parent's is, so its number is known. */
	__asm__ volatile("mov %%gs, %0" : "=r"(selector));
	for (int round = 0; round < 300; round++) {
		uint32_t value;

		__asm__ volatile("mov %%gs:4, %0" : "=r"(value));
		if (value != 1000u + number)
			wrong = true;
		raw_syscall(SYS_sched_yield);
	}
	(void)selector;
	__atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
	raw_syscall(SYS_exit, 0);
	return 0;
}

int main(void)
{
	struct user_desc description = { .entry_number = -1, .seg_32bit = 1, .limit_in_pages = 1,
					 .limit = 0xfffff, .useable = 1 };
	uint16_t selector;

	/* A second entry for this thread. */
	areas[0][0] = 0xabcd1234;
	description.base_addr = (uintptr_t)areas[0];
	CHECK_EQ(syscall(SYS_set_thread_area, &description), 0);
	CHECK(description.entry_number >= 6 && description.entry_number < 15);
	CHECK_EQ(first_word_of(description.entry_number * 8 + 3), 0xabcd1234);
	for (int round = 0; round < 50; round++)
		sched_yield();
	CHECK_EQ(first_word_of(description.entry_number * 8 + 3), 0xabcd1234);

	struct user_desc found = { .entry_number = description.entry_number };

	CHECK_EQ(syscall(SYS_get_thread_area, &found), 0);
	CHECK_EQ(found.base_addr, (uintptr_t)areas[0]);
	found.entry_number = 100;
	CHECK_ERRNO(syscall(SYS_get_thread_area, &found), EINVAL);

	/* The C library's thread pointer is in GS: threads get their own there. */
	__asm__ volatile("mov %%gs, %0" : "=r"(selector));
	for (int i = 0; i < THREADS; i++) {
		char *stack = map_pages(STACK / PAGE);
		struct user_desc tls = { .entry_number = selector >> 3, .seg_32bit = 1,
					 .limit_in_pages = 1, .limit = 0xfffff, .useable = 1,
					 .base_addr = (uintptr_t)areas[i] };

		areas[i][0] = (uintptr_t)areas[i];
		areas[i][1] = 1000 + i;
		CHECK(clone(run, stack + STACK, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
			    CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS, (void *)(intptr_t)i, NULL,
			    &tls) > 0);
	}
	while (__atomic_load_n(&finished, __ATOMIC_SEQ_CST) < THREADS)
		sched_yield();
	CHECK(!wrong);
	return 0;
}

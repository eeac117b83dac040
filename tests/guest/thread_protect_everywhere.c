/* test: timeout=60
 * When mprotect() has returned, no thread on any processor can still write to the page.
 */
#include "check.h"
#include <pthread.h>
#include <setjmp.h>

static volatile int *page;
static volatile bool stop;
static volatile int writes;
static sigjmp_buf again;

static void on_fault(int signal)
{
	(void)signal;
	siglongjmp(again, 1);
}

static void *writer(void *argument)
{
	(void)argument;
	sigsetjmp(again, 1);
	while (!stop) {
		page[0] = page[0] + 1;
		writes = writes + 1;
	}
	return NULL;
}

int main(void)
{
	int rounds = scaled(500);
	pthread_t thread;

	page = (int *)map_pages(1);
	handle_signal(SIGSEGV, on_fault, 0);
	CHECK(pthread_create(&thread, NULL, writer, NULL) == 0);
	for (int round = 0; round < rounds; round++) {
		CHECK(mprotect((void *)page, PAGE, PROT_READ) == 0);
		int value = page[0];

		for (int i = 0; i < 50; i++)
			CHECK_EQ(page[0], value);
		int before = writes;

		CHECK(mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE) == 0);
		while (writes == before)
			sched_yield();
	}
	stop = true;
	CHECK(pthread_join(thread, NULL) == 0);
	return 0;
}

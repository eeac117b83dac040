/*
 * /proc/PID/task lists each of many threads once, also by small pieces.
 */
#include "check.h"
#include <pthread.h>
#include <sys/syscall.h>

enum { COUNT = 150 };

static pid_t ids[COUNT];
static struct gate ready, end;

static void *wait_for_end(void *argument)
{
	*(pid_t *)argument = (pid_t)syscall(SYS_gettid);
	gate_open(&ready);
	gate_pass(&end);
	return NULL;
}

static void count_names(unsigned int *seen, const char *piece, long size)
{
	for (long i = 0; i < size; i += *(const unsigned short *)(piece + i + 16)) {
		int id = atoi(piece + i + 19);

		for (int n = 0; n < COUNT; n++)
			seen[n] += ids[n] == id;
	}
}

static void list_by(size_t size)
{
	int directory = MUST(open("/proc/self/task", O_RDONLY | O_DIRECTORY));
	unsigned int seen[COUNT] = { 0 };
	char piece[4096];
	long got;

	while ((got = MUST(syscall(SYS_getdents64, directory, piece, size))) > 0)
		count_names(seen, piece, got);
	for (int n = 0; n < COUNT; n++)
		CHECK_EQ(seen[n], 1);
	close(directory);
}

int main(void)
{
	pthread_t threads[COUNT];
	pthread_attr_t small;

	ready = gate_create();
	end = gate_create();
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	for (int n = 0; n < COUNT; n++) {
		CHECK(pthread_create(&threads[n], &small, wait_for_end, &ids[n]) == 0);
		gate_pass(&ready);
	}
	list_by(4096);
	list_by(32);
	for (int n = 0; n < COUNT; n++)
		gate_open(&end);
	for (int n = 0; n < COUNT; n++)
		CHECK(pthread_join(threads[n], NULL) == 0);
	return 0;
}

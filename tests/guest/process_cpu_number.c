/* test: cpus=1,4
 * getcpu tells the CPU that the caller runs on, and node 0: pinned to CPU n, that is n.
 */
#include "check.h"

static long get_cpu(unsigned int *cpu, unsigned int *node)
{
	return raw_syscall(SYS_getcpu, cpu, node, NULL);
}

/* Field 39 of /proc/PID/stat, the 37th after the name. */
static int cpu_in_proc(void)
{
	char text[1024];
	char *field;

	read_text("/proc/self/stat", text, sizeof(text));
	field = strrchr(text, ')') + 1;
	for (int i = 0; i < 36; i++)
		field = strchr(field + 1, ' ');
	return atoi(field);
}

static void pinned_to(int cpu)
{
	unsigned int found = ~0u, node = ~0u;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	CHECK(sched_setaffinity(0, sizeof(set), &set) == 0);
	for (int i = 0; i < 100; i++) {
		CHECK_EQ(get_cpu(&found, &node), 0);
		CHECK_EQ(found, cpu);
		CHECK_EQ(node, 0);
		CHECK_EQ(sched_getcpu(), cpu);
		if (i % 10 == 0)
			sched_yield();
	}
	CHECK_EQ(cpu_in_proc(), cpu);
}

int main(void)
{
	unsigned int cpu, node = 7;
	cpu_set_t all;
	int count = 0;

	CHECK(sched_getaffinity(0, sizeof(all), &all) == 0);
	for (int round = 0; round < 3; round++) {
		count = 0;
		for (int i = 0; i < CPU_SETSIZE; i++) {
			if (CPU_ISSET(i, &all)) {
				pinned_to(i);
				count++;
			}
		}
	}
	CHECK_EQ(count, sysconf(_SC_NPROCESSORS_ONLN));
	CHECK(sched_setaffinity(0, sizeof(all), &all) == 0);
	CHECK_EQ(get_cpu(&cpu, NULL), 0);
	CHECK(CPU_ISSET(cpu, &all));
	CHECK_EQ(get_cpu(NULL, &node), 0);
	CHECK_EQ(node, 0);
	CHECK_EQ(get_cpu(NULL, NULL), 0);
	/* The third argument was once a cache, and is not looked at. */
	CHECK_EQ(raw_syscall(SYS_getcpu, &cpu, &node, (void *)16), 0);
	CHECK_EQ(get_cpu((unsigned int *)16, NULL), -EFAULT);
	CHECK_EQ(get_cpu(NULL, (unsigned int *)16), -EFAULT);
	return 0;
}

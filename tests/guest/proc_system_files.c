/*
 * /proc/meminfo, uptime, loadavg, stat, mounts, version, filesystems, cpuinfo, cmdline: what tools
 * read.
 */
#include "check.h"
#include <pthread.h>

static char text[65536];

static long value_of(const char *name)
{
	char *line = strstr(text, name);

	CHECK(line != NULL);
	return atol(line + strlen(name));
}

static void *nothing(void *argument)
{
	return argument;
}

static void exits(void)
{
}

/* "processes" counts all that were ever made, threads too, whether they are still there or not. */
static void check_made_count(void)
{
	long before = value_of("\nprocesses ");
	pthread_t thread;

	for (int i = 0; i < 10; i++) {
		in_child(exits);
		CHECK(pthread_create(&thread, NULL, nothing, NULL) == 0);
		CHECK(pthread_join(thread, NULL) == 0);
	}
	read_text("/proc/stat", text, sizeof(text));
	CHECK(value_of("\nprocesses ") >= before + 20);
}

int main(void)
{
	double up, idle, load[3];
	int running, total, last;

	read_text("/proc/meminfo", text, sizeof(text));
	CHECK(value_of("MemTotal:") > 4096);
	CHECK(value_of("MemFree:") > 0);
	CHECK(value_of("MemFree:") < value_of("MemTotal:"));
	CHECK(value_of("MemAvailable:") > 0);
	CHECK(value_of("\nBuffers:") >= 0);
	CHECK(value_of("\nCached:") >= 0);
	CHECK(value_of("SwapTotal:") >= 0);
	CHECK(strstr(text, " kB\n") != NULL);

	read_text("/proc/uptime", text, sizeof(text));
	CHECK(sscanf(text, "%lf %lf", &up, &idle) == 2);
	CHECK(up > 0 && idle >= 0);
	read_text("/proc/loadavg", text, sizeof(text));
	CHECK(sscanf(text, "%lf %lf %lf %d/%d %d", &load[0], &load[1], &load[2], &running, &total,
		     &last) == 6);
	CHECK(running >= 1 && total >= running && last > 0);

	read_text("/proc/stat", text, sizeof(text));
	CHECK(strncmp(text, "cpu  ", 5) == 0);
	CHECK(strstr(text, "\ncpu0 ") != NULL);
	CHECK(value_of("\nprocesses ") > 0);
	check_made_count();
	CHECK(value_of("\nbtime ") > 1000000000 || value_of("\nbtime ") > 0);
	CHECK(value_of("\nctxt ") > 0);

	read_text("/proc/mounts", text, sizeof(text));
	CHECK(strstr(text, " / ") != NULL);
	CHECK(strstr(text, " /proc proc ") != NULL);
	char device[256], place[256], type[64], options[512];
	int dump, pass;

	CHECK(sscanf(text, "%255s %255s %63s %511s %d %d", device, place, type, options, &dump,
		     &pass) == 6);
	read_text("/proc/filesystems", text, sizeof(text));
	CHECK(strstr(text, "nodev\tproc\n") != NULL);
	CHECK(strstr(text, "nodev\ttmpfs\n") != NULL);
	CHECK(strstr(text, "\text2\n") != NULL);
	CHECK(read_text("/proc/version", text, sizeof(text)) > 10);
	read_text("/proc/cpuinfo", text, sizeof(text));
	CHECK(strstr(text, "processor\t: 0\n") != NULL);
	CHECK(strstr(text, "flags\t\t: ") != NULL);
	CHECK(read_text("/proc/cmdline", text, sizeof(text)) > 0);
	return 0;
}

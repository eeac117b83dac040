/* test: timeout=60
 * Two real-time threads that never sleep, pinned to one processor: an ordinary thread there gets
 * its twentieth of the time, with a period shorter than any tick its half; with the share set to
 * all, none of it.
 */
#include "check.h"
#include <pthread.h>
#include <sched.h>

enum { SPIN_MS = 6000 };

static volatile bool stop;
static volatile long counted;
static volatile int spinning;

static void pin(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CHECK(sched_setaffinity(0, sizeof(set), &set) == 0);
}

static long long now_ms(void)
{
	struct timespec now;

	CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void *spin(void *unused)
{
	struct sched_param parameters = { .sched_priority = 10 };
	long long end;

	(void)unused;
	pin();
	CHECK(sched_setscheduler(0, SCHED_FIFO, &parameters) == 0);
	end = now_ms() + SPIN_MS;
	spinning++;
	while (!stop && now_ms() < end)
		continue;
	return NULL;
}

static void *count(void *unused)
{
	(void)unused;
	pin();
	while (!stop)
		counted++;
	return NULL;
}

static void write_setting(const char *name, const char *value, int error)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);
	fd = open(path, O_WRONLY);
	CHECK(fd >= 0);
	if (error)
		CHECK_ERRNO(write(fd, value, strlen(value)), error);
	else
		CHECK_EQ(write(fd, value, strlen(value)), (ssize_t)strlen(value));
	close(fd);
}

/* How far an ordinary thread counts in some seconds beside them. This one is above them all. */
static long count_beside_spinners(int ms)
{
	struct sched_param parameters = { .sched_priority = 50 };
	pthread_t spinners[2], counter;
	long before;

	stop = false;
	spinning = 0;
	CHECK(sched_setscheduler(0, SCHED_FIFO, &parameters) == 0);
	parameters.sched_priority = 0;
	CHECK(pthread_create(&spinners[0], NULL, spin, NULL) == 0);
	CHECK(pthread_create(&spinners[1], NULL, spin, NULL) == 0);
	usleep(200000);
	CHECK(pthread_create(&counter, NULL, count, NULL) == 0);
	CHECK(pthread_setschedparam(counter, SCHED_OTHER, &parameters) == 0);
	usleep(300000);
	before = counted;
	usleep((useconds_t)ms * 1000);
	before = counted - before;
	stop = true;
	CHECK(pthread_join(spinners[0], NULL) == 0);
	CHECK(pthread_join(spinners[1], NULL) == 0);
	CHECK(pthread_join(counter, NULL) == 0);
	CHECK(sched_setscheduler(0, SCHED_OTHER, &parameters) == 0);
	return before;
}

int main(void)
{
	CHECK(count_beside_spinners(1500) > 0);
	write_setting("sched_rt_runtime_us", "1000001", EINVAL);
	write_setting("sched_rt_period_us", "0", EINVAL);
	write_setting("sched_rt_runtime_us", "500", 0);
	write_setting("sched_rt_period_us", "1000", 0);
	CHECK(count_beside_spinners(500) > 0);
	write_setting("sched_rt_period_us", "1000000", 0);
	write_setting("sched_rt_runtime_us", "-1", 0);
	CHECK_EQ(count_beside_spinners(1500), 0);
	write_setting("sched_rt_runtime_us", "950000", 0);
	return 0;
}

/* test: timeout=60
 * A limit is read whole: while one thread keeps changing it, another sees one pair or the other,
 * never a soft limit of the one with a hard limit of the other.
 */
#include "check.h"
#include <pthread.h>

static const struct rlimit64 pairs[2] = { { 0x11111111, 0x22222222 }, { 0x33333333, 0x44444444 } };
static volatile bool stop;

static void *change(void *argument)
{
	(void)argument;
	for (unsigned int i = 0; !stop; i++)
		CHECK(prlimit64(0, RLIMIT_FSIZE, &pairs[i % 2], NULL) == 0);
	return NULL;
}

int main(void)
{
	int rounds = scaled(100000);
	struct rlimit64 seen;
	pthread_t thread;

	CHECK(prlimit64(0, RLIMIT_FSIZE, &pairs[0], NULL) == 0);
	CHECK(pthread_create(&thread, NULL, change, NULL) == 0);
	for (int round = 0; round < rounds; round++) {
		CHECK(prlimit64(getpid(), RLIMIT_FSIZE, NULL, &seen) == 0);
		CHECK(memcmp(&seen, &pairs[0], sizeof(seen)) == 0 ||
		      memcmp(&seen, &pairs[1], sizeof(seen)) == 0);
	}
	stop = true;
	CHECK(pthread_join(thread, NULL) == 0);
	return 0;
}

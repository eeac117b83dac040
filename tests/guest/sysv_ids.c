/*
 * System V ids go round: the index of the next object is the one after the last, up to 64 of them,
 * and then the sequence number is another; so a number that was given back is not met again soon.
 * By index (SEM_STAT) an object is also found by its id.
 */
#include "check.h"
#include <sys/sem.h>

enum { ROUND = 64, INDEX_COUNT = 32768 };

int main(void)
{
	struct semid_ds status;
	int id, last = -1, wraps = 0;

	for (int i = 0; i < ROUND + 10; i++) {
		id = MUST(semget(IPC_PRIVATE, 1, 0600));
		CHECK(semctl(id, 0, SEM_STAT, &status) == id);
		CHECK(semctl(id % INDEX_COUNT, 0, SEM_STAT, &status) == id);
		CHECK(semctl(id, 0, IPC_RMID) == 0);
		/* Nobody is there: no such id, instead of one that is another's now. */
		CHECK_ERRNO(semctl(id, 0, GETVAL), EINVAL);
		if (i > 0 && id % INDEX_COUNT == 0) {
			CHECK_EQ(last % INDEX_COUNT, ROUND - 1);
			CHECK_EQ(id, last - (ROUND - 1) + INDEX_COUNT);
			wraps++;
		} else if (i > 0) {
			CHECK_EQ(id, last + 1);
		}
		last = id;
	}
	CHECK(wraps == 1 || wraps == 2);
	return 0;
}

/* test: timeout=120
 * Ten thousand orphans, forgiven by process 1, leave nothing: no zombie stays.
 */
#include "check.h"
#include <dirent.h>

static int process_count(void)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	int count = 0;

	CHECK(folder != NULL);
	while ((entry = readdir(folder)))
		count += entry->d_name[0] >= '1' && entry->d_name[0] <= '9';
	closedir(folder);
	return count;
}

int main(void)
{
	int rounds = scaled(100), before = process_count();
	long long give_up;

	for (int round = 0; round < rounds; round++) {
		pid_t middle = FORK();

		if (middle == 0) {
			for (int i = 0; i < 100; i++) {
				pid_t orphan = fork();

				if (orphan == 0)
					_exit(i);
				CHECK(orphan > 0);
			}
			_exit(0);
		}
		CHECK_EQ(wait_exit_status(middle), 0);
	}
	give_up = now_ns() + 10000000000LL;
	while (process_count() > before && now_ns() < give_up)
		sched_yield();
	CHECK_EQ(process_count(), before);
	return 0;
}

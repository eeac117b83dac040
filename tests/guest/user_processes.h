/* Other processes: how many a user has, and one that shares our directories. */
#pragma once
#include "check.h"
#include <dirent.h>
#include <sched.h>
#include <sys/prctl.h>

static inline int sleep_on(void *unused)
{
	(void)unused;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	sleep_ms(2000);
	return 0;
}

/* For two seconds a child has our root and working directory. */
static inline void share_directories(void)
{
	static char stack[16384];

	MUST(clone(sleep_on, stack + sizeof(stack), CLONE_FS | SIGCHLD, NULL));
}

/* What /proc shows, init left out. */

static inline int count_processes_of(uid_t user)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	int count = 0;

	CHECK(folder != NULL);
	while ((entry = readdir(folder))) {
		struct stat status;

		if (atoi(entry->d_name) > 1 &&
		    fstatat(dirfd(folder), entry->d_name, &status, 0) == 0)
			count += status.st_uid == user;
	}
	closedir(folder);
	return count;
}

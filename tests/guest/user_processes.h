/* How many processes a user has: what /proc shows, init left out. */
#pragma once
#include "check.h"
#include <dirent.h>

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

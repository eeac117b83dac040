/* Pss in smaps: a page that N processes map counts as an Nth for each, down to whole ownership. */
#include "check.h"

#define PAGES 120
#define CHILDREN 4

static long proportional_kib(const void *address)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	char line[256];
	bool here = false;
	long kib = -1;

	CHECK(smaps != NULL);
	while (kib < 0 && fgets(line, sizeof(line), smaps)) {
		unsigned long start, end;

		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = start <= (uintptr_t)address && (uintptr_t)address < end;
		else if (here)
			sscanf(line, "Pss: %ld kB", &kib);
	}
	fclose(smaps);
	return kib;
}

int main(void)
{
	char *pages = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t children[CHILDREN];

	CHECK(pages != MAP_FAILED);
	memset(pages, 1, PAGES * PAGE);
	CHECK_EQ(proportional_kib(pages), PAGES * 4);
	for (int i = 0; i < CHILDREN; i++) {
		children[i] = FORK();
		if (children[i] == 0) {
			for (int page = 0; page < PAGES; page++)
				(void)*(volatile char *)(pages + page * PAGE);
			for (;;)
				pause();
		}
		wait_until_blocked(children[i]);
		/* Each page's part is rounded down. */
		long share = PAGES * 4 / (i + 2), found = proportional_kib(pages);

		if (found != share && found != share - 1)
			FAIL("%ld KiB of %d pages are ours, should be %ld", found, PAGES, share);
	}
	for (int i = 0; i < CHILDREN; i++)
		kill_and_reap(children[i]);
	CHECK_EQ(proportional_kib(pages), PAGES * 4);
	return 0;
}

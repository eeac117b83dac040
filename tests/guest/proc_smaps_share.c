/* Pss in smaps: a page that N processes map counts as an Nth for each, down to whole ownership. */
#include "check.h"

#define PAGES 120
#define CHILDREN 4

static long proportional_kib_of(pid_t pid, const void *address)
{
	char path[64];
	FILE *smaps;
	char line[256];
	bool here = false;
	long kib = -1;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	smaps = fopen(path, "r");
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

static long proportional_kib(const void *address)
{
	return proportional_kib_of(getpid(), address);
}

static void expect_share(pid_t pid, const void *address, int owners)
{
	/* Each page's part is rounded down. */
	long share = PAGES * 4 / owners, found = proportional_kib_of(pid, address);

	if (found != share && found != share - 1)
		FAIL("%ld KiB of %d pages are %d's, should be %ld", found, PAGES, pid, share);
}

/*
 * Private pages after fork: all share one page table, but for some children that wrote to a page
 * beside and so have one of their own. The frames are the same in all.
 */
static void check_private(void)
{
	char *pages = mmap(NULL, (PAGES + CHILDREN) * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *beside = pages + PAGES * PAGE;
	pid_t children[CHILDREN];

	CHECK(pages != MAP_FAILED);
	/* The pages beside are a region of their own, so that they are not counted. */
	CHECK(mprotect(beside, CHILDREN * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
	memset(pages, 1, (PAGES + CHILDREN) * PAGE);
	for (int i = 0; i < CHILDREN; i++) {
		children[i] = FORK();
		if (children[i] == 0) {
			if (i % 2)
				beside[i * PAGE] = 2;
			for (;;)
				pause();
		}
		wait_until_blocked(children[i]);
	}
	expect_share(getpid(), pages, CHILDREN + 1);
	for (int i = 0; i < CHILDREN; i++)
		expect_share(children[i], pages, CHILDREN + 1);
	for (int i = 0; i < CHILDREN; i++)
		kill_and_reap(children[i]);
	CHECK_EQ(proportional_kib(pages), PAGES * 4);
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
		expect_share(getpid(), pages, i + 2);
	}
	for (int i = 0; i < CHILDREN; i++)
		kill_and_reap(children[i]);
	CHECK_EQ(proportional_kib(pages), PAGES * 4);
	check_private();
	return 0;
}

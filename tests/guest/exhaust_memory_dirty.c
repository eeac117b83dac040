/* test: linux=no memory=32 timeout=60
 * Memory runs out while many inodes are dirty, and to write them, blocks that memory has lost must
 * be read: somebody still dies for it, the others live, and the files are what they were made.
 */
#include "check.h"

#define FILES 600
#define ROUNDS 12
#define LITTLE 1200 /* KiB: enough to change the inodes, too little to keep what is not used */

static int *changed; /* shared: files that got this round's mode */

static void name_of(char *name, size_t size, int i)
{
	snprintf(name, size, "d%d/%d", i % 20, i);
}

static size_t available_kib(int meminfo)
{
	char text[2048];
	ssize_t size = pread(meminfo, text, sizeof(text) - 1, 0);

	CHECK(size > 0);
	text[size] = 0;
	return strtoul(strstr(text, "MemAvailable:") + 13, NULL, 10);
}

static void take(size_t size)
{
	char *more = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (more != MAP_FAILED)
		memset(more, 0x55, size);
}

/* Nearly all memory first, so that the inodes' blocks are lost; then the inodes are changed. */
static void hog_and_touch(int round)
{
	int files[FILES], meminfo = MUST(open("/proc/meminfo", O_RDONLY));
	char name[32];

	for (int i = 0; i < FILES; i++) {
		name_of(name, sizeof(name), i);
		files[i] = MUST(open(name, O_RDONLY));
	}
	while (available_kib(meminfo) > LITTLE)
		take(64 << 10);
	for (; *changed < FILES; ++*changed)
		CHECK(fchmod(files[*changed], 0600 + (round + *changed) % 8) == 0);
	for (;;)
		take(1 << 20);
}

int main(void)
{
	char name[32];
	struct stat status;

	changed = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(changed != MAP_FAILED);
	enter_disk_directory();
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		CHECK(mkdir(name, 0755) == 0);
	}
	for (int i = 0; i < FILES; i++) {
		name_of(name, sizeof(name), i);
		CHECK(close(MUST(open(name, O_CREAT | O_WRONLY, 0600))) == 0);
	}
	sync();
	for (int round = 0; round < ROUNDS; round++) {
		*changed = 0;
		pid_t hog = FORK();
		int end;

		if (hog == 0)
			hog_and_touch(round);
		CHECK(waitpid(hog, &end, 0) == hog);
		CHECK(WIFSIGNALED(end) && WTERMSIG(end) == SIGKILL);
		for (int i = 0; i < *changed; i++) {
			name_of(name, sizeof(name), i);
			CHECK(stat(name, &status) == 0);
			CHECK_EQ(status.st_mode & 0777, 0600 + (round + i) % 8);
		}
	}
	for (int i = 0; i < FILES; i++) {
		name_of(name, sizeof(name), i);
		CHECK(unlink(name) == 0);
	}
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		CHECK(rmdir(name) == 0);
	}
	return 0;
}

/* test: linux=no memory=32 timeout=60
 * With memory nearly all used, fork and write until it is gone: only who asked is refused, with
 * ENOMEM or SIGKILL, and the pages of the others are whole. So they are when fork() itself finds no
 * memory, at each place where it looks for some.
 */
#include "failpoint.h"

#define KEPT 256
#define MOST_ALLOCATIONS 400
#define FORK_REFUSED 3

static char *kept;

static void check_kept(void)
{
	for (int i = 0; i < KEPT; i++)
		CHECK_EQ(kept[i * PAGE], (char)i);
}

/* What a child does whose Nth allocation of a kind fails: it forks. */
static void fork_armed(const char *point, int nth)
{
	if (!failpoint_arm(point, nth))
		_exit(CHECK_SKIPPED);
	pid_t pid = fork();
	int error = errno;

	if (pid == 0) {
		for (int i = 0; i < KEPT; i++)
			kept[i * PAGE] = 'c';
		_exit(0);
	}
	failpoint_arm(point, 0);
	if (pid < 0)
		CHECK_EQ(error, ENOMEM);
	else
		CHECK_EQ(wait_exit_status(pid), 0);
	check_kept();
	_exit(pid < 0 ? FORK_REFUSED : 0);
}

/* Each allocation of a fork fails, from the first to the last. How many forks were refused? */
static int refused_forks(const char *point)
{
	int refused = 0;
	bool struck = true;

	for (int nth = 1; struck; nth++) {
		CHECK(nth <= MOST_ALLOCATIONS);
		pid_t pid = FORK();

		if (pid == 0)
			fork_armed(point, nth);
		int status = wait_status(pid);

		struck = failpoint_has_struck(point);
		failpoint_arm(point, 0);
		/* A page of the stack may be what could not be copied: then it died of that. */
		if (WIFEXITED(status)) {
			if (WEXITSTATUS(status) == CHECK_SKIPPED)
				SKIP("%s cannot be armed", FAILPOINT_FILE);
			CHECK(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == FORK_REFUSED);
			refused += WEXITSTATUS(status) == FORK_REFUSED;
		}
		check_kept();
	}
	return refused;
}

int main(void)
{
	int killed = 0, refused = 0;

	kept = map_pages(KEPT);

	for (int i = 0; i < KEPT; i++)
		kept[i * PAGE] = i;
	for (int round = 0; round < 12; round++) {
		pid_t child = fork();

		if (child < 0) {
			CHECK(errno == ENOMEM || errno == EAGAIN);
			refused++;
			continue;
		}
		if (child == 0) {
			/* Four times what the machine has. */
			char *hog = mmap(NULL, 128 << 20, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

			if (hog == MAP_FAILED)
				_exit(errno == ENOMEM ? 2 : 1);
			for (size_t at = 0; at < 128u << 20; at += PAGE) {
				hog[at] = 1;
				kept[at / PAGE % KEPT * PAGE] = 'c';
			}
			_exit(0);
		}
		int status = wait_status(child);

		if (WIFSIGNALED(status)) {
			CHECK_EQ(WTERMSIG(status), SIGKILL);
			killed++;
		} else {
			CHECK_EQ(WEXITSTATUS(status), 2);
			refused++;
		}
		check_kept();
	}
	CHECK_EQ(killed + refused, 12);
	CHECK(killed > 0);
	CHECK(refused_forks("frame") > 0);
	CHECK(refused_forks("slab") > 0);
	return 0;
}

/* test: timeout=60
 * stat(), lstat(), statx() and access() of paths while others unlink them, rename over them, swap
 * links and directories on the way, mount and unmount. Each file's size and mode say which it is:
 * the answer is one that the path had at some time, or ENOENT where it was missing for a time;
 * never another file's numbers, and never a mixture. In memory and on a disk.
 */
#include "check.h"
#include <sys/mount.h>

enum { NAMES = 4, READERS = 3, TIME_MS = 500 };
enum { OLD = NAMES, NEW, COVERED, COVERING, MOVED, DECOY };	/* files besides the names */

enum { RACERS = 4 + READERS };

/* `rounds` of each racer, `ended` and `seen` are shared by all. */
static volatile int *ended, *seen, *rounds;

/* No two have the same size, nor the same mode. */
static off_t size_of(int file)
{
	return 100 + 37 * file;
}

static mode_t mode_of(int file)
{
	return 0600 | file << 2;
}

static void make(const char *path, int file)
{
	int fd = MUST(open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600));

	CHECK(ftruncate(fd, size_of(file)) == 0);
	CHECK(fchmod(fd, mode_of(file)) == 0);
	CHECK(close(fd) == 0);
}

/* ---- who changes --------------------------------------------------------------------------- */

static void name_path(char path[16], int file)
{
	snprintf(path, 16, "names/%d", file);
}

/* Names that come, are replaced by another of the same numbers, and go. */
static void change_names(int round)
{
	int file = round % NAMES;
	char path[16];

	name_path(path, file);
	make("names/new", file);
	CHECK(rename("names/new", path) == 0);
	make("names/decoy", DECOY);
	if (round % 3 == 0)
		CHECK(unlink(path) == 0);
	CHECK(unlink("names/decoy") == 0);
}

/* A name and a link that are always there; what they mean changes. */
static void change_swapped(int round)
{
	make("next", round % 2 ? OLD : NEW);
	CHECK(rename("next", "swapped") == 0);
	CHECK(symlink(round % 2 ? "old" : "a/../new", "next-link") == 0);
	CHECK(rename("next-link", "link") == 0);
}

/* A directory on the way, here and there. */
static void change_directories(int round)
{
	(void)round;
	CHECK(rename("a/way", "b/way") == 0);
	CHECK(rename("b/way", "a/way") == 0);
}

static void change_mounts(int round)
{
	int result;

	CHECK(mount("none", "place", "tmpfs", 0, "size=1m") == 0);
	make("place/new", COVERING);
	CHECK(rename("place/new", "place/file") == 0);
	do
		result = umount2("place", round % 2 ? MNT_DETACH : 0);
	while (result < 0 && errno == EBUSY);	/* somebody is on the way through */
	CHECK_EQ(result, 0);
}

/* ---- who looks ----------------------------------------------------------------------------- */

struct looked_at {
	const char *path;
	int files[2];		/* what it may be */
	bool may_be_missing;
};

static const struct looked_at looked_at[] = {
	{ "names/0", { 0, 0 }, true },
	{ "names/1", { 1, 1 }, true },
	{ "names/2", { 2, 2 }, true },
	{ "names/3", { 3, 3 }, true },
	{ "swapped", { OLD, NEW }, false },
	{ "link", { OLD, NEW }, false },
	{ "a/way/file", { MOVED, MOVED }, true },
	{ "b/../a/way/../way/file", { MOVED, MOVED }, true },
	{ "place/file", { COVERED, COVERING }, true },
};

static void check_numbers(const struct looked_at *at, off_t size, unsigned int mode)
{
	for (int i = 0; i < 2; i++)
		if (size == size_of(at->files[i]) && mode == (S_IFREG | mode_of(at->files[i])))
			return;
	FAIL("%s has size %lld and mode %#o", at->path, (long long)size, mode);
}

/* In one of four ways: 0, or -1 and errno. */
static int look(const struct looked_at *at, int way)
{
	struct stat status;
	struct statx extended;
	int result;

	switch (way) {
	case 0:
		return access(at->path, F_OK);
	case 1:
		result = statx(AT_FDCWD, at->path, 0, STATX_BASIC_STATS, &extended);
		if (result == 0)
			check_numbers(at, extended.stx_size, extended.stx_mode);
		return result;
	case 2:
		result = lstat(at->path, &status);
		if (result == 0 && !S_ISLNK(status.st_mode))
			check_numbers(at, status.st_size, status.st_mode);
		return result;
	default:
		result = stat(at->path, &status);
		if (result == 0)
			check_numbers(at, status.st_size, status.st_mode);
		return result;
	}
}

static void read_paths(int round)
{
	const struct looked_at *at = &looked_at[round % ARRAY_SIZE(looked_at)];
	int result = look(at, round / ARRAY_SIZE(looked_at) % 4);

	if (result < 0 && !(errno == ENOENT && at->may_be_missing))
		FAIL("%s: way %d fails", at->path, (int)(round / ARRAY_SIZE(looked_at) % 4));
	if (result == 0)
		*seen = 1;
}

/* ---- all at once --------------------------------------------------------------------------- */

static pid_t start(int racer, void (*turn)(int round))
{
	pid_t pid = FORK();

	if (pid == 0) {
		for (int round = 0; !*ended; round++) {
			turn(round);
			rounds[racer] = round + 1;
		}
		_exit(0);
	}
	return pid;
}

/* On a busy machine one may not have had a turn for long. */
static bool all_have_run(void)
{
	for (int i = 0; i < RACERS; i++)
		if (rounds[i] == 0)
			return false;
	return *seen;
}

static void race_here(void)
{
	static void (*const changers[])(int) = {
		change_names, change_swapped, change_directories, change_mounts,
	};
	pid_t pids[RACERS];
	int count = 0;

	CHECK(mkdir("names", 0755) == 0 && mkdir("a", 0755) == 0 && mkdir("b", 0755) == 0);
	CHECK(mkdir("a/way", 0755) == 0 && mkdir("place", 0755) == 0);
	make("a/way/file", MOVED);
	make("place/file", COVERED);
	make("old", OLD);
	make("new", NEW);
	make("swapped", OLD);
	CHECK(symlink("old", "link") == 0);
	*ended = *seen = 0;
	for (int i = 0; i < RACERS; i++)
		rounds[i] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(changers); i++, count++)
		pids[count] = start(count, changers[i]);
	for (int i = 0; i < READERS; i++, count++)
		pids[count] = start(count, read_paths);
	sleep_ms(TIME_MS);
	for (int more = 0; more < 2000 && !all_have_run(); more++)
		sleep_ms(10);
	*ended = 1;
	for (int i = 0; i < count; i++)
		if (wait_exit_status(pids[i]) != 0)
			FAIL("a racer failed");
	CHECK(all_have_run());
}

int main(void)
{
	ended = shared_memory(PAGE);
	seen = ended + 1;
	rounds = ended + 2;
	CHECK(mkdir("memory", 0755) == 0);
	CHECK(mount("none", "memory", "tmpfs", 0, "size=4m") == 0);
	CHECK(chdir("memory") == 0);
	race_here();
	CHECK(chdir("..") == 0 && umount2("memory", MNT_DETACH) == 0);
	enter_disk_directory();
	CHECK(mkdir("disk", 0755) == 0 && chdir("disk") == 0);
	race_here();
	return 0;
}

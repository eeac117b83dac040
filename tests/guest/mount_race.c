/* test: timeout=120
 * Mounts come, move and go while names are walked, made and renamed through them, by their own
 * paths and by others: each call has an answer, and in the end all can be taken down.
 */
#include "check.h"
#include <dirent.h>
#include <sys/mount.h>

enum { WALKERS = 3, MOUNTERS = 3, MS = 4000 };

static volatile bool *is_over;

static uint32_t draw(uint32_t *state, uint32_t limit)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state % limit;
}

static const char *const places[] = {
	"a/m", "a", "b", "c", "a/d/m", "a/d", "b/d", "b/m", "c/n", "a/m/n", "e/m", "b/d/m",
};

static const char *place(uint32_t *state)
{
	return places[draw(state, ARRAY_SIZE(places))];
}

static void mount_one(uint32_t *state)
{
	const char *at = place(state);
	char path[64];

	switch (draw(state, 9)) {
	case 0:
	case 1:
		if (mount("none", at, "tmpfs", 0, NULL) == 0) {
			snprintf(path, sizeof(path), "%s/n", at);
			(void)mkdir(path, 0755);
			snprintf(path, sizeof(path), "%s/m", at);
			(void)mkdir(path, 0755);
		}
		break;
	case 2:
		(void)mount(place(state), at, NULL, MS_BIND, NULL);
		break;
	case 3:
		if (draw(state, 8) == 0)
			(void)mount(place(state), at, NULL, MS_BIND | MS_REC, NULL);
		break;
	case 4:
		(void)mount(place(state), at, NULL, MS_MOVE, NULL);
		break;
	case 5:
		(void)mount(NULL, at, NULL, MS_REMOUNT | MS_BIND | (draw(state, 3) ? 0 : MS_RDONLY),
			    NULL);
		break;
	case 6:
		(void)umount2(at, MNT_DETACH);
		break;
	default:
		(void)umount2(at, 0);
		break;
	}
}

static void walk_one(uint32_t *state, char *text, size_t size)
{
	static const char *const tails[] = {
		"f", "n/f", "m/../f", "..", "../..", "n/../x", "d/m/f", "n", "link/f", "link",
	};
	const char *tail = tails[draw(state, ARRAY_SIZE(tails))];
	char path[96], other[96];
	struct stat status;
	DIR *dir;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", place(state), tail);
	snprintf(other, sizeof(other), "%s/g", place(state));
	switch (draw(state, 14)) {
	case 0:
	case 1:
		(void)stat(path, &status);
		break;
	case 2:
	case 3:
		fd = open(path, O_RDWR | O_CREAT | O_NONBLOCK, 0644);
		if (fd >= 0) {
			(void)!write(fd, text, 10);
			close(fd);
		}
		break;
	case 4:
		(void)unlink(path);
		break;
	case 5:
		(void)rename(path, other);
		break;
	case 6:
		(void)mkdir(path, 0755);
		break;
	case 7:
		(void)rmdir(path);
		break;
	case 8:
		fd = open(path, O_RDONLY | O_DIRECTORY);
		if (fd >= 0 && fchdir(fd) == 0) {
			(void)!getcwd(text, size);
			(void)stat("../../x", &status);
		}
		close(fd);
		break;
	case 9:
		(void)read_text("/proc/self/mountinfo", text, size);
		break;
	case 10:
		(void)rename("a/d", "a/e");
		(void)rename("a/e", "a/d");
		break;
	case 11:
		(void)symlink("../n", path);
		break;
	case 12:
		(void)link(other, path);
		break;
	case 13:
		dir = opendir(path);
		while (dir && readdir(dir))
			;
		if (dir)
			closedir(dir);
		break;
	}
}

static void work(int home, uint32_t seed, bool mounts)
{
	static char text[65536];
	uint32_t state = seed;

	while (!*is_over) {
		CHECK(fchdir(home) == 0);
		if (mounts)
			mount_one(&state);
		else
			walk_one(&state, text, sizeof(text));
	}
	_exit(0);
}

/* Take down what is mounted below `here`, whatever stands on whatever. */
static void take_down(const char *here)
{
	static char text[1 << 18];
	char path[512];
	bool found = true;

	while (found) {
		found = false;
		(void)read_text("/proc/self/mounts", text, sizeof(text));
		for (char *line = text; *line;) {
			char *next = strchr(line, '\n');

			if (!next)
				break;
			*next = '\0';
			if (sscanf(line, "%*s %511s", path) == 1 &&
			    strncmp(path, here, strlen(here)) == 0 && path[strlen(here)] == '/' &&
			    umount2(path, MNT_DETACH) == 0)
				found = true;
			line = next + 1;
		}
	}
}

int main(void)
{
	static const char *const directories[] = {
		"a", "a/m", "a/d", "a/d/m", "b", "c", "e", "e/m"
	};
	pid_t children[WALKERS + MOUNTERS];
	char here[256];
	int home = MUST(open(".", O_RDONLY | O_DIRECTORY));

	CHECK(getcwd(here, sizeof(here)) != NULL);
	/* As systemd leaves it on Linux, mounts would spread. */
	(void)mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		CHECK(mkdir(directories[i], 0755) == 0);
	CHECK(symlink("../b", "a/link") == 0);
	is_over = shared_memory(PAGE);
	for (int i = 0; i < WALKERS + MOUNTERS; i++) {
		children[i] = FORK();
		if (children[i] == 0)
			work(home, 777u + (uint32_t)i * 1237, i < MOUNTERS);
	}
	sleep_ms(scaled(MS));
	*is_over = true;
	for (int i = 0; i < WALKERS + MOUNTERS; i++)
		CHECK_EQ(wait_exit_status(children[i]), 0);
	take_down(here);
	CHECK(close(home) == 0);
	return 0;
}

/*
 * inotify under fire: files are made, renamed and removed while others watch them, stop watching,
 * read, close, and are killed. Nothing breaks; who looks last sees every event of one watch.
 */
#include "inotify.h"

#define WORKERS 3
#define ROUNDS 400

static void change_files(unsigned int seed)
{
	char name[32], other[32];

	for (int i = 0; i < scaled(ROUNDS); i++) {
		snprintf(name, sizeof(name), "d/%u", (seed + i) % 5);
		snprintf(other, sizeof(other), "d/%u", (seed * 3 + i) % 5);
		int fd = open(name, O_CREAT | O_RDWR, 0644);

		if (fd >= 0) {
			(void)!write(fd, "x", 1);
			close(fd);
		}
		(void)rename(name, other);
		(void)unlink(i % 2 ? name : other);
	}
	_exit(0);
}

static void watch_files(unsigned int seed)
{
	char name[32], buffer[1024];
	int fd = -1;

	for (int i = 0; i < scaled(ROUNDS); i++) {
		if (fd < 0)
			fd = MUST(inotify_init1(IN_NONBLOCK));
		snprintf(name, sizeof(name), "d/%u", (seed + i) % 5);
		int watch = inotify_add_watch(fd, i % 7 ? name : "d",
					      IN_ALL_EVENTS | (i % 3 ? 0 : IN_ONESHOT));

		(void)!read(fd, buffer, sizeof(buffer));
		if (watch > 0 && i % 2)
			(void)inotify_rm_watch(fd, watch);
		if (i % 16 == 15) {
			close(fd);
			fd = -1;
		}
	}
	_exit(0);
}

/* Readers that only wait, until they are killed. */
static pid_t wait_for_events(int fd)
{
	char buffer[256];
	pid_t pid = FORK();

	while (pid == 0)
		(void)!read(fd, buffer, sizeof(buffer));
	return pid;
}

int main(void)
{
	pid_t workers[2 * WORKERS], readers[2];
	int shared = MUST(inotify_init()), steady = MUST(inotify_init1(IN_NONBLOCK));

	CHECK(mkdir("d", 0755) == 0);
	MUST(inotify_add_watch(shared, "d", IN_ALL_EVENTS));
	MUST(inotify_add_watch(steady, "d", IN_DELETE_SELF));
	for (int i = 0; i < 2; i++)
		readers[i] = wait_for_events(shared);
	for (int i = 0; i < WORKERS; i++) {
		workers[2 * i] = FORK();
		if (workers[2 * i] == 0)
			change_files(i * 7 + 1);
		workers[2 * i + 1] = FORK();
		if (workers[2 * i + 1] == 0)
			watch_files(i);
	}
	for (int i = 0; i < 2 * WORKERS; i++)
		CHECK_EQ(wait_exit_status(workers[i]), 0);
	for (int i = 0; i < 2; i++) {
		CHECK(kill(readers[i], SIGKILL) == 0);
		expect_signal_death(readers[i], SIGKILL);
	}
	for (int i = 0; i < 5; i++) {
		char name[32];

		snprintf(name, sizeof(name), "d/%d", i);
		(void)unlink(name);
	}
	CHECK(rmdir("d") == 0);
	EXPECT_EVENTS(steady, "1:DELETE_SELF 1:IGNORED");
	CHECK(close(steady) == 0);
	CHECK(close(shared) == 0);
	return 0;
}

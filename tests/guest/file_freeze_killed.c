/* test: linux=no
 * What Linux lets sleep until the thaw, whatever happens, goes on or ends here: SIGKILL ends who
 * waits for it (nothing has been changed then), a file without a name can be closed, and the thaw
 * deletes it.
 */
#include "file_freeze.h"
#include <sys/statfs.h>

enum { SIZE = 1 << 20 };

static void write_for_ever(void)
{
	int fd = MUST(open("killed", O_RDWR));

	CHECK_EQ(write(fd, "new", 3), 3);
}

static void touch_for_ever(void)
{
	int fd = MUST(open("killed", O_RDWR));
	volatile char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK(page != MAP_FAILED);
	page[0] = 'x';
}

static void remove_for_ever(void)
{
	unlink("killed");
}

static void ignore_it(int signal)
{
	(void)signal;
}

static void check_killed(void (*change)(void))
{
	pid_t child = FORK();

	if (child == 0) {
		handle_signal(SIGUSR1, ignore_it, 0);
		change();
		_exit(0);
	}
	wait_process_state(child, 'D');
	/* Signals that do not kill wait. */
	CHECK(kill(child, SIGUSR1) == 0);
	sleep_ms(5);
	CHECK_EQ(process_state(child), 'D');
	kill_and_reap(child);
}

static long free_blocks(void)
{
	struct statfs fs;

	CHECK(fstatfs(frozen_fd, &fs) == 0);
	return (long)fs.f_bfree;
}

static void check_text(void)
{
	int fd = MUST(open("killed", O_RDONLY));
	char text[4] = "";

	CHECK_EQ(read(fd, text, sizeof(text)), 3);
	CHECK(strcmp(text, "old") == 0);
	CHECK(close(fd) == 0);
}

static void body(void)
{
	int fd = MUST(open("killed", O_CREAT | O_TRUNC | O_RDWR, 0600)), nameless;
	static char bytes[SIZE];
	long free_before, free_frozen;

	CHECK_EQ(write(fd, "old", 3), 3);
	CHECK(close(fd) == 0);
	nameless = MUST(open("nameless", O_CREAT | O_RDWR, 0600));
	CHECK_EQ(write(nameless, bytes, SIZE), SIZE);
	CHECK(unlink("nameless") == 0);
	freeze_disk();
	free_before = free_blocks();
	check_killed(write_for_ever);
	check_killed(touch_for_ever);
	check_killed(remove_for_ever);
	check_text();
	CHECK(close(nameless) == 0);
	free_frozen = free_blocks();
	CHECK_EQ(free_frozen, free_before);
	thaw_disk();
	CHECK(free_blocks() > free_frozen);
	check_text();
	CHECK(unlink("killed") == 0);
}

int main(void)
{
	return run_freezing(body);
}

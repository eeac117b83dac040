/* test: timeout=60
 * Files of /proc whose open description is shared: threads that pread() the same text at once each
 * see a whole one, and read() through a description of two processes takes its locks in order.
 */
#include "check.h"
#include <ctype.h>
#include <pthread.h>

enum { READERS = 3, ROUNDS = 60 };

static int maps_fd;
static volatile bool is_over;

/* Lines of a map begin with an address and are text. */
static void *read_maps(void *unused)
{
	char text[2048];

	for (int i = 0; i < ROUNDS; i++) {
		ssize_t got = pread(maps_fd, text, sizeof(text), 0);

		CHECK(got > 0);
		CHECK(isxdigit((unsigned char)text[0]));
		for (ssize_t c = 0; c < got; c++) {
			if (text[c] != '\n' && !isprint((unsigned char)text[c]))
				FAIL("byte %zd of %zd is %#x", c, got, (unsigned char)text[c]);
		}
	}
	return unused;
}

/* The text's size changes all the time, and with it where the kernel keeps it. */
static void *change_maps(void *unused)
{
	enum { MOST = 60 };
	char *area = map_pages(2 * MOST);

	while (!is_over) {
		for (int i = 0; i < MOST && !is_over; i++)
			CHECK(mprotect(area + 2 * i * PAGE, PAGE, PROT_READ) == 0);
		CHECK(mprotect(area, 2 * MOST * PAGE, PROT_READ | PROT_WRITE) == 0);
	}
	return unused;
}

static void read_in_threads(void)
{
	pthread_t readers[READERS], changer;

	maps_fd = MUST(open("/proc/self/maps", O_RDONLY));
	CHECK(pthread_create(&changer, NULL, change_maps, NULL) == 0);
	for (int i = 0; i < READERS; i++)
		CHECK(pthread_create(&readers[i], NULL, read_maps, NULL) == 0);
	for (int i = 0; i < READERS; i++)
		CHECK(pthread_join(readers[i], NULL) == 0);
	is_over = true;
	CHECK(pthread_join(changer, NULL) == 0);
	close(maps_fd);
}

static void read_in_two_processes(const char *path)
{
	char text[512];
	int fd = open(path, O_RDONLY);
	pid_t pid;

	if (fd < 0 && errno == ENOENT)
		return;
	CHECK(fd >= 0);
	pid = FORK();
	if (pid == 0) {
		for (;;)
			pause();
	}
	while (read(fd, text, sizeof(text)) > 0)
		;
	close(fd);
	kill_and_reap(pid);
}

int main(void)
{
	static const char *const paths[] = {
		"/proc/mounts",	      "/proc/self/mountinfo", "/proc/sysvipc/shm",
		"/proc/sysvipc/sem",  "/proc/sysvipc/msg",    "/proc/self/smaps",
		"/proc/self/environ", "/proc/stat",	      "/proc/meminfo",
		"/proc/locks",	      "/proc/net/unix",	      "/proc/self/status",
		"/proc/partitions",   "/proc/tty/drivers",    "/proc/filesystems",
	};

	read_in_threads();
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		read_in_two_processes(paths[i]);
	return 0;
}

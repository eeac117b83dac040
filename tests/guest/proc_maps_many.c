/* test: timeout=90
 * The map of a process with twenty thousand regions: each line once and in order,
 * whatever the size of the reads, from the start or from a place in the middle.
 */
#include "check.h"

enum { REGIONS = 20000, LINE = 400 };

/* In each line. */
#define NAME "a-file-whose-name-is-so-long-that-the-whole-map-is-one-of-several-megabytes"

static char *window;

/* Lines of the window's regions in `text`, which holds whole lines. Each follows the one before. */
static int count_lines(const char *text, uintptr_t *next)
{
	int count = 0;

	for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
		unsigned long start, end;

		CHECK(sscanf(line, "%lx-%lx ", &start, &end) == 2);
		if (start < (uintptr_t)window || start >= (uintptr_t)window + REGIONS * PAGE)
			continue;
		CHECK_EQ(start, *next);
		*next = end;
		count++;
	}
	return count;
}

/* Read it all with reads of `size` bytes. Returns how long it is. */
static size_t read_all(size_t size)
{
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	char *text = malloc(size + LINE + 1);
	uintptr_t next = (uintptr_t)window;
	size_t kept = 0, length = 0;
	int count = 0;
	ssize_t got;

	CHECK(fd >= 0 && text != NULL);
	while ((got = read(fd, text + kept, size)) > 0) {
		char *end = text + kept + got;
		char *last;

		length += (size_t)got;
		*end = '\0';
		last = strrchr(text, '\n');
		if (!last) {
			kept += (size_t)got;
			CHECK(kept < LINE);
			continue;
		}
		char first_of_rest = last[1];

		last[1] = '\0';
		count += count_lines(text, &next);
		last[1] = first_of_rest;
		kept = (size_t)(end - (last + 1));
		memmove(text, last + 1, kept);
	}
	CHECK_EQ(got, 0);
	CHECK_EQ(kept, 0);
	CHECK_EQ(count, REGIONS);
	CHECK_EQ(next, (uintptr_t)window + REGIONS * PAGE);
	CHECK(close(fd) == 0);
	free(text);
	return length;
}

/* The same bytes are at the same place whoever asks for it. */
static void read_middle(size_t length)
{
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	int other = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	static char a[4096], b[4096];
	const size_t places[] = { length / 2, length / 3, length - 50, length / 2 + 1, 5 };

	CHECK(fd >= 0 && other >= 0);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		ssize_t got = pread(fd, a, sizeof(a), (off_t)places[i]);
		size_t done = 0;

		CHECK(got > 0);
		while (done < (size_t)got) {
			ssize_t part =
				pread(other, b, (size_t)got - done, (off_t)(places[i] + done));

			CHECK(part > 0);
			CHECK(memcmp(a + done, b, (size_t)part) == 0);
			done += (size_t)part;
		}
	}
	CHECK_EQ(pread(fd, a, sizeof(a), (off_t)length), 0);
	CHECK_EQ(pread(fd, a, sizeof(a), (off_t)INT32_MAX), 0);
	CHECK(close(fd) == 0);
	CHECK(close(other) == 0);
}

int main(void)
{
	size_t length;
	int fd = open(NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	CHECK(ftruncate(fd, REGIONS * PAGE) == 0);
	window = mmap(NULL, REGIONS * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	CHECK(window != MAP_FAILED);
	for (int page = 1; page < REGIONS; page += 2)
		CHECK(mprotect(window + page * PAGE, PAGE, PROT_NONE) == 0);
	length = read_all(65536);
	CHECK_EQ(read_all(4096), length);
	CHECK_EQ(read_all(1000), length);
	read_middle(length);
	CHECK(munmap(window, REGIONS * PAGE) == 0);
	CHECK(close(fd) == 0);
	CHECK(unlink(NAME) == 0);
	return 0;
}

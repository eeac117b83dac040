/*
 * A file is mapped piece by piece, thousands of times in several processes. Cutting off its last
 * page takes that page from all of them, leaves the others, and does not look at every mapping.
 */
#include "fork_counters.h"

enum { PIECES = 500, CHILDREN = 3, LOOKED_AT_MAX = 200 };

static char *pieces[PIECES];

/* What comes later in the file is mapped lower, or with room in between: no two become one. */
static void map_pieces(int fd)
{
	char *base = map_pages((size_t)2 * PIECES);

	for (int i = 0; i < PIECES; i++) {
		pieces[i] = mmap(base + (size_t)2 * (PIECES - 1 - i) * PAGE, PAGE, PROT_READ,
				 MAP_SHARED | MAP_FIXED, fd, (off_t)i * PAGE);
		CHECK(pieces[i] != MAP_FAILED);
		CHECK_EQ(pieces[i][9], pattern_byte((size_t)i * PAGE + 9));
	}
}

static void touch_last(void)
{
	(void)*(volatile char *)pieces[PIECES - 1];
}

static void check_pieces(void)
{
	for (int i = 0; i < PIECES - 1; i++)
		CHECK_EQ(pieces[i][9], pattern_byte((size_t)i * PAGE + 9));
	dies_of(SIGBUS, touch_last);
}

int main(void)
{
	struct gate gate = gate_create();
	pid_t children[CHILDREN];
	long long before, after;
	int fd;

	make_pattern_file("mapped", (size_t)PIECES * PAGE);
	fd = MUST(open("mapped", O_RDWR));
	map_pieces(fd);
	for (int i = 0; i < CHILDREN; i++) {
		children[i] = FORK();
		if (children[i] == 0) {
			gate_pass(&gate);
			check_pieces();
			_exit(0);
		}
	}
	before = fork_counter("regions_walked");
	CHECK(ftruncate(fd, (off_t)(PIECES - 1) * PAGE) == 0);
	after = fork_counter("regions_walked");
	CHECK(before == -1 || after - before <= LOOKED_AT_MAX);
	for (int i = 0; i < CHILDREN; i++)
		gate_open(&gate);
	for (int i = 0; i < CHILDREN; i++)
		CHECK_EQ(wait_exit_status(children[i]), 0);
	check_pieces();
	return 0;
}

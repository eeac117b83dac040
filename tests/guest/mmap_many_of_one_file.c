/*
 * A file is mapped piece by piece, thousands of times in several processes. Cutting off its last
 * page takes that page from all of them, leaves the others, and does not look at every mapping.
 * Cutting off what is mapped a thousand times looks at each mapping a few times, whether all show
 * one page or each another.
 */
#include "fork_counters.h"

enum { PIECES = 1000, CHILDREN = 3, LOOKED_AT_MAX = 200 };

static char *pieces[PIECES];

/*
 * Piece by piece, `step` bytes further on each time. What comes later in the file is mapped lower,
 * with room in between: no two become one.
 */
static void map_pieces(int fd, size_t step)
{
	char *base = map_pages((size_t)2 * PIECES);

	for (int i = 0; i < PIECES; i++) {
		pieces[i] = mmap(base + (size_t)2 * (PIECES - 1 - i) * PAGE, PAGE, PROT_READ,
				 MAP_SHARED | MAP_FIXED, fd, (off_t)((size_t)i * step));
		CHECK(pieces[i] != MAP_FAILED);
		CHECK_EQ(pieces[i][9], pattern_byte((size_t)i * step + 9));
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

static int place_to_touch;

static void touch_piece(void)
{
	(void)*(volatile char *)pieces[place_to_touch];
}

/* The whole file goes, and what is mapped in PIECES places is nowhere any more. */
static void cut_all(int fd)
{
	long long before = fork_counter("regions_walked"), after;

	CHECK(ftruncate(fd, 0) == 0);
	after = fork_counter("regions_walked");
	CHECK(before == -1 || after - before <= 4 * PIECES);
	for (place_to_touch = 0; place_to_touch < PIECES; place_to_touch += PIECES / 5)
		dies_of(SIGBUS, touch_piece);
	CHECK(munmap(pieces[PIECES - 1], (size_t)2 * PIECES * PAGE) == 0);
}

static void cut_what_is_mapped_often(void)
{
	int fd;

	make_pattern_file("pieces", (size_t)PIECES * PAGE);
	fd = MUST(open("pieces", O_RDWR));
	map_pieces(fd, PAGE);
	cut_all(fd);
	make_pattern_file("page", PAGE);
	fd = MUST(open("page", O_RDWR));
	map_pieces(fd, 0);
	cut_all(fd);
}

int main(void)
{
	struct gate gate = gate_create();
	pid_t children[CHILDREN];
	long long before, after;
	int fd;

	make_pattern_file("mapped", (size_t)PIECES * PAGE);
	fd = MUST(open("mapped", O_RDWR));
	map_pieces(fd, PAGE);
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
	cut_what_is_mapped_often();
	return 0;
}

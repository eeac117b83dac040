/*
 * A file is mapped piece by piece, thousands of times in several processes. Cutting off its last
 * page takes that page from all of them, leaves the others, and does not look at every mapping.
 * Cutting off what is mapped a thousand times looks at each mapping a few times, whether all show
 * one page, each another, or each of many processes all of many pages.
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

/* A large file is cut that many processes show, each by tables of its own. */
static void cut_what_many_show(void)
{
	enum { PAGES = 600, SHOWERS = 24 };
	struct gate shown = gate_create(), cut = gate_create();
	pid_t showers[SHOWERS];
	long long before, after;
	int fd;

	make_pattern_file("shown", (size_t)PAGES * PAGE);
	fd = MUST(open("shown", O_RDWR));
	for (int i = 0; i < SHOWERS; i++) {
		showers[i] = FORK();
		if (showers[i] == 0) {
			char *map = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ, MAP_SHARED, fd, 0);

			CHECK(map != MAP_FAILED);
			for (size_t j = 0; j < PAGES; j++)
				CHECK_EQ(map[j * PAGE + 9], pattern_byte(j * PAGE + 9));
			gate_open(&shown);
			gate_pass(&cut);
			for (int j = 1; j < PAGES; j += PAGES / 3) {
				pieces[0] = map + (size_t)j * PAGE;
				place_to_touch = 0;
				dies_of(SIGBUS, touch_piece);
			}
			CHECK_EQ(map[9], pattern_byte(9));
			_exit(0);
		}
	}
	for (int i = 0; i < SHOWERS; i++)
		gate_pass(&shown);
	before = fork_counter("regions_walked");
	CHECK(ftruncate(fd, PAGE) == 0);
	after = fork_counter("regions_walked");
	CHECK(before == -1 || after - before <= 4 * SHOWERS);
	for (int i = 0; i < SHOWERS; i++)
		gate_open(&cut);
	for (int i = 0; i < SHOWERS; i++)
		CHECK_EQ(wait_exit_status(showers[i]), 0);
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
	cut_what_many_show();
	return 0;
}

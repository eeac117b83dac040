/* mremap() with MREMAP_FIXED moves pages, not bytes; the place they go to loses what it had. */
#include "faults.h"

int main(void)
{
	char *source = map_pages(4);
	char *target = map_pages(8);
	uint64_t frame;
	int fd;

	for (int page = 0; page < 4; page++)
		source[page * PAGE] = 'a' + page;
	target[2 * PAGE] = 'x';
	target[0] = 'y';
	frame = frame_of(source + PAGE);

	CHECK(mremap(source, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     target + 2 * PAGE) == target + 2 * PAGE);
	CHECK_EQ(frame_of(target + 3 * PAGE), frame);
	for (int page = 0; page < 4; page++)
		CHECK_EQ(target[(page + 2) * PAGE], 'a' + page);
	CHECK_EQ(target[0], 'y');
	CHECK_FAULT(touch_read, source, SIGSEGV, SEGV_MAPERR);

	/* A piece from the middle of a file map keeps its offset in the file. */
	make_pattern_file("mapped", 6 * PAGE);
	fd = MUST(open("mapped", O_RDONLY));
	char *file = mmap(NULL, 6 * PAGE, PROT_READ, MAP_SHARED, fd, 0);

	CHECK(file != MAP_FAILED);
	CHECK(mremap(file + 2 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     target + 6 * PAGE) == target + 6 * PAGE);
	CHECK_EQ(target[6 * PAGE], pattern_byte(2 * PAGE));
	CHECK_EQ(target[7 * PAGE + 5], pattern_byte(3 * PAGE + 5));
	CHECK_EQ(file[PAGE], pattern_byte(PAGE));
	CHECK_EQ(file[4 * PAGE], pattern_byte(4 * PAGE));
	CHECK_FAULT(touch_read, file + 2 * PAGE, SIGSEGV, SEGV_MAPERR);
	return 0;
}

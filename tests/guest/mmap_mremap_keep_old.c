/* MREMAP_DONTUNMAP: the pages go, the old mapping stays and is filled anew. */
#include "faults.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
enum { KEEP = MREMAP_MAYMOVE | MREMAP_DONTUNMAP };

static void anonymous(void)
{
	char *old = map_pages(4), *new;
	uint64_t frame;

	for (int page = 0; page < 4; page++)
		old[page * PAGE] = 'a' + page;
	frame = frame_of(old + PAGE);
	new = mremap(old, 4 * PAGE, 4 * PAGE, KEEP, NULL);
	CHECK(new != MAP_FAILED && new != old);
	CHECK_EQ(frame_of(new + PAGE), frame);
	for (int page = 0; page < 4; page++) {
		CHECK_EQ(new[page * PAGE], 'a' + page);
		CHECK_EQ(old[page * PAGE], 0);
		old[page * PAGE] = 'A' + page;
		CHECK_EQ(new[page * PAGE], 'a' + page);
	}

	/* Onto something, and a piece of a region. */
	char *target = map_pages(4);

	target[0] = 'x';
	CHECK(mremap(new + PAGE, 2 * PAGE, 2 * PAGE, KEEP | MREMAP_FIXED, target) == target);
	CHECK_EQ(target[0], 'b');
	CHECK_EQ(target[PAGE], 'c');
	CHECK_EQ(new[0], 'a');
	CHECK_EQ(new[PAGE], 0);
	CHECK_EQ(new[3 * PAGE], 'd');

	/* Without MREMAP_FIXED the new address is a wish. */
	char *hole = map_pages(8);

	CHECK(munmap(hole + 2 * PAGE, 4 * PAGE) == 0);
	CHECK(mremap(old, 2 * PAGE, 2 * PAGE, KEEP, hole + 3 * PAGE) == hole + 3 * PAGE);
	CHECK_EQ(hole[3 * PAGE], 'A');
}

static void files(void)
{
	make_pattern_file("mapped", 4 * PAGE);
	int fd = MUST(open("mapped", O_RDWR));
	char *old = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *private = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	char *new;

	CHECK(old != MAP_FAILED && private != MAP_FAILED);
	new = mremap(old + PAGE, 2 * PAGE, 2 * PAGE, KEEP, NULL);
	CHECK(new != MAP_FAILED);
	new[5] = 'Z';
	CHECK_EQ(old[PAGE + 5], 'Z');	/* from the same file, again */
	private[PAGE] = 'p';
	new = mremap(private, 4 * PAGE, 4 * PAGE, KEEP, NULL);
	CHECK(new != MAP_FAILED);
	CHECK_EQ(new[PAGE], 'p');
	CHECK_EQ(private[PAGE], pattern_byte(PAGE));	/* the copy is gone */
}

static void refusals(void)
{
	char *old = map_pages(4);

	CHECK_ERRNO((long)mremap(old, PAGE, PAGE, MREMAP_DONTUNMAP, NULL), EINVAL);
	CHECK_ERRNO((long)mremap(old, PAGE, 2 * PAGE, KEEP, NULL), EINVAL);
	CHECK_ERRNO((long)mremap(old, 2 * PAGE, PAGE, KEEP, NULL), EINVAL);
	CHECK_ERRNO((long)mremap(old, PAGE, PAGE, KEEP | 8, NULL), EINVAL);
	CHECK_ERRNO((long)mremap(old, PAGE, PAGE, KEEP, old + 4 * PAGE + 1), EINVAL);
	CHECK_ERRNO((long)mremap(old, 2 * PAGE, 2 * PAGE, KEEP | MREMAP_FIXED, old + PAGE), EINVAL);
	CHECK_ERRNO((long)mremap(old, 2 * PAGE, 2 * PAGE, KEEP, old + PAGE), EINVAL);
	CHECK(munmap(old, 4 * PAGE) == 0);
	CHECK_ERRNO((long)mremap(old, PAGE, PAGE, KEEP, NULL), EFAULT);
}

static void locked(void)
{
	char *old = map_pages(4);
	unsigned char there[4];

	CHECK(mlock(old, 4 * PAGE) == 0);
	CHECK(mremap(old, 2 * PAGE, 2 * PAGE, KEEP, NULL) != MAP_FAILED);
	CHECK(mincore(old, 4 * PAGE, there) == 0);
	CHECK_EQ(there[0] & 1, 0);
	CHECK_EQ(there[3] & 1, 1);
}

int main(void)
{
	anonymous();
	files();
	refusals();
	locked();
	return 0;
}

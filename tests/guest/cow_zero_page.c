/* Reading untouched memory gives zeros and takes no memory of one's own; writing takes a page. */
#include "check.h"

int main(void)
{
	volatile char *pages = map_pages(64);
	uint64_t frame;

	for (int i = 0; i < 64; i++)
		CHECK_EQ(pages[i * PAGE + i], 0);
	/* All of them are one frame. */
	frame = frame_of(pages);
	for (int i = 1; i < 64; i++)
		CHECK_EQ(frame_of(pages + i * PAGE), frame);
	pages[5 * PAGE] = 'w';
	CHECK(frame_of(pages + 5 * PAGE) != frame);
	CHECK_EQ(pages[6 * PAGE], 0);
	CHECK_EQ(pages[5 * PAGE + 1], 0);
	return 0;
}

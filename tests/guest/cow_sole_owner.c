/* When all others are gone, the last owner writes to the frame it has: no copy is made. */
#include "check.h"

int main(void)
{
	volatile char *pages = map_pages(8);
	uint64_t frames[8];
	pid_t child;

	for (int i = 0; i < 8; i++) {
		pages[i * PAGE] = i;
		frames[i] = frame_of(pages + i * PAGE);
	}
	child = FORK();
	if (child == 0)
		_exit(0);
	CHECK_EQ(wait_exit_status(child), 0);
	for (int i = 0; i < 8; i++) {
		pages[i * PAGE] = i + 1;
		CHECK_EQ(frame_of(pages + i * PAGE), frames[i]);
		CHECK_EQ(pages[i * PAGE], i + 1);
	}
	return 0;
}

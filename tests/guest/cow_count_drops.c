/*
 * After fork() a touched page is mapped twice; when one side writes, each has a frame of its own.
 */
#include "check.h"

int main(void)
{
	volatile char *page = map_pages(1);
	struct gate write_now = gate_create(), written = gate_create();
	uint64_t frame;
	pid_t child;

	page[0] = 'p';
	page[1] = 'q';
	frame = frame_of(page);
	CHECK_EQ(frame_map_count(frame), 1);
	child = FORK();
	if (child == 0) {
		gate_pass(&write_now);
		page[0] = 'c';
		CHECK_EQ(page[1], 'q');
		gate_open(&written);
		pause();
	}
	CHECK_EQ(frame_of(page), frame);
	CHECK_EQ(frame_of_process(child, page), frame);
	CHECK_EQ(frame_map_count(frame), 2);

	gate_open(&write_now);
	gate_pass(&written);
	CHECK_EQ(frame_of(page), frame);
	CHECK_EQ(frame_map_count(frame), 1);
	CHECK(frame_of_process(child, page) != frame);
	CHECK_EQ(frame_map_count(frame_of_process(child, page)), 1);
	CHECK_EQ(page[0], 'p');
	kill_and_reap(child);
	return 0;
}

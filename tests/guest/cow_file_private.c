/*
 * Private file pages over fork(): clean ones stay the file's frame, written ones are copied once
 * each.
 */
#include "check.h"

int main(void)
{
	struct gate look = gate_create();
	uint64_t written_frame;
	pid_t child;
	int fd;

	make_pattern_file("mapped", 2 * PAGE);
	fd = MUST(open("mapped", O_RDONLY));

	volatile char *map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	volatile char *file = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);

	CHECK(map != MAP_FAILED && file != MAP_FAILED);
	map[0] = 'p';
	CHECK_EQ(map[PAGE], pattern_byte(PAGE));
	CHECK_EQ(file[PAGE], pattern_byte(PAGE));
	written_frame = frame_of(map);
	child = FORK();
	if (child == 0) {
		CHECK_EQ(map[0], 'p');
		CHECK_EQ(frame_of(map), written_frame);
		map[0] = 'c';
		CHECK(frame_of(map) != written_frame);
		CHECK_EQ(map[PAGE], pattern_byte(PAGE));
		CHECK_EQ(file[PAGE], pattern_byte(PAGE));
		CHECK_EQ(frame_of(map + PAGE), frame_of(file + PAGE));
		map[PAGE] = 'd';
		CHECK(frame_of(map + PAGE) != frame_of(file + PAGE));
		gate_open(&look);
		_exit(0);
	}
	gate_pass(&look);
	CHECK_EQ(wait_exit_status(child), 0);
	CHECK_EQ(map[0], 'p');
	CHECK_EQ(map[PAGE], pattern_byte(PAGE));
	CHECK_EQ(file[PAGE], pattern_byte(PAGE));
	return 0;
}

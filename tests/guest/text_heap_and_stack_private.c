/* Heap and stack pages that a child writes after fork() belong to it alone. */
#include "check.h"

int main(void)
{
	volatile char *heap = sbrk(2 * PAGE);
	volatile char on_stack[2 * PAGE];
	struct gate written = gate_create();
	pid_t child;

	CHECK(heap != (void *)-1);
	heap[PAGE] = 1;
	on_stack[PAGE] = 1;
	child = FORK();
	if (child == 0) {
		heap[PAGE] = 2;
		on_stack[PAGE] = 2;
		gate_open(&written);
		pause();
	}
	gate_pass(&written);
	CHECK(frame_of_process(child, heap + PAGE) != frame_of(heap + PAGE));
	CHECK(frame_of_process(child, on_stack + PAGE) != frame_of(on_stack + PAGE));
	CHECK_EQ(frame_map_count(frame_of(heap + PAGE)), 1);
	CHECK_EQ(heap[PAGE], 1);
	CHECK_EQ(on_stack[PAGE], 1);
	kill_and_reap(child);
	return 0;
}

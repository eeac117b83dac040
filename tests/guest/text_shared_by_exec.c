/*
 * Four processes that exec one file have one copy of its text and read-only data: every page
 * that is resident in two of them has the same frame. What they write belongs to each alone.
 */
#include "check.h"

#define PROCESSES 4

extern const char __executable_start[], etext[];

/* Volatile, or the compiler reads it for us. */
static const volatile char read_only_data[3 * PAGE] = { 1, 2, 3 };
static char written_data[PAGE] = { 1 };
static char written_bss[2 * PAGE];

static int child_main(int from_parent, int to_parent)
{
	volatile char sum = 0;
	char byte;

	for (const char *text = __executable_start; text < etext; text += PAGE)
		sum += *text;
	sum += read_only_data[PAGE];
	written_data[0] = 2;
	written_bss[PAGE] = 3;
	CHECK(write(to_parent, "r", 1) == 1);
	CHECK(read(from_parent, &byte, 1) == 0);
	return 0;
}

static void check_same(const pid_t *pids, const char *address)
{
	uint64_t frame = frame_of_process(pids[0], address);

	CHECK(frame != 0);
	for (int i = 1; i < PROCESSES; i++)
		CHECK_EQ(frame_of_process(pids[i], address), frame);
	CHECK(frame_map_count(frame) >= PROCESSES);
}

static void check_different(const pid_t *pids, const char *address)
{
	for (int i = 0; i < PROCESSES; i++) {
		uint64_t frame = frame_of_process(pids[i], address);

		CHECK(frame != 0);
		CHECK_EQ(frame_map_count(frame), 1);
		for (int j = 0; j < i; j++)
			CHECK(frame_of_process(pids[j], address) != frame);
	}
}

int main(int argc, char **argv)
{
	pid_t pids[PROCESSES];
	int go[2], ready[2];
	char byte;

	if (argc > 1)
		return child_main(atoi(argv[1]), atoi(argv[2]));
	CHECK(pipe(go) == 0);
	CHECK(pipe(ready) == 0);
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = FORK();
		if (pids[i] == 0) {
			char from[12], to[12];

			close(go[1]);
			snprintf(from, sizeof(from), "%d", go[0]);
			snprintf(to, sizeof(to), "%d", ready[1]);
			execl("/proc/self/exe", "child", from, to, (char *)NULL);
			_exit(1);
		}
	}
	for (int i = 0; i < PROCESSES; i++)
		CHECK(read(ready[0], &byte, 1) == 1);

	for (const char *text = __executable_start; text < etext; text += PAGE)
		check_same(pids, text);
	check_same(pids, (const char *)read_only_data + PAGE);
	check_different(pids, written_data);
	check_different(pids, written_bss + PAGE);

	CHECK(close(go[1]) == 0);
	for (int i = 0; i < PROCESSES; i++)
		CHECK(wait_exit_status(pids[i]) == 0);
	return 0;
}

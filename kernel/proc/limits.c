/*
 * Resource limits at the start, as a Linux machine with the same memory gives them to init.
 */
#include "proc/limits.h"

static void note_open_files(struct limits *limits)
{
	uint64_t current = limits->of[LIMIT_OPEN_FILES].current;

	atomic_store_explicit(&limits->open_files,
			      current > INT32_MAX ? INT32_MAX : (unsigned int)current,
			      memory_order_relaxed);
}

void limits_set(struct limits *limits, enum limit_kind kind, const struct limit *limit)
{
	seq_write_begin(&limits->sequence);
	limits->of[kind] = *limit;
	note_open_files(limits);
	seq_write_end(&limits->sequence);
}

void limits_copy(struct limits *to, const struct limits *from)
{
	unsigned int start;

	do {
		start = seq_read_begin(&from->sequence);
		for (unsigned int i = 0; i < LIMIT_COUNT; i++)
			to->of[i] = from->of[i];
	} while (seq_read_retry(&from->sequence, start));
	note_open_files(to);
}

void limits_set_initial(struct limits *limits, uint64_t memory_pages)
{
	/*
	 * Linux allows as many threads as fit their stacks into an eighth of memory, half of
	 * that a user.
	 */
	uint64_t threads = memory_pages / 8 / 2 / 2;

	for (unsigned int i = 0; i < LIMIT_COUNT; i++)
		limits->of[i] = (struct limit){ LIMIT_INFINITY, LIMIT_INFINITY };
	if (threads < 64)
		threads = 64;
	limits->of[LIMIT_STACK].current = 8u << 20;
	limits->of[LIMIT_CORE].current = 0;
	limits->of[LIMIT_PROCESSES] = (struct limit){ threads, threads };
	limits->of[LIMIT_OPEN_FILES] = (struct limit){ 1024, 4096 };
	note_open_files(limits);
	limits->of[LIMIT_LOCKED] = (struct limit){ 8u << 20, 8u << 20 };
	limits->of[LIMIT_PENDING_SIGNALS] = (struct limit){ threads, threads };
	limits->of[LIMIT_MESSAGE_QUEUE] = (struct limit){ 819200, 819200 };
	limits->of[LIMIT_NICE] = (struct limit){ 0, 0 };
	limits->of[LIMIT_REALTIME_PRIORITY] = (struct limit){ 0, 0 };
}

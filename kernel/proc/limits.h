/*
 * Resource limits: Linux's sixteen, 64 bits inside.
 */
#pragma once
#include <stdint.h>

enum limit_kind { /* Linux's RLIMIT_ numbers */
		  LIMIT_CPU,
		  LIMIT_FILE_SIZE,
		  LIMIT_DATA,
		  LIMIT_STACK,
		  LIMIT_CORE,
		  LIMIT_RESIDENT,
		  LIMIT_PROCESSES,
		  LIMIT_OPEN_FILES,
		  LIMIT_LOCKED,
		  LIMIT_ADDRESS_SPACE,
		  LIMIT_FILE_LOCKS,
		  LIMIT_PENDING_SIGNALS,
		  LIMIT_MESSAGE_QUEUE,
		  LIMIT_NICE,
		  LIMIT_REALTIME_PRIORITY,
		  LIMIT_REALTIME_TIME,
		  LIMIT_COUNT
};
#define LIMIT_INFINITY UINT64_MAX

struct limit {
	uint64_t current, maximum;
};
struct limits {
	struct limit of[LIMIT_COUNT];
};

/* What init starts with; process counts scale with memory as on Linux. */
void limits_set_initial(struct limits *limits, uint64_t memory_pages);

/*
 * Core files that go to a program: /proc/sys/kernel/core_pattern with a `|`, and core_pipe_limit.
 */
#pragma once
#include <stdbool.h>
#include "core/compiler.h"

struct file;
struct process;

struct core_pipe {
	struct process *program;	/* reference; NULL: it did not begin */
	bool waits;			/* for its end: there is a limit */
	bool is_begun;			/* core_pipe_end() is due, whether it runs or not */
};

/* How many programs may be getting a core at once, whom the dying wait for; 0: any, no waiting. */
unsigned int core_pipe_limit(void);
void core_pipe_set_limit(unsigned int limit);
/*
 * Start the program; `out`: where the core is to be written. Errors: as kernel_program_start,
 * -EAGAIN (there are too many).
 */
must_check int core_pipe_begin(struct core_pipe *pipe, const char *const *arguments,
			       struct file **out);
/* The writer's end is closed: wait, if that is wished and we are not killed. May sleep. */
void core_pipe_end(struct core_pipe *pipe);

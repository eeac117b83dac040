/*
 * What the system calls itself.
 */
#pragma once

/*
 * Programs branch on the name and the release's number, so both are those of the Linux whose
 * calls we answer.
 */
#define SYSTEM_NAME "Linux"
#define SYSTEM_RELEASE "6.1.0-quartet"
#define SYSTEM_VERSION "#1 SMP PREEMPT Quartet"
#define SYSTEM_MACHINE "i686"

/* sethostname(2)'s. */
const char *system_node_name(void);

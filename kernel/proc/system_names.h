/*
 * What the system calls itself.
 */
#pragma once
#include <stddef.h>

/*
 * Programs branch on the name and the release's number, so both are those of the Linux whose
 * calls we answer.
 */
#define SYSTEM_NAME "Linux"
#define SYSTEM_RELEASE "6.1.0-quartet"
#define SYSTEM_RELEASE_UNAME26 "2.6.61-quartet"	/* 60 and what follows the first dot */
#define SYSTEM_VERSION "#1 SMP PREEMPT Quartet"
#define SYSTEM_MACHINE "i686"

/* The names that root gives it: sethostname(2)'s, and setdomainname(2)'s. */
enum system_name { SYSTEM_HOST, SYSTEM_DOMAIN, SYSTEM_NAMES };

enum { SYSTEM_NAME_SIZE = 65 };		/* with its end */

/* Filled with zeros to its size. */
void system_name_get(enum system_name which, char name[SYSTEM_NAME_SIZE]);
/* The first `size` bytes, at most SYSTEM_NAME_SIZE - 1. */
void system_name_set(enum system_name which, const char *name, size_t size);

/* The release, as the caller's personality has it. */
const char *system_release(void);

/*
 * What core files are called: /proc/sys/kernel/core_pattern and core_uses_pid.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "core/compiler.h"

enum { CORE_PATTERN_SIZE = 128, CORE_NAME_SIZE = 512 };

/* With its final 0. */
void core_name_get_pattern(char pattern[CORE_PATTERN_SIZE]);
/*
 * What is too long is cut, as on Linux. Errors: -EINVAL (a program to pipe the file to, or one of
 * %h %f %E, which Linux has).
 */
must_check int core_name_set_pattern(const char *pattern);
bool core_name_uses_pid(void);
void core_name_set_uses_pid(bool uses);

/* For the current process, which dies of `signal`. Errors: -ENAMETOOLONG. */
must_check int core_name_make(char name[CORE_NAME_SIZE], int signal);

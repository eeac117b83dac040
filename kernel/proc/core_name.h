/*
 * What core files are called: /proc/sys/kernel/core_pattern and core_uses_pid.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "core/compiler.h"

enum {
	CORE_PATTERN_SIZE = 128,
	CORE_NAME_SIZE = 512,
	CORE_WORDS_MAX = CORE_PATTERN_SIZE / 2 + 1, /* of a command, with the NULL behind them */
};

/* With its final 0. */
void core_name_get_pattern(char pattern[CORE_PATTERN_SIZE]);
/*
 * What is too long is cut, as on Linux. Errors: -EINVAL (one of %h %f %E, which Linux has).
 */
must_check int core_name_set_pattern(const char *pattern);
bool core_name_uses_pid(void);
void core_name_set_uses_pid(bool uses);

/*
 * For the current process, which dies of `signal`. Errors: -ENAMETOOLONG, -EINVAL (it is a program
 * meanwhile).
 */
must_check int core_name_make(char name[CORE_NAME_SIZE], int signal);
/* Does the pattern begin with `|`: the core is for a program? */
bool core_name_is_program(void);
/* Its words, in `text`, ended by NULL. Errors: -ENAMETOOLONG, -EINVAL (there is no program). */
must_check int core_name_make_command(char text[CORE_NAME_SIZE], const char *words[CORE_WORDS_MAX],
				      int signal);

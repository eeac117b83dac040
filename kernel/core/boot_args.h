/*
 * The kernel command line: words, each `key` or `key=value`; quotes keep spaces together.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* Copies and parses; called once, before anything asks. */
void boot_args_init(const char *command_line);

/* The whole line as given, for /proc/cmdline. */
const char *boot_args_line(void);

/* The value of the last `key=`, or NULL. `key` alone gives "". The string lives for ever. */
const char *boot_args_get(const char *key);

/* A number in any C base, or `otherwise` if absent or, which is told, malformed. */
unsigned long boot_args_number(const char *key, unsigned long otherwise);

/*
 * What the parts of init share: main.c sets up the machine, keeps the shells and ends it all;
 * outside.c works for a program outside of the machine.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

enum { SHUTDOWN_GRACE_MS = 2000 };	/* how long a program may take to obey SIGTERM */

/* To standard error, with init's name before it. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The whole of a small file, with a NUL after it; NULL if it cannot be read. The caller frees. */
char *read_whole_file(const char *path, size_t *size_out);
void write_text(int fd, const char *text);
/* False: nobody takes it. */
bool write_all(int fd, const char *text, size_t size);
void go_to(const char *directory);
void remove_tree(const char *path);

/*
 * The value of `name=value`, or "" for a bare `name`, on the kernel command line; NULL if absent.
 */
char *boot_option(const char *name);

/* In a new child: nothing of init's signal handling may leak into programs. */
void become_ordinary_process(void);

/*
 * Wait until `child` is dead, reaping all others on the way; then kill it if it takes too long
 * (less than 0: it may take for ever). Returns its status as a shell would give it, or 124.
 */
int wait_for_child(pid_t child, long long timeout_ms);

/* Reap until no child is left or the time is over. */
bool wait_for_all_children(long long timeout_ms);

/* End all programs, write everything, and call reboot(2). */
void shut_down(int reboot_command) __attribute__((noreturn));

/* The work of quartet.run and of quartet.tests. */
void run_and_power_off(void) __attribute__((noreturn));
void run_tests_and_power_off(const char *list_path) __attribute__((noreturn));

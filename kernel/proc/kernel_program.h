/*
 * Programs that the kernel starts by itself.
 */
#pragma once
#include "core/compiler.h"

struct file;
struct process;

/*
 * Start `arguments[0]`, a path from the root directory, as root, with nothing but `input`
 * (reference taken over, even on error) as its standard input, and no environment. Returns when it
 * runs; `out`: a reference. May sleep. Errors: those of execve(2), -EAGAIN, -ENOMEM.
 */
must_check int kernel_program_start(const char *const *arguments, struct file *input,
				    struct process **out);

/*
 * Notices of what happens in an open directory, by a signal: fcntl's F_NOTIFY.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "core/compiler.h"

struct file;

/*
 * The owner of `file` hears of `kinds` (DN_...) in the directory: once, or (DN_MULTISHOT) until it
 * is closed. Kinds add up; none of them: no more notices. `table` stands for the process, `fd` is
 * what the signal names. May sleep. Errors: -EINVAL (switched off), -ENOTDIR, -ENOMEM.
 */
must_check int directory_notice_set(struct file *file, int fd, const void *table, uint32_t kinds);
/* A descriptor of `table` for `file` is closed; NULL: the file is about to go. May sleep. */
void directory_notice_end(struct file *file, const void *table);

/* /proc/sys/fs/dir-notify-enable */
bool directory_notice_is_enabled(void);
void directory_notice_enable(bool on);
void directory_notice_init(void);

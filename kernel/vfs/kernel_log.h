/*
 * The kernel log for readers that sleep until it grows, and its one reader that consumes:
 * /proc/kmsg and syslog(2) share how far it has been read.
 */
#pragma once
#include <stdbool.h>
#include "core/compiler.h"
#include "core/types.h"
#include "vm/io_buffer.h"

struct wait_queue;

/* Once, before anybody reads. */
void kernel_log_init(void);
/* Woken when the log grows. */
struct wait_queue *kernel_log_queue(void);

/*
 * Move what nobody has consumed yet to `buffer`, as much as it takes; if there is nothing and
 * `waits`, sleep until there is. Bytes moved. May sleep.
 * Errors: -EAGAIN, -ERESTARTSYS, -EFAULT (then the bytes are gone, as on Linux), -ENOMEM.
 */
must_check ssize_t kernel_log_consume(struct io_buffer *buffer, bool waits);
/* How many bytes that would be. */
size_t kernel_log_unread(void);

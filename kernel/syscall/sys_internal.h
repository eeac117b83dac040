/*
 * What the system-call files share.
 */
#pragma once
#include <stdbool.h>
#include "core/compiler.h"
#include "core/types.h"
#include "proc/process.h"
#include "vfs/fd_table.h"
#include "vm/io_buffer.h"

struct credentials;
struct file;
struct linux_siginfo;
struct time_stamp;

/*
 * sys_file.c: what readv and friends get: pieces copied in once, then checked. Errors: -EINVAL,
 * -EFAULT, -ENOMEM.
 */
struct syscall_pieces {
	struct io_piece *list;
	struct io_piece small[8];
	struct io_buffer buffer;
};
must_check int syscall_pieces_get(struct syscall_pieces *pieces, user_addr from,
				  unsigned int count);
void syscall_pieces_put(struct syscall_pieces *pieces);

/* The description behind `fd`, or NULL; give back with fd_table_return. In place: half its cost. */
static inline struct file *syscall_file(int fd, bool *needs_put)
{
	return fd_table_borrow(user_thread_current()->fds, fd, needs_put);
}
/*
 * A read or write has come as far as the file, and ended with this: for /proc/PID/io. Nine
 * instructions; the counts are the thread's own, so that they need no lock.
 */
static inline void syscall_count_read(ssize_t result)
{
	struct thread_io *io = &thread_current()->io;

	wide_count_add(&io->read_calls, 1);
	if (likely(result >= 0))
		wide_count_add(&io->read_size, (uint32_t)result);
}
static inline void syscall_count_write(ssize_t result)
{
	struct thread_io *io = &thread_current()->io;

	wide_count_add(&io->write_calls, 1);
	if (likely(result >= 0))
		wide_count_add(&io->write_size, (uint32_t)result);
}
/* A write's result as the program gets it: with SIGPIPE or SIGXFSZ where the error wants it. */
int syscall_write_result(ssize_t result);
/* The same, but for a socket, which knows better and has sent its SIGPIPE itself. */
int syscall_file_write_result(const struct file *file, ssize_t result);
/* LIMIT_OPEN_FILES of the current process, as a number that an int holds. */
static inline unsigned int syscall_fd_limit(void)
{
	return limits_open_files(&process_current()->limits);
}
/*
 * Put `file` (reference taken over, even on error) behind the lowest free descriptor. Errors:
 * -EMFILE, -ENOMEM.
 */
must_check int syscall_install_file(struct file *file, bool close_on_exec);

/*
 * sys_pidfd.c: the process that `fd` stands for, referenced, and the file's flags. Errors: -EBADF.
 */
struct process;
must_check int syscall_pidfd_get(int fd, struct process **out, uint32_t *flags_out);

/*
 * sys_file.c: dup(2) and F_DUPFD: a second descriptor not below `lowest`. Errors: -EBADF,
 * -EMFILE, -ENOMEM.
 */
int syscall_duplicate_above(int fd, int lowest, bool close_on_exec);

/*
 * sys_poll.c: a signal mask for the length of the call; NULL: none. If the call was interrupted, a
 * handler's frame takes it along; else signal_restore_mask(). Errors: -EINVAL, -EFAULT.
 */
must_check int syscall_set_temporary_mask(user_addr mask, size_t size);

/* sys_identity.c: a copy of the current thread's, to change and set. NULL: no memory. */
struct credentials *credentials_begin_change(void);

/* abi_time.c: Linux's forms of time. All check and say -EINVAL for nanoseconds out of range. */
struct linux_timespec32 {
	int32_t seconds;
	int32_t nanoseconds;
};
struct linux_timespec64 {
	int64_t seconds;
	int64_t nanoseconds;
};
struct linux_timeval32 {
	int32_t seconds;
	int32_t microseconds;
};

must_check int abi_timespec32_get(user_addr from, int64_t *ns); /* -EFAULT, -EINVAL */
must_check int abi_timespec64_get(user_addr from, int64_t *ns);
must_check int abi_timeval32_get(user_addr from, int64_t *ns);
/* A timespec of either form that must not be negative. -EFAULT, -EINVAL */
must_check int abi_timeout_get(user_addr from, bool wide, int64_t *ns);
must_check int abi_timespec32_put(user_addr to, int64_t ns);
must_check int abi_timespec64_put(user_addr to, int64_t ns);
must_check int abi_timeval32_put(user_addr to, int64_t ns);
/* struct itimerspec, of two 32-bit or (wide) 64-bit timespecs. -EFAULT, -EINVAL (or negative). */
must_check int abi_itimerspec_get(user_addr from, bool wide, int64_t *value_ns,
				  int64_t *interval_ns);
must_check int abi_itimerspec_put(user_addr to, bool wide, int64_t value_ns, int64_t interval_ns);
/* A time span as a monotonic deadline; saturates. */
uint64_t abi_deadline_after(int64_t ns);

/*
 * abi_struct.c: a structure of which the program has `given_size` bytes and we know `known_size`.
 * Errors: -EFAULT, -E2BIG (not all zeros in what we do not know). The caller bounds given_size.
 */
must_check int abi_struct_get(void *to, size_t known_size, user_addr from, size_t given_size);

/*
 * abi_signal.c: a whole siginfo_t. What a program gives is for `signal`; 0: for the one that it
 * names. Errors: -EFAULT; -E2BIG if it holds more than we keep.
 */
must_check int abi_siginfo_get(struct linux_siginfo *out, user_addr from, int signal);
must_check int abi_siginfo_put(user_addr to, const struct linux_siginfo *info);

/* abi_stat.c */
struct file_status;
must_check int abi_stat64_put(user_addr to, const struct file_status *status);
must_check int abi_stat32_put(user_addr to, const struct file_status *status); /* -EOVERFLOW */
must_check int abi_old_stat_put(user_addr to, const struct file_status *status);
must_check int abi_statx_put(user_addr to, const struct file_status *status);
uint32_t abi_device_32(dev_number device); /* the encoding of st_dev, 32 bits */
dev_number abi_device_from_32(uint32_t device);

/* sys_time.c: 0 if there is such a clock. Errors: -EINVAL. */
must_check int syscall_check_clock(int clock);

/* sys_timer.c: has the caller the right to this clock (the alarm clocks want CAP_WAKE_ALARM)? */
bool syscall_may_use_clock(int clock);
/* A clock of CPU time, by its number; posix_clock_put it. Errors: -EINVAL. */
struct posix_clock;
must_check int syscall_cpu_clock_get(int clock, struct posix_clock *out);

/* PR_SET_MM (sys_prctl_memory.c). Errors: those of prctl(2). */
must_check int syscall_prctl_memory(uintptr_t what, uintptr_t address, uintptr_t size,
				    uintptr_t fifth);

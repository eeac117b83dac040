/*
 * flock and the record locks of fcntl: Linux's ranges become half-open ones from the start of the
 * file.
 */
#include "arch/user_copy.h"
#include "proc/process.h"
#include "syscall/sys_internal.h"
#include "syscall/sys_lock.h"
#include "syscall/syscalls.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "vfs/credentials.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/file_lock.h"

int sys_flock(int fd, int operation)
{
	bool wait = !(operation & LOCK_NB);
	enum file_lock_type type;
	bool needs_put;
	struct file *file;
	int error;

	/* The mandatory locks of old: Linux says yes, looks at nothing and does nothing. */
	if (operation & LOCK_MAND)
		return 0;
	switch (operation & ~LOCK_NB) {
	case LOCK_SH:
		type = FILE_LOCK_READ;
		break;
	case LOCK_EX:
		type = FILE_LOCK_WRITE;
		break;
	case LOCK_UN:
		type = FILE_LOCK_NONE;
		break;
	default:
		return -EINVAL;
	}
	file = syscall_file(fd, &needs_put);
	if (!file)
		return -EBADF;
	/* A description opened for neither cannot be locked, only unlocked. */
	if ((file->mode & FILE_PATH_ONLY) ||
	    (type != FILE_LOCK_NONE && !(file->mode & (FILE_READ | FILE_WRITE))))
		error = -EBADF;
	else
		error = file_lock_whole(file, type, process_current()->id, wait);
	fd_table_return(file, needs_put);
	return error;
}

/* ---- ranges ---------------------------------------------------------------------------------- */

/*
 * l_whence, l_start and l_len become [start, end). `limit`: the last offset that the structure can
 * name.
 */
static int range_from(struct file *file, const struct flock64 *lock, int64_t limit,
		      struct file_lock_request *request)
{
	int64_t base = 0, start, last;

	switch (lock->l_whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		base = file->position;
		break;
	case SEEK_END:
		base = (int64_t)inode_size(file->inode);
		break;
	default:
		return -EINVAL;
	}
	if (__builtin_add_overflow(base, lock->l_start, &start))
		return -EOVERFLOW;
	if (start < 0)
		return -EINVAL;
	if (lock->l_len > 0) {
		if (__builtin_add_overflow(start, lock->l_len - 1, &last))
			return -EOVERFLOW;
	} else if (lock->l_len < 0) { /* the bytes before */
		last = start - 1;
		start += lock->l_len;
	} else {
		last = INT64_MAX;
	}
	if (start < 0)
		return -EINVAL;
	if (start > limit || (lock->l_len && last > limit))
		return -EOVERFLOW;
	request->start = (uint64_t)start;
	request->end = last == INT64_MAX ? UINT64_MAX : (uint64_t)last + 1;
	return 0;
}

static int request_from(struct file *file, const struct flock64 *lock, int64_t limit, bool is_ofd,
			struct file_lock_request *request)
{
	switch (lock->l_type) {
	case F_RDLCK:
		request->type = FILE_LOCK_READ;
		break;
	case F_WRLCK:
		request->type = FILE_LOCK_WRITE;
		break;
	case F_UNLCK:
		request->type = FILE_LOCK_NONE;
		break;
	default:
		return -EINVAL;
	}
	if (is_ofd && lock->l_pid != 0)
		return -EINVAL;
	request->owner = is_ofd ? (const void *)file : user_thread_current()->fds;
	request->pid = process_current()->id;
	request->payer = credentials_capable(credentials_current(), CAP_SYS_RESOURCE)
				 ? NULL
				 : user_thread_current()->charged;
	return range_from(file, lock, limit, request);
}

/* F_GETLK's answer, in the caller's terms. */
static void answer(struct flock64 *lock, const struct file_lock_request *request)
{
	static const int16_t types[] = {
		[FILE_LOCK_READ] = F_RDLCK, [FILE_LOCK_WRITE] = F_WRLCK, [FILE_LOCK_NONE] = F_UNLCK
	};

	lock->l_type = types[request->type];
	if (request->type == FILE_LOCK_NONE)
		return; /* the rest stays as it was given */
	lock->l_whence = SEEK_SET;
	lock->l_start = (int64_t)request->start;
	lock->l_len = request->end == UINT64_MAX ? 0 : (int64_t)(request->end - request->start);
	lock->l_pid = request->pid;
}

enum lock_action { ACTION_TEST, ACTION_SET, ACTION_WAIT };

static int act(struct file *file, enum lock_action action, struct flock64 *lock, int64_t limit,
	       bool is_ofd)
{
	struct file_lock_request request;
	int error = request_from(file, lock, limit, is_ofd, &request);

	if (error)
		return error;
	if (action != ACTION_TEST)
		return file_lock_set(file, &request, action == ACTION_WAIT);
	if (request.type == FILE_LOCK_NONE)
		return -EINVAL;
	error = file_lock_test(file, &request);
	if (!error)
		answer(lock, &request);
	return error;
}

static int control_64(struct file *file, enum lock_action action, user_addr argument, bool is_ofd)
{
	struct flock64 lock;
	int error = copy_from_user(&lock, argument, sizeof(lock));

	if (!error)
		error = act(file, action, &lock, INT64_MAX, is_ofd);
	if (!error && action == ACTION_TEST)
		error = copy_to_user(argument, &lock, sizeof(lock));
	return error;
}

static int control_32(struct file *file, enum lock_action action, user_addr argument)
{
	struct flock small;
	struct flock64 lock;
	int error = copy_from_user(&small, argument, sizeof(small));

	if (error)
		return error;
	lock = (struct flock64){ .l_type = small.l_type,
				 .l_whence = small.l_whence,
				 .l_start = small.l_start,
				 .l_len = small.l_len,
				 .l_pid = small.l_pid };
	error = act(file, action, &lock, INT32_MAX, false);
	if (error || action != ACTION_TEST)
		return error;
	if (lock.l_start > INT32_MAX)
		return -EOVERFLOW;
	/* What reaches beyond the numbers of this structure is told as reaching to the end. */
	small = (struct flock){ .l_type = lock.l_type,
				.l_whence = lock.l_whence,
				.l_start = (int32_t)lock.l_start,
				.l_len = lock.l_len > INT32_MAX ? 0 : (int32_t)lock.l_len,
				.l_pid = lock.l_pid };
	return copy_to_user(argument, &small, sizeof(small));
}

static int control(struct file *file, unsigned int command, uintptr_t argument)
{
	user_addr address = user_addr_from(argument);

	switch (command) {
	case F_GETLK:
		return control_32(file, ACTION_TEST, address);
	case F_SETLK:
		return control_32(file, ACTION_SET, address);
	case F_SETLKW:
		return control_32(file, ACTION_WAIT, address);
	case F_GETLK64:
		return control_64(file, ACTION_TEST, address, false);
	case F_SETLK64:
		return control_64(file, ACTION_SET, address, false);
	case F_SETLKW64:
		return control_64(file, ACTION_WAIT, address, false);
	case F_OFD_GETLK:
		return control_64(file, ACTION_TEST, address, true);
	case F_OFD_SETLK:
		return control_64(file, ACTION_SET, address, true);
	case F_OFD_SETLKW:
		return control_64(file, ACTION_WAIT, address, true);
	default:
		return -EINVAL;
	}
}

/*
 * close() gives up the process's locks of the file. Another thread's may have done so just before
 * the lock was there: it would stay, and nobody could give it up.
 */
static int undo_if_closed(int fd, const struct file *file)
{
	struct file *now;
	bool needs_put;

	/* Full fence: the lock is there before the table is looked at; see fence_before_close. */
	atomic_thread_fence(memory_order_seq_cst);
	now = syscall_file(fd, &needs_put);
	if (now)
		fd_table_return(now, needs_put);
	if (now == file)
		return 0;
	file_lock_release_owner(file->inode, user_thread_current()->fds);
	return -EBADF;
}

int syscall_lock_control(int fd, struct file *file, unsigned int command, uintptr_t argument)
{
	int error = control(file, command, argument);

	switch (command) {
	case F_SETLK:
	case F_SETLKW:
	case F_SETLK64:
	case F_SETLKW64:
		return error ? error : undo_if_closed(fd, file);
	default:
		return error;
	}
}

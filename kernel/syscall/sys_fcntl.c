/*
 * fcntl and ioctl: what concerns every open file.
 */
#include "arch/user_copy.h"
#include "net/socket.h"
#include "proc/directory_notice.h"
#include "proc/file_owner.h"
#include "proc/process.h"
#include "syscall/sys_internal.h"
#include "syscall/sys_lock.h"
#include "syscall/syscalls.h"
#include "tty/pty.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "uapi/linux/fs.h"
#include "uapi/linux/termios.h"
#include "vfs/block_ioctl.h"
#include "vfs/credentials.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vfs/freeze.h"
#include "vfs/pipe.h"

/* ioctls that every descriptor has (asm-generic numbers). */
#define FIONBIO 0x5421
#define FIONCLEX 0x5450
#define FIOCLEX 0x5451
#define FIOASYNC 0x5452
/* of sockets */
#define FIOSETOWN 0x8901
#define SIOCSPGRP 0x8902
#define FIOGETOWN 0x8903
#define SIOCGPGRP 0x8904

static int set_flags(struct file *file, int fd, uint32_t flags)
{
	uint32_t old = atomic_load_explicit(&file->flags, memory_order_relaxed);
	int error = file_set_flags(file, flags, credentials_current());

	if (error || likely(!((old ^ flags) & O_ASYNC)) || !file->ops->news)
		return error;
	return file_owner_listen(file, fd, flags & O_ASYNC);
}

/* ---- who hears of news ----------------------------------------------------------------------- */

/* F_SETOWN's way to say it: a group's number is negative. */
static int set_owner(struct file *file, int who)
{
	if (who == INT32_MIN)
		return -EINVAL;
	return who < 0 ? file_owner_set(file, FILE_OWNER_GROUP, -who)
		       : file_owner_set(file, FILE_OWNER_PROCESS, who);
}

static int get_owner(struct file *file)
{
	enum file_owner_kind kind;
	process_id id = file_owner_get(file, &kind);

	return kind == FILE_OWNER_GROUP ? -id : id;
}

static int set_owner_ex(struct file *file, user_addr from)
{
	struct f_owner_ex owner;

	if (copy_from_user(&owner, from, sizeof(owner)))
		return -EFAULT;
	switch (owner.type) {
	case FILE_OWNER_THREAD:
	case FILE_OWNER_PROCESS:
	case FILE_OWNER_GROUP:
		return file_owner_set(file, (enum file_owner_kind)owner.type, owner.pid);
	default:
		return -EINVAL;
	}
}

static int get_owner_ex(struct file *file, user_addr to)
{
	enum file_owner_kind kind;
	struct f_owner_ex owner = { .pid = file_owner_get(file, &kind) };

	owner.type = (int32_t)kind;
	return copy_to_user(to, &owner, sizeof(owner));
}

static int get_owner_users(struct file *file, user_addr to)
{
	uint32_t ids[2];

	file_owner_get_users(file, &ids[0], &ids[1]);
	return copy_to_user(to, ids, sizeof(ids));
}

static int set_write_hint(struct inode *inode, user_addr from)
{
	uint64_t hint;

	if (get_user_u64(&hint, from))
		return -EFAULT;
	if (hint > RWH_WRITE_LIFE_EXTREME)
		return -EINVAL;
	atomic_store_explicit(&inode->write_hint, (unsigned char)hint, memory_order_relaxed);
	return 0;
}

static int get_write_hint(struct inode *inode, user_addr to)
{
	return put_user_u64(to, atomic_load_explicit(&inode->write_hint, memory_order_relaxed));
}

/*
 * close() ends what the process hears by the file. Another thread's may have been there just before
 * us: then nobody else would end this. As with record locks (undo_if_closed in sys_lock.c).
 */
static int set_notice(struct file *file, int fd, uint32_t kinds)
{
	struct fd_table *table = user_thread_current()->fds;
	int error = directory_notice_set(file, fd, table, kinds);
	struct file *now;
	bool needs_put;

	if (error)
		return error;
	/* Full fence: it is there before the table is looked at; see fence_before_close. */
	atomic_thread_fence(memory_order_seq_cst);
	now = syscall_file(fd, &needs_put);
	if (now)
		fd_table_return(now, needs_put);
	if (now != file)
		directory_notice_end(file, table);
	return 0;
}

/* Commands about the description; the descriptor's own are done by the caller. */
static int control(struct file *file, int fd, unsigned int command, uintptr_t argument)
{
	switch (command) {
	case F_GETFL:
		/* Linux shows O_LARGEFILE as it was opened; there is no 32-bit limit here. */
		return (int)atomic_load_explicit(&file->flags, memory_order_relaxed);
	case F_SETFL:
		return set_flags(file, fd, (uint32_t)argument);
	case F_SETOWN:
		return set_owner(file, (int)argument);
	case F_GETOWN:
		return get_owner(file);
	case F_SETOWN_EX:
		return set_owner_ex(file, user_addr_from(argument));
	case F_GETOWN_EX:
		return get_owner_ex(file, user_addr_from(argument));
	case F_GETOWNER_UIDS:
		return get_owner_users(file, user_addr_from(argument));
	case F_SETSIG:
		if (argument > SIGNAL_COUNT)
			return -EINVAL;
		return file_owner_set_signal(file, (int)argument);
	case F_GETSIG:
		return file_owner_get_signal(file);
	case F_NOTIFY:
		return set_notice(file, fd, (uint32_t)argument);
	case F_GETLEASE:
		return F_UNLCK;		/* nobody can have one */
	case F_SETPIPE_SZ:
		return pipe_set_size(file, argument, credentials_current());
	case F_GETPIPE_SZ:
		return pipe_get_size(file);
	case F_ADD_SEALS:
		return file_add_seals(file, (uint32_t)argument);
	case F_GET_SEALS:
		return file_get_seals(file);
	case F_SET_RW_HINT:
		return set_write_hint(file->inode, user_addr_from(argument));
	case F_GET_RW_HINT:
		return get_write_hint(file->inode, user_addr_from(argument));
	default:
		return syscall_lock_control(fd, file, command, argument);
	}
}

int sys_fcntl64(int fd, unsigned int command, uintptr_t argument)
{
	struct fd_table *table = user_thread_current()->fds;
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	int result;

	if (!file)
		return -EBADF;
	if (file->mode & FILE_PATH_ONLY && command != F_DUPFD && command != F_DUPFD_CLOEXEC &&
	    command != F_GETFD && command != F_SETFD && command != F_GETFL) {
		result = -EBADF;
		goto return_file;
	}
	switch (command) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		result = (int)argument < 0 || argument >= syscall_fd_limit()
				 ? -EINVAL
				 : syscall_duplicate_above(fd, (int)argument,
							   command == F_DUPFD_CLOEXEC);
		break;
	case F_GETFD:
		result = fd_table_get_close_on_exec(table, fd);
		break;
	case F_SETFD:
		result = fd_table_set_close_on_exec(table, fd, argument & FD_CLOEXEC);
		break;
	default:
		result = control(file, fd, command, argument);
	}
return_file:
	fd_table_return(file, needs_put);
	return result;
}

/* The old form knows only 32-bit record locks. */
int sys_fcntl(int fd, unsigned int command, uintptr_t argument)
{
	switch (command) {
	case F_GETLK64:
	case F_SETLK64:
	case F_SETLKW64:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return -EINVAL;
	default:
		return sys_fcntl64(fd, command, argument);
	}
}

static int switch_flag(struct file *file, int fd, uintptr_t argument, uint32_t flag)
{
	uint32_t flags = atomic_load_explicit(&file->flags, memory_order_relaxed);
	uint32_t on, wanted;

	if (get_user_u32(&on, user_addr_from(argument)))
		return -EFAULT;
	wanted = on ? flags | flag : flags & ~flag;
	if ((wanted ^ flags) & O_ASYNC && !file->ops->news)
		return -ENOTTY;
	return set_flags(file, fd, wanted);
}

/* Of sockets: F_SETOWN and F_GETOWN by other names. */
static int socket_owner(struct file *file, unsigned int command, uintptr_t argument)
{
	int who;

	if (command == FIOGETOWN || command == SIOCGPGRP)
		return put_user_u32(user_addr_from(argument), (uint32_t)get_owner(file));
	if (get_user_u32((uint32_t *)&who, user_addr_from(argument)))
		return -EFAULT;
	return set_owner(file, who);
}

static int open_peer(const struct file *master, uint32_t flags)
{
	struct file *slave;
	int error = pty_open_peer(master, flags, &slave);

	return error ? error : syscall_install_file(slave, flags & O_CLOEXEC);
}

/* On which block of its disk one of a file lies; file systems without a disk do not say. */
static int find_block(struct file *file, uintptr_t argument)
{
	uint32_t block;
	int result;

	if (!inode_is(file->inode, MODE_REGULAR))
		return file_ioctl(file, FIBMAP, argument);
	if (!credentials_capable(credentials_current(), CAP_SYS_RAWIO))
		return -EPERM;
	if (get_user_u32(&block, user_addr_from(argument)))
		return -EFAULT;
	result = block > INT32_MAX ? -EINVAL : file_ioctl(file, FIBMAP, argument);
	return result == -ENOTTY ? -EINVAL : result;
}

/*
 * What administrators do to a whole file system by one of its files. No disk can discard what is
 * free (FITRIM), and only file systems on a disk know the wish.
 */
static int file_system_ioctl(struct file *file, unsigned int command, uintptr_t argument)
{
	bool may = credentials_capable(credentials_current(), CAP_SYS_ADMIN);
	int result;

	switch (command) {
	case FIFREEZE:
		return may ? super_block_freeze(file->inode->super) : -EPERM;
	case FITHAW:
		return may ? super_block_thaw(file->inode->super) : -EPERM;
	default:
		result = file_ioctl(file, command, argument);
		return result == -ENOTTY || may ? result : -EPERM;
	}
}

int sys_ioctl(int fd, unsigned int command, uintptr_t argument)
{
	struct fd_table *table = user_thread_current()->fds;
	bool needs_put;
	struct file *file = syscall_file(fd, &needs_put);
	int result;

	if (!file)
		return -EBADF;
	if (file->mode & FILE_PATH_ONLY) {
		fd_table_return(file, needs_put);
		return -EBADF;
	}
	switch (command) {
	case FIOCLEX:
	case FIONCLEX:
		result = fd_table_set_close_on_exec(table, fd, command == FIOCLEX);
		break;
	case FIONBIO:
		result = switch_flag(file, fd, argument, O_NONBLOCK);
		break;
	case FIOASYNC:
		result = switch_flag(file, fd, argument, O_ASYNC);
		break;
	case FIOSETOWN:
	case FIOGETOWN:
	case SIOCSPGRP:
	case SIOCGPGRP:
		result = socket_of(file) ? socket_owner(file, command, argument)
					 : file_ioctl(file, command, argument);
		break;
	case FIBMAP:
		result = find_block(file, argument);
		break;
	case FIFREEZE:
	case FITHAW:
	case FITRIM:
		result = file_system_ioctl(file, command, argument);
		break;
	case TIOCGPTPEER:
		result = open_peer(file, (uint32_t)argument);
		break;
	default:
		/* Who calls must have the right, not who opened the disk. */
		if (block_ioctl_administers(file, command) &&
		    !credentials_capable(credentials_current(), CAP_SYS_ADMIN))
			result = -EACCES;
		else
			result = file_ioctl(file, command, argument);
	}
	fd_table_return(file, needs_put);
	return result;
}

/*
 * process_vm_readv(2) and process_vm_writev(2): bytes straight between the memory of two processes.
 */
#include "arch/user_copy.h"
#include "lib/min_max.h"
#include "mem/kmalloc.h"
#include "proc/process.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/errno.h"
#include "vm/address_space.h"

enum { PIECES_MAX = 1024 }; /* IOV_MAX */

/* What both calls need while they run. */
struct transfer {
	struct address_space *space; /* of the other process */
	struct io_buffer *local;
	char *chunk; /* a page */
	bool write;
};

/*
 * One piece of the other's memory, as far as ours goes. Page by page, so that what could be moved
 * before a fault is known exactly.
 */
static int move_piece(struct transfer *transfer, uintptr_t address, size_t size)
{
	while (size > 0 && transfer->local->remaining > 0) {
		size_t part = min(size, (size_t)(PAGE_SIZE - address % PAGE_SIZE));
		ssize_t done;

		part = min(part, transfer->local->remaining);
		if (transfer->write && io_buffer_get(transfer->local, transfer->chunk, part))
			return -EFAULT;
		done = address_space_access(transfer->space, address, transfer->chunk, part,
					    transfer->write, false);
		if (done != (ssize_t)part) {
			/* Taken from our memory, but not put into theirs. */
			if (transfer->write)
				transfer->local->remaining += part;
			return done == -EINTR ? -EINTR : -EFAULT;
		}
		if (!transfer->write && io_buffer_put(transfer->local, transfer->chunk, part))
			return -EFAULT;
		address += part;
		size -= part;
	}
	return 0;
}

static ssize_t move_all(struct transfer *transfer, const struct io_piece *remote,
			unsigned int count)
{
	size_t before = transfer->local->remaining;
	size_t moved;
	int error = 0;

	for (unsigned int i = 0; i < count && !error; i++)
		error = move_piece(transfer, remote[i].address, remote[i].size);
	moved = before - transfer->local->remaining;
	return moved ? (ssize_t)moved : error;
}

static bool is_nothing(const struct io_piece *pieces, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (pieces[i].size > 0)
			return false;
	}
	return true;
}

/* The other process's memory, if we may touch it. */
static int find_space(process_id id, struct address_space **out)
{
	struct user_thread *thread = user_thread_find_get(id);
	int error;

	if (!thread)
		return -ESRCH;
	error = process_access_space(thread->process, PROCESS_ACCESS_REAL, out);
	if (!error && !*out)
		error = -ESRCH;
	user_thread_put(thread);
	return error;
}

static ssize_t transfer_with(process_id id, struct io_buffer *local,
			     const struct io_piece *remote, unsigned int count, bool write)
{
	struct transfer transfer = { .local = local, .write = write };
	ssize_t result = find_space(id, &transfer.space);

	if (result)
		return result;
	transfer.chunk = kmalloc(PAGE_SIZE, 0);
	result = transfer.chunk ? move_all(&transfer, remote, count) : -ENOMEM;
	kfree(transfer.chunk);
	address_space_put(transfer.space);
	return result;
}

/* Their addresses are judged when they are used: only the list must be readable. */
static int get_remote(user_addr from, unsigned int count, struct io_piece **out)
{
	struct io_piece *list;

	if (count > PIECES_MAX)
		return -EINVAL;
	list = kmalloc_array(count ? count : 1, sizeof(*list), 0);
	if (!list)
		return -ENOMEM;
	if (copy_from_user(list, from, count * sizeof(*list))) {
		kfree(list);
		return -EFAULT;
	}
	for (unsigned int i = 0; i < count; i++) {
		if ((ssize_t)list[i].size < 0) {
			kfree(list);
			return -EINVAL;
		}
	}
	*out = list;
	return 0;
}

static int transfer(process_id id, user_addr local, unsigned int local_count, user_addr remote,
		    unsigned int remote_count, bool write)
{
	struct syscall_pieces pieces;
	struct io_piece *remote_list;
	ssize_t result = syscall_pieces_get(&pieces, local, local_count);

	if (result)
		return (int)result;
	/* For nothing to move no process is looked for. */
	if (pieces.buffer.remaining == 0 || remote_count == 0)
		goto put_pieces;
	result = get_remote(remote, remote_count, &remote_list);
	if (result)
		goto put_pieces;
	if (!is_nothing(remote_list, remote_count))
		result = transfer_with(id, &pieces.buffer, remote_list, remote_count, write);
	kfree(remote_list);
put_pieces:
	syscall_pieces_put(&pieces);
	return (int)result;
}

/* There are no flags yet. */
int sys_process_vm_readv(process_id id, user_addr local, unsigned int local_count, user_addr remote,
			 unsigned int remote_count, uint32_t flags)
{
	return flags ? -EINVAL
		     : transfer(id, local, local_count, remote, remote_count, false);
}

int sys_process_vm_writev(process_id id, user_addr local, unsigned int local_count,
			  user_addr remote, unsigned int remote_count, uint32_t flags)
{
	return flags ? -EINVAL : transfer(id, local, local_count, remote, remote_count, true);
}

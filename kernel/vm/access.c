/*
 * Reading and writing the memory of another process: ptrace, /proc/PID/mem, process_vm_readv.
 *
 * Page by page: the page is faulted in on the other's behalf, and copied under the lock of its page
 * table, so that it cannot change hands in between. A debugger may also write where the program
 * itself may not (breakpoints in text): a private page is copied for it as a write of the program
 * would, but the program's entry gains no permission. Shared pages are written only if their region
 * allows it.
 */
#include "lib/min_max.h"
#include "lib/string.h"
#include "mem/kmap.h"
#include "sched/thread.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"
#include "vm/page_table.h"

struct access {
	struct address_space *space;
	uint8_t *buffer;
	bool write, force;
};

static bool is_allowed(const struct region *region, const struct access *access)
{
	uint32_t flags = region->flags;

	if (flags & REGION_DEVICE)
		return false;
	/* The program itself reads what it may write or execute: the machine knows no less. */
	if (!access->write)
		return flags & (access->force ? REGION_READ | REGION_MAY_READ : REGION_READ);
	return (flags & REGION_WRITE) ||
	       (access->force && !(flags & REGION_SHARED) && (flags & REGION_MAY_WRITE));
}

/*
 * May bytes be written to what the entry shows? A forced write needs a frame of its own instead of
 * a permission.
 */
static bool is_ready(mmu_entry entry, const struct access *access)
{
	struct page_frame *frame;

	if (entry == 0)
		return false;
	if (!access->write || (entry & MMU_WRITE))
		return true;
	frame = page_frame_of(mmu_entry_frame(entry));
	return access->force && !(entry & MMU_SOFT_SHARED) &&
	       atomic_load_explicit(&frame->kind, memory_order_relaxed) == FRAME_ANONYMOUS &&
	       page_frame_references(frame) == 1;
}

/* Copy if the page is there as needed. Locks: space->lock shared. */
static bool try_copy(const struct access *access, uintptr_t address, size_t size)
{
	struct page_frame *table = page_table_lock_any(access->space, address);
	mmu_entry entry;
	bool ready;

	if (!table)
		return false;
	entry = mmu_entry_read(page_table_entry(table, address));
	/* Under a shared table even W in the entry is no permission. */
	ready = is_ready(entry, access) && (!access->write || page_frame_references(table) == 1);
	if (ready) {
		struct page_frame *frame = page_frame_of(mmu_entry_frame(entry));
		uint8_t *bytes = kmap(frame);

		if (access->write)
			memcpy(bytes + address % PAGE_SIZE, access->buffer, size);
		else
			memcpy(access->buffer, bytes + address % PAGE_SIZE, size);
		kunmap(frame, bytes);
	}
	page_table_unlock(table);
	return ready;
}

/*
 * Pages of a region that the program itself may not touch keep their entries parked; nothing to
 * fault in.
 */
static int access_page(const struct access *access, uintptr_t address, size_t size)
{
	struct fault fault = {
		.space = access->space,
		.address = address & PAGE_MASK,
		.write = access->write,
		.force = access->force,
	};
	int error = 0;

	rwlock_read_lock(&access->space->lock);
	for (;;) {
		enum fault_result result;

		fault.region = region_find(access->space, address);
		if (!fault.region || !is_allowed(fault.region, access)) {
			error = -EFAULT;
			break;
		}
		fault.force = access->force && !(fault.region->flags & REGION_WRITE);
		if (try_copy(access, address, size))
			break;
		if (thread_is_killed(thread_current())) {
			error = -EINTR;
			break;
		}
		result = fault_resolve(&fault);
		if (result != FAULT_OK) {
			error = result == FAULT_BUS_ADDRESS ? -EIO
				: result == FAULT_NO_MEMORY ? -ENOMEM
				: result == FAULT_KILLED    ? -EINTR
							    : -EFAULT;
			break;
		}
	}
	rwlock_read_unlock(&access->space->lock);
	return error;
}

ssize_t address_space_access(struct address_space *space, uintptr_t address, void *buffer,
			     size_t size, bool write, bool force)
{
	struct access access = {
		.space = space, .buffer = buffer, .write = write, .force = force,
	};
	size_t done = 0;

	while (done < size) {
		size_t part = min(size - done, (size_t)(PAGE_SIZE - (address + done) % PAGE_SIZE));
		int error;

		if (address + done < address || address + done >= USER_END)
			return done > 0 ? (ssize_t)done : -EFAULT;
		error = access_page(&access, address + done, part);
		if (error)
			return done > 0 ? (ssize_t)done : error;
		access.buffer += part;
		done += part;
	}
	return (ssize_t)done;
}

int address_space_write(struct address_space *space, uintptr_t address, const void *bytes,
			size_t size)
{
	size_t done = 0;

	while (done < size) {
		/* Of a buffer that is written from nothing is changed. */
		ssize_t written = address_space_access(space, address + done, (char *)bytes + done,
						       size - done, true, false);

		if (written < 0)
			return (int)written;
		done += (size_t)written;
	}
	return 0;
}

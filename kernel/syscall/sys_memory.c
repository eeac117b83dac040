/*
 * Memory: mmap in both its forms, and everything that changes mappings.
 */
#include "arch/user_copy.h"
#include "lib/min_max.h"
#include "mem/kmalloc.h"
#include "proc/process.h"
#include "syscall/sys_internal.h"
#include "syscall/syscalls.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "uapi/linux/mman.h"
#include "vfs/fd_table.h"
#include "vfs/file.h"
#include "vm/commit.h"
#include "vm/mmap.h"

/*
 * Lowest address a program may map at; keeps NULL pointers of the kernel's callers harmless.
 * Linux's default.
 */
enum { MMAP_MIN_ADDRESS = 65536 };

/* The flags older than MAP_SHARED_VALIDATE here; it takes no others (LEGACY_MAP_MASK). */
enum { MAP_LEGACY = 0x7c07f9f3 };

static uint32_t region_flags_of(unsigned int protection, unsigned int flags)
{
	uint32_t out = (protection & (PROT_READ | PROT_WRITE | PROT_EXEC)) | REGION_MAY_READ |
		       REGION_MAY_WRITE | REGION_MAY_EXECUTE;

	if (flags & MAP_GROWSDOWN)
		out |= REGION_GROWS_DOWN;
	if ((flags & MAP_NORESERVE) && overcommit_mode() != OVERCOMMIT_NEVER)
		out |= REGION_NO_RESERVE;
	if (flags & MAP_LOCKED)
		out |= REGION_LOCKED;
	return out;
}

/* Anonymous shared memory is an unnamed file: its page cache is the memory. */
static int shared_anonymous(size_t size, uint32_t region_flags, struct file **out)
{
	if (!(region_flags & REGION_NO_RESERVE) &&
	    !overcommit_allows_shared(DIV_ROUND_UP(size, PAGE_SIZE)))
		return -ENOMEM;
	return anonymous_file_create("dev/zero", ALIGN_UP((uint64_t)size, PAGE_SIZE), O_RDWR, out);
}

/*
 * A shared mapping of /dev/zero, which has nothing to share, becomes one of a file in memory; what
 * the device's descriptor allows still holds.
 */
static int become_shared_anonymous(struct vm_map_request *request, struct file **file)
{
	uint32_t flags = request->flags;
	struct file *memory;
	int error = shared_anonymous(request->size, flags, &memory);

	if (error)
		return error;
	file_put(*file);
	*file = memory;
	error = file_map(memory, request);
	request->flags = flags;
	return error;
}

/* mmap once all numbers are sane: fill the request in from the file, if there is one, and map. */
static int map_request(struct vm_map_request *request, unsigned int flags, int fd)
{
	struct process *process = process_current();
	struct vm_limits limits;
	struct file *file = NULL;
	uintptr_t address;
	int error = 0;

	if (!(flags & MAP_ANONYMOUS)) {
		file = fd_table_get(user_thread_current()->fds, fd);
		if (!file)
			return -EBADF;
	} else if (request->flags & REGION_SHARED) {
		request->page_offset = 0;
		error = shared_anonymous(request->size, request->flags, &file);
		if (error)
			return error;
	}
	if (file)
		error = file_map(file, request);
	if (!error && file && (request->flags & REGION_SHARED) && !request->cache)
		error = become_shared_anonymous(request, &file);
	if (!error) {
		process_vm_limits(process, &limits);
		/* What shows a file cannot grow down: before its first page there is nothing. */
		if (file && (request->flags & REGION_GROWS_DOWN))
			error = -EINVAL;
		else
			error = vm_map(process->space, request, &limits, &address);
		if (file)
			file_map_end(request);
	}
	if (file)
		file_put(file);
	return error ? error : (int)address;
}

/* There are no huge pages to be had; and only of 2 MiB could there be any. */
static int check_huge(unsigned int flags)
{
	unsigned int log_size = flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK;

	return (flags & MAP_ANONYMOUS) && (log_size == 0 || log_size == 21) ? -ENOMEM : -EINVAL;
}

/* Errors: -EINVAL; -EOPNOTSUPP: a flag that MAP_SHARED would ignore. */
static int check_type(unsigned int flags)
{
	switch (flags & MAP_TYPE) {
	case MAP_SHARED:
	case MAP_PRIVATE:
		return 0;
	case MAP_SHARED_VALIDATE:
		if (flags & MAP_ANONYMOUS)
			return -EINVAL;
		return flags & ~(unsigned int)MAP_LEGACY ? -EOPNOTSUPP : 0;
	default:
		return -EINVAL;
	}
}

/* Errors: -ENOMEM; of a place that must be: -EINVAL, -EPERM. */
static int check_place(uintptr_t address, size_t size, bool fixed)
{
	if (size > USER_END || (fixed && (address > USER_END || size > USER_END - address)))
		return -ENOMEM;
	if (!fixed)
		return 0;
	if (address % PAGE_SIZE)
		return -EINVAL;
	return address < MMAP_MIN_ADDRESS ? -EPERM : 0;
}

/*
 * How far into a file mmap may reach, as on Linux: into what has no limit of its own, 4 GiB. The
 * memory of the machine (/dev/mem) lies within that too.
 */
static uint64_t mappable_size(const struct file *file)
{
	if (inode_is(file->inode, MODE_REGULAR))
		return file->inode->super->max_file_size;
	if (inode_is(file->inode, MODE_BLOCK) || inode_is(file->inode, MODE_SOCKET))
		return (uint64_t)UINT32_MAX << PAGE_SHIFT;
	return UINT32_MAX;
}

static bool is_within(uint64_t limit, uint32_t page_offset, size_t size)
{
	return size <= limit && page_offset <= (limit - size) >> PAGE_SHIFT;
}

static int map(uintptr_t address, size_t size, unsigned int protection, unsigned int flags, int fd,
	       uint32_t page_offset)
{
	struct vm_map_request request = {
		.address = address & PAGE_MASK,
		.size = size,
		.flags = 0,	/* all of them: or the compiler clears it in a loop first */
		.fixed = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE),
		.fixed_no_replace = flags & MAP_FIXED_NOREPLACE,
		.populate = (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE,
		.holds_writable = false,
		.cache = NULL,
		.backing = NULL,
		.backing_ops = NULL,
		.page_offset = page_offset,
		.special_frames = NULL,
		.special_name = NULL,
	};
	uint64_t limit = 0;
	int error;

	/* A file descriptor that is none comes first, as on Linux. */
	if (!(flags & MAP_ANONYMOUS)) {
		bool needs_put;
		struct file *file = syscall_file(fd, &needs_put);

		if (!file)
			return -EBADF;
		limit = mappable_size(file);
		fd_table_return(file, needs_put);
	}
	if (flags & MAP_HUGETLB)
		return check_huge(flags);
	if (!size)
		return -EINVAL;
	size = ALIGN_UP(size, PAGE_SIZE);
	if (!size)	/* it came round */
		return -ENOMEM;
	if (page_offset + (size >> PAGE_SHIFT) < page_offset)
		return -EOVERFLOW;
	error = check_place(address, size, request.fixed);
	if (error)
		return error;
	if (!(flags & MAP_ANONYMOUS) && !is_within(limit, page_offset, size))
		return -EOVERFLOW;
	error = check_type(flags);
	if (error)
		return error;
	if (!request.fixed && request.address && request.address < MMAP_MIN_ADDRESS)
		request.address = MMAP_MIN_ADDRESS;
	request.size = size;
	request.flags = region_flags_of(protection, flags);
	if ((flags & MAP_TYPE) != MAP_PRIVATE)
		request.flags |= REGION_SHARED;
	return map_request(&request, flags, fd);
}

int sys_mmap2(uintptr_t address, size_t size, unsigned int protection, unsigned int flags, int fd,
	      uint32_t page_offset)
{
	return map(address, size, protection, flags, fd, page_offset);
}

/*
 * Number 90: the arguments lie in memory. They are copied in once; what the program does to them
 * then is its own affair.
 */
int sys_mmap(user_addr block)
{
	struct {
		uint32_t address, size, protection, flags, fd, offset;
	} given;

	if (copy_from_user(&given, block, sizeof(given)))
		return -EFAULT;
	if (given.offset % PAGE_SIZE)
		return -EINVAL;
	return map(given.address, given.size, given.protection, given.flags, (int)given.fd,
		   given.offset / PAGE_SIZE);
}

int sys_munmap(uintptr_t address, size_t size)
{
	return vm_unmap(process_current()->space, address, size);
}

int sys_mprotect(uintptr_t address, size_t size, unsigned int protection)
{
	unsigned int grows = protection & (PROT_GROWSDOWN | PROT_GROWSUP);

	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || address % PAGE_SIZE)
		return -EINVAL;
	if (!size)
		return 0;
	if (ALIGN_UP(size, PAGE_SIZE) < size || address + ALIGN_UP(size, PAGE_SIZE) <= address)
		return -ENOMEM;
	/* Nothing grows upwards. PROT_SEM means nothing on this machine. */
	if (protection & ~(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM | PROT_GROWSDOWN))
		return -EINVAL;
	return vm_protect(process_current()->space, address, ALIGN_UP(size, PAGE_SIZE),
			  protection & (PROT_READ | PROT_WRITE | PROT_EXEC),
			  grows & PROT_GROWSDOWN);
}

int sys_mremap(uintptr_t old_address, size_t old_size, size_t new_size, unsigned int flags,
	       uintptr_t new_address)
{
	struct process *process = process_current();
	struct vm_limits limits;
	uintptr_t address;
	int error;

	if (flags & ~(unsigned int)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
		return -EINVAL;
	if ((flags & MREMAP_FIXED) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if (old_address % PAGE_SIZE)
		return -EINVAL;
	process_vm_limits(process, &limits);
	error = vm_remap(process->space, old_address, ALIGN_UP(old_size, PAGE_SIZE),
			 ALIGN_UP(new_size, PAGE_SIZE), flags, new_address, &limits, &address);
	if (error)
		return error;
	if (old_address == process->space->vdso_base)
		process_vdso_moved(process, address);
	return (int)address;
}

int sys_brk(uintptr_t end)
{
	struct vm_limits limits;

	process_vm_limits(process_current(), &limits);
	return (int)vm_set_brk(process_current()->space, end, &limits);
}

int sys_msync(uintptr_t address, size_t size, unsigned int flags)
{
	if ((flags & ~(unsigned int)(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || address % PAGE_SIZE ||
	    (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
		return -EINVAL;
	if (address + ALIGN_UP(size, PAGE_SIZE) < address)
		return -ENOMEM;
	return vm_sync(process_current()->space, address, ALIGN_UP(size, PAGE_SIZE),
		       flags & MS_SYNC, flags & MS_INVALIDATE);
}

int sys_madvise(uintptr_t address, size_t size, int advice)
{
	size_t rounded = ALIGN_UP(size, PAGE_SIZE);

	if (address % PAGE_SIZE || (size && !rounded) || address + rounded < address)
		return -EINVAL;
	return vm_advise(process_current()->space, address, rounded, advice);
}

int sys_mincore(uintptr_t address, size_t size, user_addr to)
{
	enum { CHUNK_PAGES = 512 };
	size_t pages = DIV_ROUND_UP((uint64_t)size, PAGE_SIZE);
	uint8_t *chunk;
	int error = 0;

	if (address % PAGE_SIZE)
		return -EINVAL;
	if (address > USER_END || size > USER_END - address)
		return -ENOMEM;
	if (!user_range_ok(to, pages))
		return -EFAULT;
	chunk = kmalloc(CHUNK_PAGES, 0);
	if (!chunk)
		return -EAGAIN;
	for (size_t done = 0; done < pages && !error; done += CHUNK_PAGES) {
		size_t count = min_t(size_t, pages - done, CHUNK_PAGES);

		error = vm_resident(process_current()->space, address + done * PAGE_SIZE, count,
				    chunk);
		if (!error)
			error = copy_to_user(user_addr_add(to, done), chunk, count);
	}
	kfree(chunk);
	return error;
}

static int lock_range(uintptr_t address, size_t size, uint32_t locks)
{
	uintptr_t start = address & PAGE_MASK;
	struct vm_limits limits;

	process_vm_limits(process_current(), &limits);
	if (locks && !limits.locked_size)
		return -EPERM;
	size = ALIGN_UP(size + (address - start), PAGE_SIZE);
	if (start + size < start)
		return -EINVAL;
	return size ? vm_lock(process_current()->space, start, size, locks, &limits) : 0;
}

int sys_mlock(uintptr_t address, size_t size)
{
	return lock_range(address, size, REGION_LOCKED);
}

int sys_mlock2(uintptr_t address, size_t size, unsigned int flags)
{
	if (flags & ~(unsigned int)MLOCK_ONFAULT)
		return -EINVAL;
	return lock_range(address, size, flags & MLOCK_ONFAULT ? REGION_LOCKS : REGION_LOCKED);
}

int sys_munlock(uintptr_t address, size_t size)
{
	return lock_range(address, size, 0);
}

int sys_mlockall(unsigned int flags)
{
	struct vm_limits limits;

	if (!flags || (flags & ~(unsigned int)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) ||
	    flags == MCL_ONFAULT)
		return -EINVAL;
	process_vm_limits(process_current(), &limits);
	return vm_lock_all(process_current()->space,
			   flags & MCL_ONFAULT ? REGION_LOCKS : REGION_LOCKED, flags & MCL_CURRENT,
			   flags & MCL_FUTURE, &limits);
}

int sys_munlockall(void)
{
	return vm_lock_all(process_current()->space, 0, true, false, NULL);
}

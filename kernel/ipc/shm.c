/*
 * System V shared memory: a file in memory without a name, and a count of who has it mapped.
 *
 * A segment is the backing of the regions that show it: vm gets and puts a reference for each, and
 * for as long as it works with one. Those are counted in `attach_count`; as on Linux that is a
 * number of mappings, not of shmat() calls, so cutting one with munmap() makes two of it. The last
 * one to go ends a segment that was removed while attached.
 *
 * The segment holds one reference to itself for the table and one for each mapping.
 */
#include "ipc/shm.h"

#include "core/assert.h"
#include "lib/format.h"
#include "mem/slab.h"
#include "proc/process.h"
#include "uapi/linux/capability.h"
#include "uapi/linux/errno.h"
#include "uapi/linux/fcntl.h"
#include "uapi/linux/ipc.h"
#include "vfs/credentials.h"
#include "vfs/dentry.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vm/commit.h"
#include "vm/mmap.h"
#include "vm/page_cache.h"

/* [o] object.lock  [a] atomic  [I] immutable */
struct shm {
	struct ipc_object object;
	size_t size;				/* [I] bytes, as asked for */
	struct file *file;			/* [I] reference */
	atomic_uint attach_count;		/* [a] */
	int64_t attached, detached, changed;	/* [o] seconds */
	process_id creator, last;		/* [o]; creator: [I] */
};

static struct ipc_table table;
static struct slab_cache *shm_slab;
static atomic_size_t total_pages;		/* of all segments */

static struct shm *shm_of(struct ipc_object *object)
{
	return container_of(object, struct shm, object);
}

static size_t page_count(size_t size)
{
	return DIV_ROUND_UP((uint64_t)size, PAGE_SIZE);
}

static void destroy(struct ipc_object *object)
{
	struct shm *shm = shm_of(object);

	atomic_fetch_sub_explicit(&total_pages, page_count(shm->size), memory_order_relaxed);
	file_put(shm->file);
	slab_free(shm_slab, shm);
}

void shm_init(void)
{
	shm_slab = slab_cache_create("shm", sizeof(struct shm), 0);
	ipc_table_init(&table, "shm table", SHM_COUNT_MAX, destroy);
}

/* ---- shmget ---------------------------------------------------------------------------------- */

/* Of huge pages there are none, of 2 MiB, for those who may have them. */
static int check_huge(const struct ipc_get_request *request)
{
	unsigned int log_size = (uint32_t)request->flags >> SHM_HUGE_SHIFT & SHM_HUGE_MASK;

	if (log_size != 0 && log_size != 21)
		return -EINVAL;
	return credentials_capable(request->credentials, CAP_IPC_LOCK) ? -ENOMEM : -EPERM;
}

static int create(const struct ipc_get_request *request, struct ipc_object **out)
{
	size_t pages = page_count(request->size);
	char name[16];
	struct shm *shm;
	int error;

	if (request->size == 0 || request->size > SHM_SIZE_MAX)
		return -EINVAL;
	if (atomic_load(&total_pages) + pages > SHM_SIZE_MAX)
		return -ENOSPC;
	if (request->flags & SHM_HUGETLB)
		return check_huge(request);
	if (!(request->flags & SHM_NORESERVE) && !overcommit_allows_shared(pages))
		return -ENOMEM;
	shm = slab_alloc_zeroed(shm_slab, 0);
	if (!shm)
		return -ENOMEM;
	(void)snprintf(name, sizeof(name), "SYSV%08x", (unsigned int)request->key);
	error = anonymous_file_create(name, (uint64_t)pages << PAGE_SHIFT, O_RDWR | O_LARGEFILE,
				      &shm->file);
	if (error) {
		slab_free(shm_slab, shm);
		return error;
	}
	shm->size = request->size;
	shm->creator = process_current()->id;
	shm->changed = ipc_now();
	atomic_fetch_add_explicit(&total_pages, pages, memory_order_relaxed);
	*out = &shm->object;
	return 0;
}

static int check(const struct ipc_get_request *request, struct ipc_object *object)
{
	return shm_of(object)->size < request->size ? -EINVAL : 0;
}

int shm_get(int32_t key, size_t size, int flags, const struct credentials *credentials)
{
	struct ipc_get_request request = {
		.key = key,
		.flags = flags,
		.credentials = credentials,
		.create = create,
		.check = check,
		.size = size,
	};

	return ipc_get(&table, &request);
}

/* ---- as the backing of regions --------------------------------------------------------------- */

/* A kernel thread that ends an address space is nobody's process. */
static process_id current_id(void)
{
	return user_thread_is_current() ? process_current()->id : 0;
}

static void backing_get(void *backing)
{
	struct shm *shm = backing;

	refcount_get(&shm->object.references);
	atomic_fetch_add_explicit(&shm->attach_count, 1, memory_order_relaxed);
}

/* The object is locked: is it a removed one that nobody has attached any more? */
static bool is_over(struct shm *shm)
{
	return (shm->object.mode & SHM_DEST) && !shm->object.removed &&
	       atomic_load(&shm->attach_count) == 0;
}

static void backing_put(void *backing)
{
	struct shm *shm = backing;
	bool over;

	spin_lock(&shm->object.lock);
	shm->detached = ipc_now();
	shm->last = current_id();
	atomic_fetch_sub(&shm->attach_count, 1);
	over = is_over(shm);
	if (over)
		shm->object.removed = true;
	spin_unlock(&shm->object.lock);
	if (over)
		ipc_remove(&table, &shm->object);
	ipc_put(&table, &shm->object);
}

static size_t backing_name(void *backing, char *buffer, size_t size)
{
	struct shm *shm = backing;

	return (size_t)snprintf(buffer, size, "/%s (deleted)", shm->file->path.dentry->name);
}

static void backing_identity(void *backing, dev_number *device, uint64_t *inode)
{
	struct shm *shm = backing;

	*device = shm->file->inode->super->device_number;
	*inode = (uint64_t)shm->object.id;
}

static int backing_punch_hole(void *backing, uint32_t first, uint32_t count)
{
	struct shm *shm = backing;

	return file_allocate(shm->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			     (file_offset)first << PAGE_SHIFT, (file_offset)count << PAGE_SHIFT,
			     UINT64_MAX);
}

static const struct backing_ops shm_backing_ops = {
	.get = backing_get,
	.put = backing_put,
	.name = backing_name,
	.identity = backing_identity,
	.punch_hole = backing_punch_hole,
};

/* ---- shmat ----------------------------------------------------------------------------------- */

/* Where and how. Errors: -EINVAL. */
static int describe(uintptr_t address, int flags, struct vm_map_request *request)
{
	if (address % PAGE_SIZE) {
		if (!(flags & SHM_RND))
			return -EINVAL;
		address &= PAGE_MASK;
		if (!address && (flags & SHM_REMAP))
			return -EINVAL;
	}
	if (!address && (flags & SHM_REMAP))
		return -EINVAL;
	request->address = address;
	request->fixed = address != 0;
	request->fixed_no_replace = address && !(flags & SHM_REMAP);
	request->flags = REGION_SHARED | REGION_READ | REGION_MAY_READ | REGION_MAY_EXECUTE;
	if (!(flags & SHM_RDONLY))
		request->flags |= REGION_WRITE | REGION_MAY_WRITE;
	if (flags & SHM_EXEC)
		request->flags |= REGION_EXECUTE;
	return 0;
}

static int check_attach(struct shm *shm, int flags, const struct credentials *credentials)
{
	uint32_t wish = (flags & SHM_RDONLY ? 0444 : 0666) | (flags & SHM_EXEC ? 0111 : 0);
	int error;

	spin_lock(&shm->object.lock);
	error = ipc_check_permission(&shm->object, credentials, wish);
	if (!error && shm->object.removed)
		error = -EIDRM;
	if (!error) {
		shm->attached = ipc_now();
		shm->last = process_current()->id;
		/* Held over the mapping: else the last detach could end it meanwhile. */
		backing_get(shm);
	}
	spin_unlock(&shm->object.lock);
	return error;
}

int shm_attach(struct address_space *space, const struct vm_limits *limits, int id,
	       uintptr_t address, int flags, const struct credentials *credentials, uintptr_t *out)
{
	struct vm_map_request request = { .size = 0 };
	struct ipc_object *object;
	struct shm *shm;
	int error = id < 0 ? -EINVAL : describe(address, flags, &request);

	if (!error)
		error = ipc_find(&table, id, &object);
	if (error)
		return error;
	shm = shm_of(object);
	error = check_attach(shm, flags, credentials);
	if (error)
		goto put_object;
	request.size = shm->size;
	request.cache = &shm->file->inode->cache;
	request.backing = shm;
	request.backing_ops = &shm_backing_ops;
	error = vm_map(space, &request, limits, out);
	if (error == -EEXIST || (error == -ENOMEM && request.fixed_no_replace &&
				 request.address + shm->size < request.address))
		error = -EINVAL;
	backing_put(shm);
put_object:
	ipc_put(&table, object);
	return error;
}

/* ---- shmdt ----------------------------------------------------------------------------------- */

int shm_detach(struct address_space *space, uintptr_t address)
{
	uintptr_t start, end, limit;
	struct shm *shm;
	void *backing;
	int error;

	if (address % PAGE_SIZE)
		return -EINVAL;
	/* The first piece that belongs to an attachment at `address`; some may be unmapped. */
	if (!vm_find_backing(space, address, address, USER_END, &shm_backing_ops, &backing, &start,
			     &end))
		return -EINVAL;
	shm = backing;
	limit = address + ALIGN_UP(shm->size, PAGE_SIZE);
	error = vm_unmap(space, start, end - start);
	/* And the rest of the same one. */
	while (!error && end < limit) {
		void *next;

		if (!vm_find_backing(space, address, end, limit, &shm_backing_ops, &next, &start,
				     &end))
			break;
		if (next == backing)
			error = vm_unmap(space, start, end - start);
		backing_put(next);
	}
	backing_put(shm);
	return error;
}

/* ---- shmctl ---------------------------------------------------------------------------------- */

int shm_remove(int id, const struct credentials *credentials)
{
	struct ipc_object *object;
	bool over;
	int error = ipc_begin_as_owner(&table, id, credentials, &object);

	if (error)
		return error;
	object->mode |= SHM_DEST;
	over = is_over(shm_of(object));
	object->removed = over;
	spin_unlock(&object->lock);
	if (over)
		ipc_remove(&table, object);
	else
		ipc_forget_key(&table, object);
	ipc_put(&table, object);
	return 0;
}

int shm_set_owner(int id, user_id uid, group_id gid, uint32_t mode,
		  const struct credentials *credentials)
{
	struct ipc_object *object;
	int error = ipc_begin_as_owner(&table, id, credentials, &object);

	if (error)
		return error;
	error = ipc_set_owner(object, uid, gid, mode);
	if (!error)
		shm_of(object)->changed = ipc_now();
	ipc_end(&table, object);
	return error;
}

int shm_lock(int id, bool lock, uint64_t limit, const struct credentials *credentials)
{
	struct ipc_object *object;
	int error = ipc_begin(&table, id, false, 0, credentials, &object);

	if (error)
		return error;
	if (!credentials_capable(credentials, CAP_IPC_LOCK) &&
	    ((credentials->euid != object->uid && credentials->euid != object->cuid) ||
	     (lock && limit == 0)))
		error = -EPERM;
	else if (lock)
		object->mode |= SHM_LOCKED;
	else
		object->mode &= ~(uint32_t)SHM_LOCKED;
	ipc_end(&table, object);
	return error;
}

/* Object locked. */
static void fill_status(struct shm *shm, struct shm_status *out)
{
	const struct ipc_object *object = &shm->object;

	*out = (struct shm_status){
		.id = object->id,
		.key = object->key,
		.uid = object->uid,
		.cuid = object->cuid,
		.gid = object->gid,
		.cgid = object->cgid,
		.mode = object->mode,
		.size = shm->size,
		.resident_pages = shm->file->inode->cache.frame_count,
		.attached = shm->attached,
		.detached = shm->detached,
		.changed = shm->changed,
		.creator = shm->creator,
		.last = shm->last,
		.attach_count = atomic_load(&shm->attach_count),
	};
}

int shm_stat(int id, bool by_index, bool ask, const struct credentials *credentials,
	     struct shm_status *out)
{
	struct ipc_object *object;
	int error = ipc_begin(&table, id, by_index, ask ? 0444 : 0, credentials, &object);

	if (error)
		return error;
	fill_status(shm_of(object), out);
	ipc_end(&table, object);
	return 0;
}

bool shm_next(unsigned int *index, struct shm_status *out)
{
	struct ipc_object *object = ipc_next(&table, index);

	if (!object)
		return false;
	fill_status(shm_of(object), out);
	ipc_end(&table, object);
	return true;
}

void shm_totals(struct shm_totals *out)
{
	struct shm_status status;

	*out = (struct shm_totals){ .highest_index = ipc_highest_index(&table),
				    .pages = atomic_load(&total_pages) };
	for (unsigned int index = 0; shm_next(&index, &status);) {
		out->used++;
		out->resident_pages += status.resident_pages;
	}
}

/*
 * Request queues: which request a disk gets next.
 *
 * Each whole disk has one queue. Requests are runs of contiguous sectors already (their submitters
 * build them so); the queue's work is their order:
 *
 *  - Reads and writes wait in two trees by sector. Dispatch goes upwards from the last request of
 *    the same kind and starts over at the end (one-way elevator), so a disk with a head sweeps.
 *  - Somebody waits for nearly every read and for few writes, so reads go first; but once reads
 *    have been preferred WRITE_PATIENCE times in a row while writes waited, writes get WRITE_BATCH
 *    turns.
 *  - Nothing starves: a request that AGE_LIMIT others have overtaken is next of its kind.
 *
 * Barriers. A flush waits until every write submitted before it is done; writes submitted after it
 * wait, in `held`, until it is handed to the device. Reads pass. A forced write (force_unit_access)
 * on a device that cannot do it is followed by a flush of its own before it is done.
 *
 * Errors. What the device reports is tried once more, then told to the submitter as -EIO.
 *
 * Reserves. When memory is short requests come from a reserve, and whoever finds it empty waits
 * until a request of it is done. A disk whose requests become requests to other disks (a loop
 * device) has a reserve of its own: else all of the common one could belong to it, and wait for one
 * more.
 *
 * Sizes. A disk that loses its sectors has no new requests from then on: that is looked at with the
 * queue locked.
 *
 * Overlap. Requests for the same sectors are not ordered against each other: the page cache never
 * has two transfers of one page under way, and file systems wait for the last write of a block
 * before they give it away.
 *
 * Locks. queue.lock covers all of a queue; drivers are called under it, submitters' done() never.
 */
#include "block/block_device.h"

#include "block/internal.h"
#include "core/assert.h"
#include "core/failpoint.h"
#include "core/printk.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "sched/completion.h"
#include "uapi/linux/errno.h"

enum {
	/* reads dispatched while writes wait, before writes have their turn */
	WRITE_PATIENCE = 32,
	WRITE_BATCH = 16,	/* writes of one turn */
	AGE_LIMIT = 128,	/* dispatches after which a request is the next of its kind */
	RESERVE_COUNT = 8,	/* requests kept for when memory is short */
};

static struct slab_cache *slab;			/* [I] */
static struct block_request common_requests[RESERVE_COUNT];
static struct block_reserve common_reserve;	/* of disks that have none of their own */

void block_reserve_init(struct block_reserve *reserve, struct block_request *requests,
			unsigned int count)
{
	spin_init(&reserve->lock, LOCK_RANK_BLOCK_QUEUE, "block reserve");
	list_init(&reserve->free);
	wait_queue_init(&reserve->waiters);
	for (unsigned int i = 0; i < count; i++)
		list_add_tail(&reserve->free, &requests[i].age_node);
}

/* Called by the first registration; before it there is nothing to request. */
static void common_init(void)
{
	block_reserve_init(&common_reserve, common_requests, RESERVE_COUNT);
	slab = slab_cache_create("block_request", sizeof(struct block_request), 0);
}

static struct block_request *try_take(struct block_reserve *reserve)
{
	irq_flags flags = spin_lock_irq(&reserve->lock);
	struct block_request *request =
		list_pop_head_entry(&reserve->free, struct block_request, age_node);

	spin_unlock_irq(&reserve->lock, flags);
	return request;
}

struct block_request *block_request_alloc(struct block_device *device,
					  enum frame_alloc_flags flags)
{
	struct block_reserve *reserve = NULL;
	struct block_request *request;

	/* Never worth killing or writing for: the reserve is there for that. */
	request = slab_alloc(slab, flags | FRAME_ALLOC_NO_RECLAIM | FRAME_ALLOC_NO_KILL);
	if (unlikely(!request)) {
		if (flags & FRAME_ALLOC_ATOMIC)
			return NULL;
		reserve = device->whole->reserve ? device->whole->reserve : &common_reserve;
		wait_event(&reserve->waiters, (request = try_take(reserve)) != NULL);
	}
	/*
	 * All but the segments, which are most of it and of which segment_count says how many
	 * count.
	 */
	memset(request, 0, offsetof(struct block_request, segments));
	request->device = device;
	request->reserve = reserve;
	return request;
}

void block_request_free(struct block_request *request)
{
	struct block_reserve *reserve = request->reserve;
	irq_flags flags;

	if (likely(!reserve)) {
		slab_free(slab, request);
		return;
	}
	flags = spin_lock_irq(&reserve->lock);
	memset(&request->age_node, 0, sizeof(request->age_node));
	list_add_tail(&reserve->free, &request->age_node);
	spin_unlock_irq(&reserve->lock, flags);
	wait_queue_wake_one(&reserve->waiters, 0);
}

void block_queue_init(struct block_queue *queue)
{
	if (!slab)
		common_init();
	spin_init(&queue->lock, LOCK_RANK_BLOCK_QUEUE, "block queue");
	for (unsigned int i = 0; i < 2; i++) {
		rbtree_init(&queue->sorted[i]);
		list_init(&queue->by_age[i]);
	}
	list_init(&queue->held);
}

static struct block_request *from_node(struct rbtree_node *node)
{
	return node ? rbtree_entry(node, struct block_request, sector_node) : NULL;
}

/* Enter a read or write among those that may be dispatched. */
static void enter(struct block_queue *queue, struct block_request *request)
{
	struct rbtree *tree = &queue->sorted[request->operation];
	struct rbtree_node **link = &tree->node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = request->sector < from_node(parent)->sector ? &parent->left :
								     &parent->right;
	}
	rbtree_link(&request->sector_node, parent, link);
	rbtree_insert_fixup(tree, &request->sector_node);
	request->passed_over = queue->dispatch_count;
	if (request->operation == BLOCK_WRITE && list_is_empty(&queue->by_age[BLOCK_WRITE]))
		queue->write_turn = queue->dispatch_count + WRITE_PATIENCE;
	list_add_tail(&queue->by_age[request->operation], &request->age_node);
}

/* Take the next request of one kind out, by sector unless one has waited too long. */
static struct block_request *take(struct block_queue *queue, enum block_operation operation)
{
	struct block_request *oldest =
		list_first_entry(&queue->by_age[operation], struct block_request, age_node);
	struct rbtree_node *node = queue->sorted[operation].node, *found = NULL;
	struct block_request *request;

	if (!oldest)
		return NULL;
	if (queue->dispatch_count - oldest->passed_over > AGE_LIMIT) {
		request = oldest;
	} else {
		while (node) {
			if (from_node(node)->sector >= queue->head[operation]) {
				found = node;
				node = node->left;
			} else {
				node = node->right;
			}
		}
		request = from_node(found ? found : rbtree_first(&queue->sorted[operation]));
	}
	rbtree_remove(&queue->sorted[operation], &request->sector_node);
	list_remove(&request->age_node);
	queue->head[operation] = request->sector + request->sector_count;
	return request;
}

static struct block_request *take_read_or_write(struct block_queue *queue)
{
	bool has_writes = !list_is_empty(&queue->by_age[BLOCK_WRITE]);
	int32_t turn = (int32_t)(queue->dispatch_count - queue->write_turn);

	if (has_writes && turn >= 0) {
		if (turn >= WRITE_BATCH)
			queue->write_turn = queue->dispatch_count + WRITE_PATIENCE;
		return take(queue, BLOCK_WRITE);
	}
	if (list_is_empty(&queue->by_age[BLOCK_READ]))
		return take(queue, BLOCK_WRITE);
	return take(queue, BLOCK_READ);
}

/* The flush at the head of `held`, if its turn has come; then what it held back may go, too. */
static struct block_request *take_flush(struct block_queue *queue)
{
	struct block_request *flush =
		list_first_entry(&queue->held, struct block_request, age_node);
	struct block_request *next;

	if (!flush || queue->flush_in_flight || queue->writes_in_flight != 0 ||
	    !list_is_empty(&queue->by_age[BLOCK_WRITE]))
		return NULL;
	list_remove(&flush->age_node);
	while ((next = list_first_entry(&queue->held, struct block_request, age_node)) != NULL &&
	       next->operation == BLOCK_WRITE) {
		list_remove(&next->age_node);
		enter(queue, next);
	}
	return flush;
}

/*
 * Give the device as much as it takes. A disk without a cache of its own has nothing to flush: what
 * is done is on the medium, and flushes whose turn has come go to `flushed`. Locks: queue.lock.
 */
static void dispatch(struct block_device *disk, struct list *flushed)
{
	struct block_queue *queue = &disk->queue;

	spin_assert_held(&queue->lock);
	while (queue->in_flight < disk->depth) {
		struct block_request *request = take_flush(queue);

		if (!request)
			request = take_read_or_write(queue);
		if (!request)
			return;
		if (request->operation == BLOCK_FLUSH && !disk->has_write_cache) {
			list_add_tail(flushed, &request->age_node);
			continue;
		}
		queue->in_flight++;
		queue->dispatch_count++;
		if (request->operation == BLOCK_WRITE)
			queue->writes_in_flight++;
		if (request->operation == BLOCK_FLUSH)
			queue->flush_in_flight = true;
		disk->ops->submit(disk, request);
	}
}

/* Without the lock: the flushes that dispatch() has taken out. */
static void finish_flushes(struct list *flushed)
{
	struct block_request *request;

	while ((request = list_first_entry(flushed, struct block_request, age_node))) {
		list_remove(&request->age_node);
		request->error = 0;
		request->done(request);
	}
}

static void count_request(struct block_device *device, const struct block_request *request)
{
	bool is_write = request->operation == BLOCK_WRITE;

	if (request->operation == BLOCK_FLUSH)
		return;
	atomic_fetch_add_explicit(is_write ? &device->writes : &device->reads, 1,
				  memory_order_relaxed);
	atomic_fetch_add_explicit(is_write ? &device->sectors_written : &device->sectors_read,
				  request->sector_count, memory_order_relaxed);
}

/* Locks: queue.lock. */
static bool is_within_device(const struct block_request *request)
{
	const struct block_device *device = request->device;

	return request->sector <= device->sector_count &&
	       request->sector_count <= device->sector_count - request->sector;
}

/* Where a new request waits. Locks: queue.lock. */
static void put_in(struct block_queue *queue, struct block_request *request)
{
	if (request->operation == BLOCK_FLUSH ||
	    (request->operation == BLOCK_WRITE && !list_is_empty(&queue->held)))
		list_add_tail(&queue->held, &request->age_node);
	else
		enter(queue, request);
}

void block_submit(struct block_request *request)
{
	struct block_device *device = request->device;
	struct block_device *disk = device->whole;
	struct list flushed = LIST_INIT(flushed);
	bool is_right = true;
	irq_flags flags;

	request->doomed = request->operation != BLOCK_FLUSH &&
			  (failpoint_should_fail(FAILPOINT_BLOCK_IO) || block_fail_wants(request));
	count_request(device, request);
	if (request->operation == BLOCK_READ)
		thread_current()->io.disk_read_size += (uint64_t)request->sector_count
						       << SECTOR_SHIFT;
	if (device != disk)
		count_request(disk, request);
	flags = spin_lock_irq(&disk->queue.lock);
	if (device != disk) {
		is_right = is_within_device(request);
		request->sector += device->start_sector;
		request->device = disk;
	}
	is_right = is_right && is_within_device(request) &&
		   (request->operation != BLOCK_WRITE || !disk->read_only);
	if (is_right) {
		put_in(&disk->queue, request);
		dispatch(disk, &flushed);
	}
	spin_unlock_irq(&disk->queue.lock, flags);
	finish_flushes(&flushed);
	if (unlikely(!is_right)) {
		request->error = -EIO;
		request->done(request);
	}
}

/* Bookkeeping of a request that the device is done with. False: it goes round once more. */
static bool settle(struct block_device *disk, struct block_request *request, int error)
{
	struct block_queue *queue = &disk->queue;

	queue->in_flight--;
	if (request->operation == BLOCK_WRITE)
		queue->writes_in_flight--;
	if (request->operation == BLOCK_FLUSH)
		queue->flush_in_flight = false;
	if (error && !request->retried && !request->doomed) {
		request->retried = true;
	} else if (!error && request->operation == BLOCK_WRITE && request->force_unit_access &&
		   disk->has_write_cache && !disk->has_forced_writes) {
		request->operation = BLOCK_FLUSH;
		request->flushing = true;
		request->retried = false;
	} else {
		if (request->flushing)
			request->operation = BLOCK_WRITE;
		return true;
	}
	/* A flush that failed, or that a forced write has become, goes before what is held. */
	if (request->operation == BLOCK_FLUSH)
		list_add_head(&queue->held, &request->age_node);
	else
		enter(queue, request);
	return false;
}

void block_request_complete(struct block_request *request, int error)
{
	struct block_device *disk = request->device;
	struct list flushed = LIST_INIT(flushed);
	irq_flags flags;
	bool finished;

	if (unlikely(request->doomed))
		error = -EIO;
	flags = spin_lock_irq(&disk->queue.lock);
	finished = settle(disk, request, error);
	dispatch(disk, &flushed);
	spin_unlock_irq(&disk->queue.lock, flags);
	finish_flushes(&flushed);
	if (!finished)
		return;
	if (unlikely(error))
		printk(LOG_ERROR, "%s: %s failed at sector %llu, %u sectors", disk->name,
		       request->operation == BLOCK_READ	   ? "read" :
		       request->operation == BLOCK_WRITE ? "write" : "flush",
		       (unsigned long long)request->sector, request->sector_count);
	request->error = error;
	request->done(request);
}

static void wake_waiter(struct block_request *request)
{
	completion_complete(request->private);
}

/* Submit, wait, free; the request's error. */
static int submit_and_wait(struct block_request *request)
{
	struct completion completion;
	int error;

	completion_init(&completion);
	request->done = wake_waiter;
	request->private = &completion;
	block_submit(request);
	completion_wait(&completion);
	error = request->error;
	block_request_free(request);
	return error;
}

int block_transfer(struct block_device *device, enum block_operation operation, uint64_t sector,
		   struct page_frame *frame, size_t offset, size_t size)
{
	struct block_request *request = block_request_alloc(device, 0);

	assert(offset + size <= PAGE_SIZE && (offset | size) % SECTOR_SIZE == 0 && size > 0);
	request->operation = operation;
	request->sector = sector;
	request->sector_count = (uint32_t)(size >> SECTOR_SHIFT);
	request->segments[0] = (struct block_segment){
		.frame = frame, .offset = (uint16_t)offset, .size = (uint16_t)size,
	};
	request->segment_count = 1;
	return submit_and_wait(request);
}

int block_flush(struct block_device *device)
{
	struct block_request *request = block_request_alloc(device, 0);

	request->operation = BLOCK_FLUSH;
	return submit_and_wait(request);
}

/*
 * Writeback: what was written to memory reaches the disk, in the background or when asked for.
 *
 * Writing a range. page_cache_start_writing turns a run of dirty frames, side by side in the file,
 * into WRITING ones. Then every mapping of them loses its write permission (reverse_map.c): from
 * there on a write faults and marks the frame dirty anew, and the bytes that go out are those of
 * one moment as far as memory mappings are concerned. The order matters: first the mark goes, then
 * the permission, then the I/O begins; a write in between is either in what goes out or finds its
 * way to a new mark.
 *
 * Background. One thread calls the registered clients (mounted file systems, disks) to write what
 * is older than DIRTY_AGE, every DIRTY_INTERVAL, as long as anything is dirty or was reported
 * within the last age. With nothing dirty it sleeps for good: an idle machine halts. Under pressure
 * (too much dirty, or reclaim in need) it writes everything at once.
 *
 * Throttle. A writer that dirties faster than the disk can take sleeps until writing has made
 * progress, when dirty memory exceeds a fifth of all memory. It holds its inode's lock then, which
 * the writing thread does not need. A thread that carries out others' writing (of a loop device) is
 * not slowed down: less would be dirty only when it has gone on.
 *
 * Locks. The client list has a mutex, never held during a call: a client in use is counted, and
 * unregistering waits for the count.
 */
#include "vm/writeback.h"
#include "core/assert.h"
#include "core/panic.h"
#include "lib/min_max.h"
#include "sched/clock.h"
#include "sched/mutex.h"
#include "sched/wait_queue.h"
#include "uapi/linux/errno.h"
#include "vm/internal.h"

enum {
	RUN_MAX = 64,		/* pages in one call of ops->write */
	WRITE_TRIES = 8,	/* against others who postpone what we wait for */
};

#define MILLISECOND	UINT64_C(1000000)
#define DIRTY_INTERVAL	(2000 * MILLISECOND)	/* between rounds */
#define DIRTY_AGE	(5000 * MILLISECOND)	/* how old data may become before it is written */
#define THROTTLE_LIMIT	(200 * MILLISECOND)	/* the longest sleep of a writer for one page */

/* ---- one cache ---- */

static uint32_t frame_index(const struct page_frame *frame)
{
	return frame->index;
}

/* `count` WRITING frames, to the file system. PAGE_CACHE_POSTPONED and errors as ops->write. */
static int write_run(struct page_cache *cache, struct page_frame **frames, unsigned int count)
{
	int error;

	/*
	 * Bytes behind the end, which a mapping may have written, go out with the last page. They
	 * must not be cleared here: a write() that is about to move the end may have just put them
	 * there. Whoever moves the end clears the gap, and whoever reads the page from the disk
	 * what is behind the end.
	 */
	for (unsigned int i = 0; i < count; i++)
		(void)vm_clean_cache_page(cache, frame_index(frames[i]));
	error = cache->ops->write(cache, frames, count);
	if (error >= 0)
		return error;
	for (unsigned int i = 0; i < count; i++) {
		/* Short of memory is no verdict on the disk: try again later. */
		if (error == -ENOMEM || error == -EAGAIN) {
			page_cache_postpone(cache, frames[i]);
			page_cache_write_done(frames[i], 0);
		} else {
			page_cache_write_done(frames[i], error);
		}
	}
	return error;
}

/* Until nothing of [first, end) is on its way. */
static void wait_for_writing(struct page_cache *cache, uint32_t first, uint32_t end)
{
	while (first < end) {
		struct page_frame *frame = page_cache_find_writing(cache, &first, end);

		if (!frame)
			return;
		(void)page_cache_wait(frame, FRAME_WRITING, false);
		page_frame_put(frame);
		first++;
	}
}

/*
 * Start to write what is dirty in [first, end), and what is written over while on its way once
 * more: at once from `patient_from` on. -ENOMEM: some of it still is dirty; so says *is_left also
 * with another error.
 */
static int write_range(struct page_cache *cache, uint32_t first, uint32_t end,
		       uint32_t patient_from, bool *is_left)
{
	struct page_frame *frames[RUN_MAX];
	uint32_t index = first;
	int result = 0;

	*is_left = false;
	while (index < end) {
		unsigned int count = page_cache_start_writing(cache, &index, end, frames, RUN_MAX);
		int error;

		if (count == 0)
			break;
		if (count == UINT32_MAX) {
			/*
			 * Written to while on its way. A background pass leaves it for the next
			 * round.
			 */
			if (index >= patient_from)
				(void)page_cache_wait(frames[0], FRAME_WRITING, false);
			else
				index++;
			page_frame_put(frames[0]);
			continue;
		}
		error = write_run(cache, frames, count);
		*is_left |= error == PAGE_CACHE_POSTPONED || error == -ENOMEM || error == -EAGAIN;
		if (error < 0 && !result)
			result = error;
		if (error == -ENOMEM)
			break;
		index += count;
	}
	return !result && *is_left ? -ENOMEM : result;
}

/*
 * The same as a pass. Where order matters it begins with the first page that the disk does not know
 * of, and goes no further than to the end as it is now: a page that has become dirty once more
 * behind our back, by a write that goes on behind that end, must not come after what follows it.
 */
static int write_dirty(struct page_cache *cache, uint32_t first, uint32_t end, bool wait)
{
	uint32_t ordered_from, patient_from = wait ? 0 : UINT32_MAX;
	struct page_cache_pass pass;
	bool is_left;
	int result;

	if (!cache->ops->begin_pass)
		return write_range(cache, first, end, patient_from, &is_left);
	ordered_from = cache->ops->begin_pass(cache, &pass);
	result = write_range(cache, min(first, ordered_from), end,
			     min(patient_from, ordered_from), &is_left);
	cache->ops->end_pass(cache, is_left ? 0 : (uint64_t)end << PAGE_SHIFT);
	page_cache_forget_pass(cache, &pass);
	return result;
}

int page_cache_write_back(struct page_cache *cache, uint32_t first, uint32_t end, bool wait)
{
	unsigned int tries = 0, postponed;
	bool is_behind;
	int result;

	if (!cache->ops->write)
		return 0;
	/*
	 * What was on its way when we came is waited for, but whoever sent it may have had to
	 * postpone it: then it is dirty again, behind our back, and ours to write.
	 */
	do {
		postponed = atomic_load_explicit(&cache->postponed, memory_order_acquire);
		result = write_dirty(cache, first, end, wait);
		if (wait)
			wait_for_writing(cache, first, end);
		is_behind = wait && !result &&
			    atomic_load_explicit(&cache->postponed, memory_order_acquire) !=
				    postponed;
	} while (is_behind && ++tries < WRITE_TRIES);
	if (is_behind)
		result = -ENOMEM;
	if (wait && !result)
		result = atomic_load(&cache->error);
	return result;
}

/* ---- the background ---- */

static struct mutex clients_mutex;
static struct list clients;			/* [clients_mutex] */
static _Atomic(struct writeback_client *) in_use; /* [a] being called; set under clients_mutex */
static struct wait_queue in_use_queue;
static struct wait_queue work_queue;		/* the thread sleeps here */
static struct wait_queue progress_queue;	/* throttled writers and reclaimers */
static atomic_uint progress;			/* transfers finished */
static atomic_bool is_kicked, is_urgent;
static struct thread *writer;			/* [I] after boot */
static size_t dirty_limit;			/* pages; [I] after boot */

void writeback_register(struct writeback_client *client)
{
	mutex_lock(&clients_mutex);
	list_node_init(&client->node);
	list_add_tail(&clients, &client->node);
	mutex_unlock(&clients_mutex);
}

void writeback_unregister(struct writeback_client *client)
{
	mutex_lock(&clients_mutex);
	list_remove(&client->node);
	mutex_unlock(&clients_mutex);
	wait_event(&in_use_queue, atomic_load(&in_use) != client);
}

void writeback_kick(void)
{
	if (!atomic_exchange(&is_kicked, true))
		wait_queue_wake_all(&work_queue, 0);
}

void writeback_urgent(void)
{
	if (!atomic_exchange(&is_urgent, true))
		wait_queue_wake_all(&work_queue, 0);
}

void writeback_made_progress(void)
{
	/* Sequential: either the sleeper sees the count, or we see the sleeper. */
	atomic_fetch_add(&progress, 1);
	if (!wait_queue_is_empty(&progress_queue))
		wait_queue_wake_all(&progress_queue, 0);
}

void writeback_wait_progress(uint64_t limit_ns)
{
	unsigned int seen = atomic_load(&progress);

	(void)WAIT_EVENT(&progress_queue, atomic_load(&progress) != seen, THREAD_SLEEPING_KILLABLE,
			 clock_monotonic_ns() + limit_ns);
}

bool writeback_is_pressing(void)
{
	return page_cache_dirty_total() > dirty_limit;
}

void writeback_serve(void)
{
	thread_current()->serves_writeback = true;
}

void writeback_throttle(void)
{
	if (likely(!writeback_is_pressing()) || thread_current()->serves_writeback)
		return;
	writeback_urgent();
	writeback_wait_progress(THROTTLE_LIMIT);
}

/* Call every client once. One that unregisters meanwhile ends the round. */
static void run_clients(uint64_t age_ns)
{
	struct writeback_client *client;

	mutex_lock(&clients_mutex);
	client = list_first_entry(&clients, struct writeback_client, node);
	while (client) {
		struct writeback_client *next = NULL;

		atomic_store(&in_use, client);
		mutex_unlock(&clients_mutex);
		(void)client->write_back(client, age_ns, false);
		mutex_lock(&clients_mutex);
		if (list_node_is_linked(&client->node))
			next = list_next_entry(&clients, client, node);
		atomic_store(&in_use, NULL);
		wait_queue_wake_all(&in_use_queue, 0);
		client = next;
	}
	mutex_unlock(&clients_mutex);
}

static void writeback_thread(void *argument)
{
	uint64_t last_kick = 0;

	(void)argument;
	for (;;) {
		uint64_t now = clock_monotonic_ns();
		bool is_work_left = page_cache_dirty_total() > 0 ||
				    (last_kick && now < last_kick + DIRTY_AGE + DIRTY_INTERVAL);
		uint64_t deadline = is_work_left ? now + DIRTY_INTERVAL : WAIT_FOREVER;

		(void)WAIT_EVENT(&work_queue,
				 atomic_load(&is_urgent) ||
					 (!is_work_left && atomic_load(&is_kicked)),
				 THREAD_SLEEPING, deadline);
		if (atomic_exchange(&is_kicked, false))
			last_kick = clock_monotonic_ns();
		if (atomic_exchange(&is_urgent, false))
			run_clients(0);
		else if (is_work_left)
			run_clients(DIRTY_AGE);
	}
}

bool writeback_is_thread(const struct thread *thread)
{
	return thread == writer;
}

void writeback_init(void)
{
	struct thread *thread;

	dirty_limit = vm_total_pages() / 5;
	reclaim_start();
	thread = thread_create_kernel("writeback", writeback_thread, NULL);
	if (!thread)
		panic("no memory for the writeback thread");
	writer = thread;
	thread_start(thread);
}

void writeback_setup(void)
{
	mutex_init(&clients_mutex, LOCK_RANK_SLEEPING_LEAF, "writeback clients");
	list_init(&clients);
	wait_queue_init(&in_use_queue);
	wait_queue_init(&work_queue);
	wait_queue_init(&progress_queue);
	dirty_limit = SIZE_MAX;	/* until the thread is there */
}

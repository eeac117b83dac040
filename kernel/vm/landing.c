/*
 * Landings: one copy in place of two.
 *
 * A pipe or a stream copies what is written to frames of its own, and from there to the reader. But
 * a reader that sleeps because there is nothing yet has said already where it is to go. So he
 * leaves a landing at the pipe, and a writer that comes with many bytes copies them straight into
 * the reader's pages; what does not fit, or finds no page, goes the usual way behind them.
 *
 * Only a page that the reader could write to at that moment without a fault, and has written to
 * before (its entry is dirty), takes bytes. So nothing is faulted in on another's behalf, nothing
 * new is accounted or becomes dirty, and whether the reader may write there at all is never asked
 * here: if he may not, he finds out when he copies from the pipe.
 *
 * A page is written under the lock of its page table, with the space's lock held shared, as if the
 * reader had done it: what unmaps or protects the page, shares it by fork or lets a file have it
 * back comes before or after. The writer's own memory must not be faulted in meanwhile; where it is
 * not there the copy stops, all locks are dropped, the page is faulted in, and it goes on. The
 * space's lock is only tried: a writer waits for no mmap of the reader's, and two threads of one
 * space meet each other's landings without harm.
 *
 * A pipe keeps others out until what is left of a write lies in its ring. A socket does not, so it
 * takes a message whole or not at all; then the buffer may have been written to behind the bytes
 * that read() tells of.
 *
 * Who owns the landing (a pipe, a socket) has a mutex under which writers fill it. The reader wakes
 * for whatever reason, takes the mutex, and takes his landing back: from then on nobody writes to
 * it. So it lies on his stack, and neither signals nor his death need more care.
 */
#include "vm/landing.h"
#include "lib/min_max.h"
#include "sched/thread.h"
#include "vm/internal.h"
#include "vm/page_table.h"

_Static_assert(LANDING_MIN == PAGE_SIZE, "a landing has room for a page");

/* What an entry has under which the reader could write, and has written. */
#define READY (MMU_PRESENT | MMU_USER | MMU_WRITE | MMU_DIRTY)

void landing_init(struct landing *landing, const struct io_buffer *buffer)
{
	landing->space = container_of(thread_current()->mmu, struct address_space, mmu);
	landing->address = buffer->address;
	landing->room = min(buffer->size, buffer->remaining);
	atomic_init(&landing->filled, 0);
}

static inline bool is_ready(mmu_entry entry)
{
	return (entry & (READY | MMU_SOFT_DEVICE)) == READY;
}

/*
 * What goes into one page, without faults. Less than `size` was moved: *reader_is_ready says whose
 * page was not there, the writer's or the reader's. Locks: the reader's space->lock.
 */
static size_t fill_page(const struct landing *landing, struct io_buffer *buffer, size_t size,
			bool *reader_is_ready)
{
	struct page_frame *table = page_table_find_private(landing->space, landing->address);
	mmu_entry entry;
	size_t done = 0;

	*reader_is_ready = false;
	if (unlikely(!table))
		return 0;
	page_table_lock(table);
	entry = mmu_entry_read(page_table_entry(table, landing->address));
	*reader_is_ready = is_ready(entry);
	if (likely(*reader_is_ready))
		done = io_buffer_get_frame_once(buffer, page_frame_of(mmu_entry_frame(entry)),
						landing->address % PAGE_SIZE, size);
	page_table_unlock(table);
	return done;
}

/* So many bytes more have come, or fewer. */
static inline void advance(struct landing *landing, size_t size)
{
	landing->address += size;
	landing->room -= size;
	atomic_store_explicit(&landing->filled, landing_filled(landing) + size,
			      memory_order_relaxed);
}

/*
 * As far as it goes without faults; *left counts down. True: only a page of the writer's was
 * missing.
 */
static bool fill_pages(struct landing *landing, struct io_buffer *buffer, size_t *left)
{
	bool reader_is_ready = true;

	if (!rwlock_try_read_lock(&landing->space->lock))
		return false;
	while (*left > 0) {
		size_t page_rest = PAGE_SIZE - landing->address % PAGE_SIZE;
		size_t size = min(*left, page_rest);
		size_t done = fill_page(landing, buffer, size, &reader_is_ready);

		advance(landing, done);
		*left -= done;
		if (done < size)
			break;
	}
	rwlock_read_unlock(&landing->space->lock);
	return reader_is_ready;
}

size_t landing_fill(struct landing *landing, struct io_buffer *buffer, size_t size)
{
	size_t wanted = min(size, landing->room);
	size_t left = wanted;

	while (left > 0 && fill_pages(landing, buffer, &left)) {
		if (unlikely(left > 0) && io_buffer_fault_in(buffer))
			break;
	}
	return wanted - left;
}

bool landing_fill_whole(struct landing *landing, struct io_buffer *buffer, size_t size)
{
	struct io_buffer before = *buffer;
	size_t done = size <= landing->room ? landing_fill(landing, buffer, size) : 0;

	if (likely(done == size))
		return true;
	/* What has been written there is not told of: unsigned arithmetic wraps back. */
	advance(landing, -done);
	*buffer = before;
	return false;
}

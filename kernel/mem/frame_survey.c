/*
 * What /proc/meminfo and /proc/vmstat tell of the frames of the page cache and nobody counts
 * otherwise: counting at each use would cost more than looking at all descriptors now and then.
 */
#include "mem/frame_survey.h"

#include "mem/page_frame.h"

/* One reference is the cache's; further ones are page-table entries, and calls that pass. */
static void look_at(const struct page_frame *frame, struct frame_survey *survey)
{
	unsigned int flags = atomic_load_explicit(&frame->flags, memory_order_relaxed);

	if (atomic_load_explicit(&frame->kind, memory_order_relaxed) != FRAME_PAGE_CACHE)
		return;
	survey->mapped += page_frame_references(frame) > 1;
	survey->referenced += (flags & FRAME_REFERENCED) != 0;
}

void frame_survey(struct frame_survey *out)
{
	frame_number limit = page_frame_limit();

	*out = (struct frame_survey){ 0 };
	for (frame_number number = 0; number < limit; number++)
		look_at(page_frame_of(number), out);
}

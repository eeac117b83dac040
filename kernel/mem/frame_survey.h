/*
 * A look at every frame of the page cache, for /proc: others go on meanwhile, so the numbers are
 * right only at rest.
 */
#pragma once
#include <stddef.h>

struct frame_survey {
	size_t mapped;	   /* into some address space */
	size_t referenced; /* used since the clock hand passed */
};
/* Takes microseconds for each thousand frames of memory; preemptible, no locks. */
void frame_survey(struct frame_survey *out);

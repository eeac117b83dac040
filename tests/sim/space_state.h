/*
 * The memory model's own state, for its three files: space_calls.c, space_access.c and
 * space_objects.c. The theory is in space_access.c.
 */
#pragma once
#include "space_model.h"

/* The bytes of a page that are written at all. */
struct content {
	uint8_t values[SLOTS];
	uint16_t vague;			/* a bit each: anything may be there */
};

enum copy_state { COPY_NONE, COPY_UNSURE, COPY_MADE };

struct page {
	struct page_identity is;
	struct page_identity next;	/* what a call makes of it, while PAGE_CHANGES */
	uint8_t copy;			/* enum copy_state, of private pages of an object */
	uint8_t busy;			/* enum page_busy; then a call has it */
	uint8_t writers;		/* stores whose faults are under way */
	uint16_t raced;			/* slots stored to while PAGE_CHANGES */
	uint64_t changed;		/* when a call began or ended last */
	struct content content;		/* unless it shows an object */
};

struct space {
	bool is_claimed;		/* all of it */
	unsigned int claims;		/* pages claimed one by one */
	unsigned int heap_pages;	/* from page 0 on, says brk */
	struct space *child;		/* being made */
	uint32_t used;			/* a bit for each chunk of pages that were ever mapped */
	struct page pages[ARENA_PAGES];
};

enum { CHUNK_PAGES = ARENA_PAGES / 32 };

static inline bool is_used(const struct space *space, unsigned int page)
{
	return space->used >> page / CHUNK_PAGES & 1;
}

struct object_page {
	struct content content;
	bool is_busy;			/* a write() is under way there */
	uint16_t raced;			/* slots stored to while it is, or the file is resized */
	uint64_t changed;		/* last, by a store or a call */
};

/* A file, or shared memory without a name. */
struct object {
	uint32_t size;			/* bytes */
	bool is_claimed;		/* by a call on the file */
	bool is_resized;		/* now */
	unsigned int references;	/* pages that map it */
	uint64_t changed;		/* when its size last did, or began to */
	struct object_page pages[OBJECT_PAGES];
};

extern struct space space_models[SPACES];
extern struct object object_models[OBJECTS];
extern uint64_t model_now;		/* moves on with each change */

const char *complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline bool is_private_of_object(const struct page *page)
{
	return page->is.object && !(page->is.flags & PAGE_SHARED);
}

static inline struct object *object_of(struct page_identity is)
{
	return is.object ? &object_models[is.object - 1] : NULL;
}

/* NULL behind the end of any file, too. */
static inline struct object_page *object_page_of(struct page_identity is)
{
	return is.object && is.index < OBJECT_PAGES ? &object_of(is)->pages[is.index] : NULL;
}

static inline unsigned int object_end(const struct object *object)
{
	return (object->size + 4095) / 4096;
}

/* A page begins anew: zeros, or what its object has. */
void page_begin(struct page *page);
